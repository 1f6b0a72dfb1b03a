"""Hand-overs in both databases: codes, scope, claims, replies, expiry, and what a guide was missing for."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from people import person

from rag.answers import Answer, AnswerStatus, Citation, answer_json
from rag.errors import RecordError, SettingsError
from rag.gaps import Unanswered
from rag.records import tables
from rag.records.answers import Context
from rag.records.handovers import ALPHABET, CODE_CHARS, new_code, read_code
from rag.secret import keyed_digest, secret_key
from rag.sheets import Source

SOURCE = Source("Bộ Công an", "Hướng dẫn", "https://example.vn/a", "2026-03", True)
CITED = (Citation(1, "muc-2", "muc-2#le-phi", "Mức 2 – Lệ phí", "Làm mức 2 không mất tiền.", (SOURCE,)),)
SOON = timedelta(days=14)


@pytest.fixture
def places(store):
    """A province with two communes."""
    province = store.localities.put("test", "Quảng Ninh").id
    return province, *(store.localities.put("test", name, province).id for name in ("Bãi Cháy", "Hà Lầm"))


def answered(store, question="đăng ký nuôi cá lồng bè ở đâu", status=AnswerStatus.DECLINED_NO_SOURCE, **context):
    answer = Answer(new_code() * 5, question, status, "Mình chưa có tài liệu.")
    store.answers.save(answer, Context(**context))
    return answer


def handed(store, digest="d1", locality_id=None, live_for=SOON, question="nuôi cá lồng bè", answer_id=None, note=""):
    store.handovers.ask(digest, question, note, answer_id, locality_id, None, datetime.now(UTC) + live_for)
    return store.handovers.read(digest)


def test_a_code_has_no_two_signs_that_look_alike_and_there_are_enough_of_them():
    assert not set(ALPHABET) & set("0O1ILQU")
    assert not any({a, b} <= set(ALPHABET) for a, b in ("2Z", "5S", "6G", "8B", "UV"))
    assert len(set(ALPHABET)) ** CODE_CHARS == 244_140_625
    codes = {new_code() for _ in range(500)}
    assert len(codes) > 495
    assert all(len(code) == CODE_CHARS and set(code) <= set(ALPHABET) for code in codes)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("k7m-2 xa", "K7M2XA"), (" K 7 M 2 X A ", "K7M2XA"), ("kzmsxo", "K2M5XD"), ("K7M2X", None), ("K7M2XAA", None),
        ("K1M2XA", None), ("", None), ("đkm2xa", None), ("<script>", None),
    ],
)  # fmt: skip
def test_a_code_is_read_as_people_type_it(typed, code):
    assert read_code(typed) == code


def test_the_key_is_made_once_for_its_owner_alone_and_signs_the_same_every_time(tmp_path):
    key = secret_key(tmp_path / "home")
    file = tmp_path / "home" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]
    assert secret_key(tmp_path / "home") == key == file.read_bytes()
    assert secret_key(tmp_path / "other") != key
    assert keyed_digest(b"key", "K7M2XA") == "e9fbf33dd5fe4e57eadbebbf384f9b96cb82324e9c9bd01cde61e028ee749cd0"
    file.write_bytes(b"short")
    with pytest.raises(SettingsError, match="5 bytes"):
        secret_key(tmp_path / "home")


def test_what_a_learner_hands_over_is_masked_and_opens_with_its_digest_only(store):
    handover = handed(store, question="gọi 0900000000 hỏi", note="số tôi 0900000000")
    assert "0900000000" not in handover.question + handover.note
    assert (handover.reply, handover.read_at) == (None, None)
    assert store.handovers.read("d2") is None
    with pytest.raises(RecordError):
        handed(store)


def test_a_trainer_sees_the_own_locality_what_is_under_it_and_what_has_none(store, places):
    province, commune, other = places
    for digest, place in (("p", province), ("c", commune), ("o", other), ("n", None)):
        handed(store, digest, place)
    everybody, provincial, local = (
        person(store, name=name, locality_id=place) for name, place in (("a", None), ("b", province), ("c", commune))
    )
    assert [h.locality_id for h in store.handovers.queue(everybody)] == [province, commune, other, None]
    assert [h.locality_id for h in store.handovers.queue(provincial)] == [province, commune, other, None]
    assert [h.locality_id for h in store.handovers.queue(local)] == [commune, None]
    foreign = store.handovers.read("o")
    assert store.handovers.get(local, foreign.id) is None
    assert not store.handovers.claim(local, foreign.id)
    assert not store.handovers.reply(local, foreign.id, "Trả lời")
    assert store.handovers.reply(provincial, foreign.id, "Trả lời")
    assert not store.handovers.withdraw(local, foreign.id)


def test_one_who_claimed_it_answers_and_others_wait_until_the_claim_lapses(store):
    mine, other = person(store, name="mot"), person(store, name="hai")
    handover = handed(store)
    assert store.handovers.claim(mine, handover.id)
    assert store.handovers.claim(mine, handover.id)
    assert not store.handovers.claim(other, handover.id)
    assert not store.handovers.reply(other, handover.id, "Trả lời")
    seen = store.handovers.get(other, handover.id)
    assert (seen.claimed(mine), seen.taken(mine), seen.claimed(other), seen.taken(other)) == (True, False, False, True)
    with store.database.writing() as connection:
        lapsed = {"claimed_until": datetime.now(UTC) - timedelta(seconds=1)}
        connection.execute(sa.update(tables.handovers).values(lapsed))
    assert store.handovers.claim(other, handover.id)
    store.handovers.release(other, handover.id)
    assert store.handovers.claim(mine, handover.id)


def test_a_reply_is_masked_read_once_marked_and_audited_without_its_text(store):
    trainer, handover = person(store, name="lan"), handed(store)
    assert store.handovers.reply(trainer, handover.id, "Không mất tiền. [1] Gọi tôi 0900000000.", CITED)
    assert not store.handovers.reply(trainer, handover.id, "Lần nữa")
    first, again = store.handovers.read("d1"), store.handovers.read("d1")
    assert first.read_at is None
    assert again.read_at is not None
    assert (first.citations, first.replied_by) == (CITED, "Lan")
    assert "0900000000" not in first.reply
    entry = store.audit.entries(action="handover-replied")[0]
    assert (entry.who, entry.subject) == ("lan", str(handover.id))
    assert entry.detail == {"passages": ["muc-2#le-phi"], "own_source": False}
    assert store.handovers.withdraw(trainer, handover.id)
    assert not store.handovers.withdraw(trainer, handover.id)
    waiting = store.handovers.read("d1")
    assert (waiting.reply, waiting.citations, waiting.read_at) == (None, (), None)
    assert store.audit.entries(action="handover-withdrawn")[0].subject == str(handover.id)


def test_the_queue_has_the_unanswered_first_each_the_oldest_first(store):
    trainer = person(store)
    handovers = [handed(store, str(n)) for n in range(3)]
    store.handovers.reply(trainer, handovers[0].id, "Xong.")
    assert [h.id for h in store.handovers.queue(trainer)] == [handovers[n].id for n in (1, 2, 0)]


def test_what_has_expired_opens_no_more_and_goes_with_the_next_one(store):
    trainer = person(store)
    handed(store, "old", live_for=timedelta(seconds=-1))
    assert store.handovers.read("old") is None
    assert store.handovers.queue(trainer) == []
    handed(store, "new")
    with store.database.reading() as connection:
        assert connection.execute(sa.select(tables.handovers.c.digest)).scalars().all() == ["new"]
    assert store.handovers.sweep() == 0


def test_a_learner_may_take_the_question_back(store):
    handed(store)
    assert store.handovers.forget("d1")
    assert not store.handovers.forget("d1")
    assert store.handovers.read("d1") is None


def test_a_stored_answer_can_be_looked_up_to_hand_it_over(store, places):
    answer = answered(store, locality_id=places[1])
    asked = store.handovers.asked(answer.id)
    assert (asked.question, asked.answer, asked.locality_id) == (answer.question, answer_json(answer), places[1])
    assert not asked.wants_person
    assert store.handovers.asked(answered(store, status=AnswerStatus.DECLINED_PERSON).id).wants_person
    assert store.handovers.asked("khong-co") is None


def test_gaps_are_what_no_guide_answered_or_what_was_handed_over_where_the_trainer_looks(store, places):
    _, commune, other = places
    answered(store, "thiếu", member=None, locality_id=commune)
    answered(store, "một phần", AnswerStatus.PARTIAL)
    answered(store, "nơi khác", locality_id=other)
    for n, status in enumerate((AnswerStatus.ANSWERED, AnswerStatus.DECLINED_POLITICS, AnswerStatus.DECLINED_PERSON)):
        answered(store, f"không tính {n}", status)
    asked = answered(store, "trả lời rồi nhưng hỏi tiếp", AnswerStatus.ANSWERED)
    handed(store, question=asked.question, answer_id=asked.id, locality_id=commune)
    handed(store, "d2", question=asked.question, answer_id=asked.id, locality_id=commune)
    found = store.handovers.unanswered(person(store, locality_id=commune), datetime.now(UTC) - timedelta(days=30))
    today = datetime.now(UTC).date()
    assert found == [Unanswered(q, today) for q in ("trả lời rồi nhưng hỏi tiếp", "một phần", "thiếu")]
    assert store.handovers.unanswered(person(store), datetime.now(UTC) + timedelta(seconds=1)) == []
