"""Accounts of those who do more than ask, and their sessions.

Passwords are kept as argon2id hashes, session keys as SHA-256 digests. A name that does not exist costs a guesser the same time
as one that does.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from rag.errors import RecordError
from rag.records import tables
from rag.records.audit import note
from rag.records.database import Database
from rag.roles import Role
from rag.text import clean, slug

MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 12, 200
MAX_FAILURES, LOCKED_FOR = 5, timedelta(minutes=15)
SESSION = timedelta(hours=10)
# OWASP's second recommendation for argon2id (19 MiB, two passes, one lane): 20 ms here, so that a rush of sign-ins leaves memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash(secrets.token_urlsafe())
# What is read out over a telephone: no letters or digits that look alike.
_SPOKEN = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class User:
    """An account. `name` signs in, `shown` is what others read, `locality_id` None is everywhere."""

    id: int
    name: str
    shown: str
    role: Role
    locality_id: str | None
    must_change: bool
    disabled: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user; `token` must come with every form."""

    user: User
    token: str


class Accounts:
    """The accounts of an open database. `who` is the name of the one who decides, for the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, name: str, shown: str, role: Role, locality_id: str | None = None) -> tuple[User, str]:
        """Make an account; return it with its first password, which must be changed. Raises RecordError."""
        name, password = account_name(name), _first_password()
        row = _new(name, shown or name, role, locality_id) | {"password": _HASHER.hash(password), "must_change": True}
        with self._database.writing() as connection:
            if _row(connection, tables.users.c.name == name):
                raise RecordError(f"there is an account {name!r} already")
            connection.execute(sa.insert(tables.users), row)
            note(connection, who, "user-added", name, role=role.value, locality=locality_id)
            return _user(_row(connection, tables.users.c.name == name)), password

    def all(self) -> list[User]:
        """Return every account, by name."""
        with self._database.reading() as connection:
            return [_user(row) for row in connection.execute(sa.select(tables.users).order_by(tables.users.c.name))]

    def get(self, name: str) -> User:
        """Return an account. Raises RecordError."""
        with self._database.reading() as connection:
            return _user(_known(connection, name))

    def change(
        self, who: str, name: str, role: Role | None = None, locality_id: str | None = None, disabled: bool | None = None
    ) -> User:  # fmt: skip
        """Change what an account may do, where ("" is everywhere), or whether it may at all; its sessions end. Raises RecordError."""
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = role.value
        if locality_id is not None:
            values["locality_id"] = locality_id or None
        if disabled is not None:
            values["disabled_at"] = datetime.now(UTC) if disabled else None
        with self._database.writing() as connection:
            user = _user(_known(connection, name))
            _keep_an_admin(connection, user, role, disabled)
            _update(connection, user.id, values)
            _end_sessions(connection, user.id)
            note(connection, who, "user-changed", user.name, role=role, locality=locality_id, disabled=disabled)
            return _user(_known(connection, name))

    def reset(self, who: str, name: str) -> str:
        """Return a new first password for an account, and lift its lock; its sessions end. Raises RecordError."""
        password = _first_password()
        with self._database.writing() as connection:
            user = _user(_known(connection, name))
            fresh = {"password": _HASHER.hash(password), "must_change": True, "failures": 0, "locked_until": None}
            _update(connection, user.id, fresh)
            _end_sessions(connection, user.id)
            note(connection, who, "password-reset", user.name)
        return password

    def check(self, name: str, password: str) -> User | None:
        """Return whose name and password these are, or None: wrong, locked or disabled. Five failures lock for 15 minutes."""
        now = datetime.now(UTC)
        with self._database.reading() as connection:
            row = _row(connection, tables.users.c.name == name.strip().lower())
        right = _matches(row.password if row and row.password else _NOBODY, password)
        if row is None or row.disabled_at:
            return None
        with self._database.writing() as connection:
            row = _row(connection, tables.users.c.id == row.id)  # another guess may have been counted meanwhile
            if row is None or (row.locked_until and row.locked_until > now):
                return None
            failures = 0 if right else row.failures + 1
            locked = now + LOCKED_FOR if failures >= MAX_FAILURES else None
            _update(connection, row.id, {"failures": 0 if locked else failures, "locked_until": locked})
            if locked:
                note(connection, row.name, "locked", row.name)
            return _user(row) if right else None

    def locked(self, name: str) -> bool:
        """Tell whether an account is locked after repeated failures."""
        with self._database.reading() as connection:
            row = _row(connection, tables.users.c.name == name.strip().lower())
        return bool(row and row.locked_until and row.locked_until > datetime.now(UTC))

    def set_password(self, user: User, password: str) -> None:
        """Give an account the password that its user chose; every session of it ends. Raises RecordError."""
        with self._database.writing() as connection:
            _update(connection, user.id, {"password": _HASHER.hash(password), "must_change": False})
            _end_sessions(connection, user.id)
            note(connection, user.name, "password-changed", user.name)

    def identified(self, identity: str, shown: str) -> User | None:
        """Return the account of an OpenID identity, a learner's made for a new one; None for a disabled one."""
        identity = _digest(identity)
        name = f"oidc-{identity[:12]}"
        with self._database.writing() as connection:
            row = _row(connection, tables.users.c.identity == identity)
            if row is None:
                values = _new(name, shown or name, Role.LEARNER, None) | {"identity": identity}
                connection.execute(sa.insert(tables.users), values)
                note(connection, name, "user-added", name, role=Role.LEARNER.value)
                row = _row(connection, tables.users.c.identity == identity)
            return None if row is None or row.disabled_at else _user(row)

    def sign_in(self, user: User) -> str:
        """Begin a session; return its key, which nobody else has ever seen."""
        key, now = secrets.token_urlsafe(32), datetime.now(UTC)
        row = {"digest": _digest(key), "user_id": user.id, "token": secrets.token_urlsafe(24), "until": now + SESSION}
        with self._database.writing() as connection:
            connection.execute(sa.delete(tables.sessions).where(tables.sessions.c.until < now))
            connection.execute(sa.insert(tables.sessions), row)
            note(connection, user.name, "signed-in")
        return key

    def session(self, key: str | None) -> Session | None:
        """Return the session of a cookie's key, if it is still good."""
        if not key:
            return None
        query = (
            sa.select(tables.users, tables.sessions.c.token)
            .join(tables.sessions, tables.sessions.c.user_id == tables.users.c.id)
            .where(tables.sessions.c.digest == _digest(key), tables.sessions.c.until > datetime.now(UTC))
            .where(tables.users.c.disabled_at.is_(None))
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return Session(_user(row), row.token) if row else None

    def sign_out(self, key: str | None) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(tables.sessions).where(tables.sessions.c.digest == _digest(key or "")))


def account_name(name: str) -> str:
    """Return a name as accounts have it: "Lê Na" → "le-na". Raises RecordError for one without a letter or digit."""
    if made := slug(name)[:60]:
        return made
    raise RecordError("an account's name needs a letter or a digit")


def password_faults(password: str, user: User) -> list[str]:
    """Return in Vietnamese what is wrong with a password that somebody chooses; [] when it will do."""
    faults = []
    if len(password) < MIN_PASSWORD_CHARS:
        faults.append(f"Mật khẩu cần ít nhất {MIN_PASSWORD_CHARS} ký tự.")
    if len(password) > MAX_PASSWORD_CHARS:
        faults.append(f"Mật khẩu dài quá, tối đa {MAX_PASSWORD_CHARS} ký tự.")
    if len(set(password)) < 5:
        faults.append("Mật khẩu cần nhiều ký tự khác nhau hơn.")
    if user.name in password.lower():
        faults.append("Mật khẩu không được chứa tên đăng nhập.")
    return faults


def _new(name: str, shown: str, role: Role, locality_id: str | None) -> dict[str, object]:
    return {
        "name": name, "shown": " ".join(clean(shown).split())[:80] or name, "role": role.value, "locality_id": locality_id,
        "must_change": False, "failures": 0, "created_at": datetime.now(UTC),
    }  # fmt: skip


def _first_password() -> str:
    return "-".join("".join(secrets.choice(_SPOKEN) for _ in range(4)) for _ in range(4))


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password[: MAX_PASSWORD_CHARS + 1])
    except VerificationError:
        return False


def _row(connection: sa.Connection, where: sa.ColumnElement[bool]) -> sa.Row | None:
    return connection.execute(sa.select(tables.users).where(where)).first()


def _known(connection: sa.Connection, name: str) -> sa.Row:
    if row := _row(connection, tables.users.c.name == name.strip().lower()):
        return row
    raise RecordError(f"there is no account {name!r}; see: binhdan users list")


def _user(row: sa.Row | None) -> User:
    if row is None:
        raise RecordError("the account has gone")
    return User(row.id, row.name, row.shown, Role(row.role), row.locality_id, row.must_change, bool(row.disabled_at))


def _update(connection: sa.Connection, user_id: int, values: dict[str, object]) -> None:
    if values:
        connection.execute(sa.update(tables.users).where(tables.users.c.id == user_id).values(values))


def _end_sessions(connection: sa.Connection, user_id: int) -> None:
    connection.execute(sa.delete(tables.sessions).where(tables.sessions.c.user_id == user_id))


def _keep_an_admin(connection: sa.Connection, user: User, role: Role | None, disabled: bool | None) -> None:
    """Refuse a change that would leave nobody to undo it."""
    if user.role is not Role.ADMIN or user.disabled or (role in (None, Role.ADMIN) and not disabled):
        return
    users = tables.users.c
    others = sa.select(users.id).where(users.role == "admin", users.disabled_at.is_(None), users.id != user.id)
    if connection.execute(others).first() is None:
        raise RecordError(f"{user.name!r} is the last administrator; make another one first")
