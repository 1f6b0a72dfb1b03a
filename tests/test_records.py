import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from rag.answers import Answer, AnswerStatus
from rag.errors import RecordError
from rag.records import Records
from rag.records.answers import Context, Feedback
from rag.records.tables import metadata
from rag.roles import Role

ANSWER = Answer("a1", "làm mức 2 ở đâu", AnswerStatus.ANSWERED, "Ở Công an xã.", guide_ids=("vneid-dang-ky-muc-2",))


def test_feedback_is_masked_and_the_last_one_counts(store):
    store.answers.save(ANSWER)
    store.answers.give_feedback(Feedback("a1", True))
    store.answers.give_feedback(Feedback("a1", False, ("Thiếu lệ phí",), "gọi tôi số 0900000000"))
    expected = Feedback("a1", False, ("Thiếu lệ phí",), "gọi tôi số [số điện thoại]")
    assert store.answers.feedback() == [("làm mức 2 ở đâu", expected)]
    with pytest.raises(RecordError, match="no answer"):
        store.answers.give_feedback(Feedback("unknown", True))


def test_of_two_who_say_something_at_once_one_is_kept(store):
    store.answers.save(ANSWER)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.answers.give_feedback(Feedback("a1", n % 2 == 0)), range(40)))
    assert len(store.answers.feedback()) == 1


def test_what_was_stored_is_there_after_a_restart(store):
    store.answers.save(ANSWER)
    store.answers.give_feedback(Feedback("a1", True))
    again = Records.open(store.url)
    assert len(again.answers.feedback()) == 1
    again.close()


def test_an_answer_that_cannot_be_stored_is_a_record_error(store):
    store.answers.save(ANSWER)
    with pytest.raises(RecordError, match="cannot be stored"):
        store.answers.save(ANSWER)


def test_an_error_does_not_carry_what_was_said_into_the_log(store):
    store.answers.save(ANSWER)
    with pytest.raises(RecordError) as caught:
        store.answers.save(ANSWER)
    assert ANSWER.question not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:////proc/nowhere/records.sqlite3", "postgresql+psycopg://u:secret@127.0.0.1:9/x"]
)
def test_a_database_that_cannot_be_used_is_one_line_without_its_password(url):
    with pytest.raises(RecordError) as caught:
        Records.open(url)
    assert "BINHDAN_DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_migrations_make_the_tables_that_the_program_uses(store):
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_go_up_and_down_and_nothing_is_lost(store):
    store.localities.put("admin", "Phường Thử")
    store.accounts.add("admin", "lan", "Lan", Role.TRAINER, "phuong-thu")
    store.answers.save(ANSWER, Context(generation="000001", locality_id="phuong-thu", member=7))
    store.answers.give_feedback(Feedback("a1", False))
    before = contents(store)
    store.database.migrate("0001")
    with store.database.reading() as connection:
        assert "users" not in sa.inspect(connection).get_table_names()
        assert connection.exec_driver_sql("SELECT count(*) FROM feedback").scalar() == 1
    store.database.migrate("head")
    assert contents(store) == before


def test_an_answer_saved_by_the_version_before_gets_its_context_and_its_place_in_the_queue(store):
    store.answers.save(ANSWER)
    store.database.migrate("0001")
    with store.database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO answers SELECT 'a2', asked_at, question, status, guide_id, answer FROM answers WHERE id = 'a1'"
        )
    store.database.migrate("head")
    for table in ("contexts", "tasks"):
        assert [row.answer_id for row in sorted(contents(store)[table], key=lambda row: row.answer_id)] == ["a1", "a2"]


def contents(store):
    with store.database.reading() as connection:
        return {t.name: connection.execute(sa.select(t)).all() for t in metadata.sorted_tables}


def test_the_audit_trail_only_grows(store):
    store.audit.note("lan", "tried", "x", reason="to see")
    for change in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(RecordError, match="append-only"), store.database.writing() as connection:
            connection.exec_driver_sql(change)
    assert [(e.who, e.action, e.detail) for e in store.audit.entries()] == [("lan", "tried", {"reason": "to see"})]


def test_a_change_and_its_audit_entry_are_kept_together_or_not_at_all(store):
    store.localities.put("admin", "Phường Thử")
    store.accounts.add("admin", "lan", "Lan", Role.TRAINER, "phuong-thu")
    with pytest.raises(RecordError):
        store.localities.remove("admin", "phuong-thu")
    assert [e.action for e in store.audit.entries()] == ["user-added", "locality"]


def test_a_locality_holds_all_that_lies_under_it(store):
    for name, parent in (("Tỉnh A", None), ("Phường B", "tinh-a"), ("Khu C", "tinh-a/phuong-b"), ("Tỉnh D", None)):
        store.localities.put("admin", name, parent, adults=10)
    assert list(store.localities.all()) == ["tinh-a", "tinh-a/phuong-b", "tinh-a/phuong-b/khu-c", "tinh-d"]
    assert store.localities.within("tinh-a/phuong-b") == {"tinh-a/phuong-b", "tinh-a/phuong-b/khu-c"}
    assert store.localities.within(None) is None
    with pytest.raises(RecordError):
        store.localities.put("admin", "Xã E", "khong-co")
