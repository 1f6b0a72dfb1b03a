"""Classes that a trainer holds: who is in them, what they ask, and their end, which leaves whole numbers only.

A learner is a number in a class and nothing else; of the key in the learner's cookie only the SHA-256 is stored.
"""

import re
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Literal

import sqlalchemy as sa

from rag.answers import AnswerStatus, status_group
from rag.errors import ClassEndedError, RecordError
from rag.records import tables
from rag.records.accounts import User
from rag.records.audit import note
from rag.records.database import Database
from rag.records.localities import Localities
from rag.records.movement import Audience, count
from rag.roles import Role
from rag.text import clean, fold

MAX_MEMBERS = 60
OPEN_FOR = timedelta(hours=24)
# Read from a projector and typed on a phone: none of these looks or sounds like another. 21⁶ codes, of which a few are in use.
_LETTERS = "ACDEFHJKMNPRTWXY34679"
_CODE_CHARS = 6
_SEAT = re.compile(rf"([{_LETTERS}]{{{_CODE_CHARS}}})(?:BAN|SO)?([0-9]{{1,2}})")  # the class's page says "Bạn 5"
_SHOWN = 300

Kind = Literal["guide", "practice", "steps", "lesson"]


class Refusal(StrEnum):
    """Why somebody cannot join."""

    UNKNOWN = "unknown"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Push:
    """What the trainer put before the whole class: a guide, its practice sheet or steps, or the lesson whose id `guide_id` then is."""

    kind: Kind
    guide_id: str


@dataclass(frozen=True, slots=True)
class Classroom:
    """A class; `code` is None once it has ended, `place` is its locality's name or ""."""

    id: int
    code: str | None
    trainer_id: int
    locality_id: str | None
    place: str
    audience: Audience
    held_on: date
    pushed: Push | None


@dataclass(frozen=True, slots=True)
class Member:
    """A learner in an open class: a number from 1, whether stuck, and the guides that were pushed and done."""

    id: int
    number: int
    classroom: Classroom
    stuck: bool
    finished: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a class (masked), who asked it, and what came of it; `helpful` None is no feedback."""

    answer_id: str
    number: int
    at: datetime
    question: str
    status: AnswerStatus
    level: str
    mode: str
    guide_id: str | None
    helpful: bool | None

    @property
    def unverified(self) -> bool:
        """Whether it was answered from what no person has verified."""
        return self.status.group in {"answered", "partial"} and self.level != "verified"


@dataclass(frozen=True, slots=True)
class Wall:
    """What a trainer sees of a class: questions newest first, who is stuck, guides by how often they answered."""

    people: int
    questions: tuple[Asked, ...]
    stuck: tuple[int, ...]
    most_asked: tuple[tuple[str, int], ...]
    finished: int  # how many are done with what is pushed

    @property
    def unverified(self) -> tuple[Asked, ...]:
        """The questions answered from what no person has verified."""
        return tuple(asked for asked in self.questions if asked.unverified)


class Classrooms:
    """The classes of an open database. A class that is not ours is as one that does not exist."""

    def __init__(self, database: Database, localities: Localities) -> None:
        self._database = database
        self._localities = localities

    def open(self, user: User, locality_id: str | None, audience: str, held_on: date) -> Classroom:
        """Open a class within the user's own scope. Raises RecordError."""
        scope = self._localities.within(user.locality_id)
        if scope is not None and locality_id not in scope:
            raise RecordError(f"{user.name!r} may not open a class in {locality_id!r}")
        if audience not in set(Audience):
            raise RecordError(f"no audience {audience!r}; expected one of {', '.join(Audience)}")
        row = {
            "trainer_id": user.id, "locality_id": locality_id, "audience": audience, "held_on": held_on,
            "opened_at": datetime.now(UTC),
        }  # fmt: skip
        with self._database.writing() as connection:
            code = _free_code(connection)
            connection.execute(sa.insert(tables.classrooms), row | {"code": code})
            room = _room(connection.execute(_open_rooms().where(tables.classrooms.c.code == code)).one())
            note(connection, user.name, "classroom-opened", room.id, locality=locality_id, audience=audience)
        return room

    def mine(self, user: User) -> list[Classroom]:
        """Return the user's open classes, newest first; an administrator's are all."""
        with self._database.reading() as connection:
            query = _open_rooms(user).order_by(tables.classrooms.c.id.desc())
            return [_room(row) for row in connection.execute(query)]

    def get(self, user: User, classroom_id: int) -> Classroom:
        """Return an open class of the user's. Raises RecordError."""
        with self._database.reading() as connection:
            return _own(connection, user, classroom_id)

    def at(self, code: str) -> Classroom | None:
        """Return the open class of a code, typed in any case and with spaces."""
        with self._database.reading() as connection:
            row = connection.execute(_open_rooms().where(tables.classrooms.c.code == _typed(code))).first()
        return _room(row) if row else None

    def join(self, code: str) -> tuple[str, Member] | Refusal:
        """Add a member with the next number; return the key, which is stored nowhere, and the member."""
        key = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            query = _locked(_open_rooms().where(tables.classrooms.c.code == _typed(code)))
            if (row := connection.execute(query).first()) is None:
                return Refusal.UNKNOWN
            taken = sa.select(sa.func.max(tables.members.c.number)).where(tables.members.c.classroom_id == row.id)
            number = (connection.execute(taken).scalar() or 0) + 1
            if number > MAX_MEMBERS:
                return Refusal.FULL
            member = {"classroom_id": row.id, "number": number, "digest": _digest(key), "joined_at": datetime.now(UTC)}
            connection.execute(sa.insert(tables.members), member | {"finished": []})
            return key, _known(connection, key)

    def member(self, key: str | None) -> Member | None:
        """Return the member of a cookie's key while the class is open."""
        if not key:
            return None
        with self._database.reading() as connection:
            return _member(connection, key)

    def stuck(self, member: Member, on: bool) -> None:
        """Note that a member is stuck, or no longer."""
        self._change(member, {"stuck_at": datetime.now(UTC) if on else None})

    def leave(self, member: Member) -> None:
        """Void a member's key; the number stays taken, and what was asked is wiped when the class ends."""
        self._change(member, {"digest": _digest(secrets.token_urlsafe(32)), "stuck_at": None})

    def finish(self, member: Member, guide_id: str) -> None:
        """Note that a member is done with the guide that is pushed; anything else is let pass."""
        pushed = member.classroom.pushed
        if pushed and pushed.guide_id == guide_id and guide_id not in member.finished:
            self._change(member, {"finished": [*member.finished, guide_id], "stuck_at": None})

    def push(self, user: User, classroom_id: int, kind: Kind, guide_id: str) -> None:
        """Put something of a guide, or a lesson, before every member. Raises RecordError."""
        pushed = {"kind": kind, "guide_id": guide_id, "at": datetime.now(UTC).isoformat()}
        with self._database.writing() as connection:
            _own(connection, user, classroom_id)
            update = sa.update(tables.classrooms).where(tables.classrooms.c.id == classroom_id)
            connection.execute(update.values(pushed=pushed))
            note(connection, user.name, "classroom-pushed", classroom_id, kind=kind, guide=guide_id)

    def wall(self, classroom_id: int) -> Wall:
        """Return what an open class is about at this moment. Raises RecordError for one that has ended."""
        with self._database.reading() as connection:
            row = connection.execute(_open_rooms().where(tables.classrooms.c.id == classroom_id)).first()
            if row is None:
                raise RecordError(f"no class {classroom_id} is open")
            members = connection.execute(_members_of(classroom_id)).all()
            questions = tuple(_asked(asked) for asked in connection.execute(_questions_of(classroom_id).limit(_SHOWN)))
        guides = Counter(asked.guide_id for asked in questions if asked.guide_id and asked.status.group != "declined")
        guide_id = (row.pushed or {}).get("guide_id")
        return Wall(
            len(members), questions, tuple(m.number for m in members if m.stuck_at), tuple(guides.most_common(10)),
            sum(guide_id in m.finished for m in members),
        )  # fmt: skip

    def end(self, user: User, classroom_id: int) -> None:
        """End a class: count what the report may know, then wipe all that it left, from the files, too. Raises RecordError."""
        with self._database.writing() as connection:
            room = _own(connection, user, classroom_id, lock=True)
            _end(connection, user.name, room)
        self._database.forget_deleted()

    def end_overdue(self) -> list[int]:
        """End the classes that nobody ended within 24 hours; return their ids."""
        due = tables.classrooms.c.opened_at <= datetime.now(UTC) - OPEN_FOR
        with self._database.writing() as connection:
            query = _locked(_rooms().where(tables.classrooms.c.ended_at.is_(None), due))
            rooms = [_room(row) for row in connection.execute(query)]
            for room in rooms:
                _end(connection, "", room)
        if rooms:
            self._database.forget_deleted()
        return [room.id for room in rooms]

    def _change(self, member: Member, values: dict[str, object]) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.update(tables.members).where(tables.members.c.id == member.id).values(values))


def read_seat(typed: str) -> tuple[str, int] | None:
    """Return the class code and the number in it that somebody typed, or None: "kmrt37, bạn 5" → ("KMRT37", 5)."""
    seat = _SEAT.fullmatch(_typed(fold(clean(typed))))
    return (seat[1], int(seat[2])) if seat else None


def member_at(connection: sa.Connection, code: str, number: int) -> int | None:
    """Return the id of the member with a number in the open class of a code."""
    rooms = _open_rooms().where(tables.classrooms.c.code == code).subquery()
    members = tables.members.c
    return connection.execute(
        sa.select(members.id).join(rooms, rooms.c.id == members.classroom_id).where(members.number == number)
    ).scalar()


def keep_open(connection: sa.Connection, classroom_id: int | None) -> None:
    """Hold a class open until the caller's transaction is over. Raises ClassEndedError."""
    if classroom_id is None:
        return
    query = _open_rooms().where(tables.classrooms.c.id == classroom_id)
    if connection.execute(query.with_for_update(read=True, of=tables.classrooms)).first() is None:
        raise ClassEndedError(f"the class {classroom_id} has ended")


def _rooms() -> sa.Select:
    rooms, places = tables.classrooms, tables.localities
    return sa.select(rooms, places.c.name.label("place")).outerjoin(places, places.c.id == rooms.c.locality_id)


def _open_rooms(user: User | None = None) -> sa.Select:
    """Select the open classes, of one trainer if given."""
    rooms = tables.classrooms.c
    query = _rooms().where(rooms.ended_at.is_(None), rooms.opened_at > datetime.now(UTC) - OPEN_FOR)
    return query.where(rooms.trainer_id == user.id) if user and user.role is not Role.ADMIN else query


def _locked(query: sa.Select) -> sa.Select:
    return query.with_for_update(of=tables.classrooms)


def _own(connection: sa.Connection, user: User, classroom_id: int, lock: bool = False) -> Classroom:
    query = _open_rooms(user).where(tables.classrooms.c.id == classroom_id)
    if row := connection.execute(_locked(query) if lock else query).first():
        return _room(row)
    raise RecordError(f"{user.name!r} has no open class {classroom_id}")


def _room(row: sa.Row) -> Classroom:
    pushed = Push(row.pushed["kind"], row.pushed["guide_id"]) if row.pushed else None
    return Classroom(
        row.id, row.code, row.trainer_id, row.locality_id, row.place or "", Audience(row.audience), row.held_on, pushed
    )  # fmt: skip


def _free_code(connection: sa.Connection) -> str:
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_CHARS))
        taken = sa.select(tables.classrooms.c.id).where(tables.classrooms.c.code == code)
        if connection.execute(taken).first() is None:
            return code


def _typed(code: str) -> str:
    """Return a code as it is stored: " ac3-d4e" → "AC3D4E"."""
    return "".join(c for c in code.upper() if c.isalnum())


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _member(connection: sa.Connection, key: str) -> Member | None:
    members = tables.members.c
    row = connection.execute(sa.select(tables.members).where(members.digest == _digest(key))).first()
    if row is None:
        return None
    room = connection.execute(_open_rooms().where(tables.classrooms.c.id == row.classroom_id)).first()
    return Member(row.id, row.number, _room(room), bool(row.stuck_at), tuple(row.finished)) if room else None


def _known(connection: sa.Connection, key: str) -> Member:
    if member := _member(connection, key):
        return member
    raise RecordError("the class has ended")


def _members_of(classroom_id: int) -> sa.Select:
    return sa.select(tables.members).where(tables.members.c.classroom_id == classroom_id).order_by("number")


def _questions_of(classroom_id: int) -> sa.Select:
    answers, contexts, feedback = tables.answers.c, tables.contexts.c, tables.feedback.c
    return (
        sa.select(tables.answers, contexts.level, contexts.mode, contexts.member, feedback.helpful)
        .join(tables.contexts, contexts.answer_id == answers.id)
        .outerjoin(tables.feedback, feedback.answer_id == answers.id)
        .where(contexts.classroom_id == classroom_id)
        .order_by(answers.asked_at.desc())
    )


def _asked(row: sa.Row) -> Asked:
    return Asked(
        row.id, row.member, row.asked_at, row.question, AnswerStatus(row.status), row.level, row.mode, row.guide_id,
        row.helpful,
    )  # fmt: skip


def _end(connection: sa.Connection, who: str, room: Classroom) -> None:
    """Count, then wipe: feedback, contexts, tasks and reviews go with their answer, progress with its member; what was made of
    an answer only loses the link.
    """
    numbers = _numbers(connection, room.id)
    for measure, n in numbers.items():
        count(connection, room.held_on, room.locality_id, room.audience, measure, n)
    asked = sa.select(tables.contexts.c.answer_id).where(tables.contexts.c.classroom_id == room.id)
    connection.execute(sa.delete(tables.answers).where(tables.answers.c.id.in_(asked)))
    connection.execute(sa.delete(tables.members).where(tables.members.c.classroom_id == room.id))
    handovers = sa.update(tables.handovers).where(tables.handovers.c.classroom_id == room.id)
    connection.execute(handovers.values(classroom_id=None))
    ended = {"code": None, "ended_at": datetime.now(UTC), "pushed": None}
    connection.execute(sa.update(tables.classrooms).where(tables.classrooms.c.id == room.id).values(ended))
    note(connection, who, "classroom-ended", room.id, **numbers)


def _numbers(connection: sa.Connection, classroom_id: int) -> dict[str, int]:
    """Return what the report may know of a class; nothing of one that nobody joined."""
    members = connection.execute(_members_of(classroom_id)).all()
    groups = [status_group(row.status) for row in connection.execute(_questions_of(classroom_id))]
    numbers = {
        "people": len(members), "questions": len(groups),
        "answered": sum(group in {"answered", "partial"} for group in groups),
        "lessons": sum(len(member.finished) for member in members), "classes": int(bool(members)),
    }  # fmt: skip
    return {measure: n for measure, n in numbers.items() if n}
