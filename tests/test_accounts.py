from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from people import PASSWORD, person

from rag.errors import RecordError
from rag.records import tables
from rag.records.accounts import password_faults
from rag.roles import Role


def test_an_account_begins_with_a_password_that_must_be_changed(store):
    user, first = store.accounts.add("admin", "Lê Na", "Đại sứ số Na", Role.TRAINER)
    assert (user.name, user.must_change) == ("le-na", True)
    assert store.accounts.check("LE-NA", first) == user
    store.accounts.set_password(user, PASSWORD)
    assert store.accounts.check("le-na", first) is None
    assert store.accounts.check("le-na", PASSWORD).must_change is False
    with pytest.raises(RecordError, match="already"):
        store.accounts.add("admin", "le na", "", Role.TRAINER)


def test_passwords_and_session_keys_are_not_stored_as_they_are(store):
    user = person(store)
    key = store.accounts.sign_in(user)
    with store.database.reading() as connection:
        rows = repr([connection.execute(sa.select(t)).all() for t in (tables.users, tables.sessions, tables.audit)])
    assert "$argon2id$" in rows
    assert PASSWORD not in rows
    assert key not in rows


def test_the_sixth_guess_is_refused_even_when_it_is_right_and_a_reset_lifts_the_lock(store):
    user = person(store)
    for _ in range(5):
        assert store.accounts.check(user.name, "sai") is None
    assert store.accounts.locked(user.name)
    assert store.accounts.check(user.name, PASSWORD) is None
    first = store.accounts.reset("admin", user.name)
    assert store.accounts.check(user.name, first) is not None


def test_a_lock_ends_after_its_time(store):
    user = person(store)
    for _ in range(5):
        store.accounts.check(user.name, "sai")
    past = datetime.now(UTC) - timedelta(seconds=1)
    with store.database.writing() as connection:
        connection.execute(sa.update(tables.users).values(locked_until=past))
    assert store.accounts.check(user.name, PASSWORD) is not None


def test_sessions_end_with_a_new_password_a_changed_role_a_lock_out_and_their_time(store):
    user = person(store)
    person(store, Role.ADMIN)
    accounts = store.accounts
    for end in (
        lambda: accounts.set_password(user, PASSWORD + "x"),
        lambda: accounts.reset("admin", user.name),
        lambda: accounts.change("admin", user.name, role=Role.EVALUATOR),
        lambda: accounts.change("admin", user.name, disabled=True),
    ):
        key = accounts.sign_in(user)
        assert accounts.session(key) is not None
        end()
        assert accounts.session(key) is None
    accounts.change("admin", user.name, disabled=False)
    key = accounts.sign_in(user)
    with store.database.writing() as connection:
        connection.execute(sa.update(tables.sessions).values(until=datetime.now(UTC) - timedelta(seconds=1)))
    assert accounts.session(key) is None


def test_the_last_administrator_stays(store):
    admin = person(store, Role.ADMIN)
    for change in ({"disabled": True}, {"role": Role.TRAINER}):
        with pytest.raises(RecordError, match="last administrator"):
            store.accounts.change("x", admin.name, **change)
    person(store, Role.ADMIN, "admin-2")
    assert store.accounts.change("x", admin.name, disabled=True).disabled


def test_an_identity_of_a_provider_is_a_learner_until_somebody_lifts_it(store):
    user = store.accounts.identified("https://issuer.example|sub-1", "Lan")
    assert (user.role, user.shown) == (Role.LEARNER, "Lan")
    store.accounts.change("admin", user.name, role=Role.TRAINER)
    assert store.accounts.identified("https://issuer.example|sub-1", "Lan").role is Role.TRAINER
    assert store.accounts.check(user.name, "") is None
    store.accounts.change("admin", user.name, disabled=True)
    assert store.accounts.identified("https://issuer.example|sub-1", "Lan") is None


def test_a_shown_name_is_one_line_that_turns_nothing_round(store):
    assert store.accounts.identified("https://id.example|2", "\u202eLan\0\n  Bãi Cháy").shown == "Lan Bãi Cháy"
    assert store.accounts.add("admin", "na", "\u200b", Role.TRAINER)[0].shown == "na"


def test_a_weak_password_is_named_as_such(store):
    user = person(store, name="lan-anh")
    assert password_faults("ngắn quá", user)
    assert password_faults("aaaaaaaaaaaaaaa", user)
    assert password_faults("lan-anh-1234567", user)
    assert password_faults("x" * 201, user)
    assert password_faults(PASSWORD, user) == []
