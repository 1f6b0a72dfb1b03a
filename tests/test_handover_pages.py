"""Handing a question over and reading the reply by code; the trainers' queue, replies, citations and gaps."""

import json
import logging
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from people import client, person

from rag.answers import Answer, AnswerStatus, Turn
from rag.records import tables
from rag.records.answers import Context
from rag.records.handovers import ALPHABET
from rag.serving import Serving
from rag.text import clean
from ui.app import create_app
from ui.asking_pages import limiter
from ui.picker import picked
from ui.rendering import turn_html

QUESTION = "đăng ký nuôi cá lồng bè ở đâu"
FREE = "vneid-dang-ky-muc-2#le-phi"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built):
    return create_app(Serving(assistant), records, glossary, built)


@pytest.fixture(scope="module")
def places(records):
    province = records.localities.put("test", "Quảng Ninh").id
    return {name: records.localities.put("test", name, province).id for name in ("Bãi Cháy", "Hà Lầm")}


@pytest.fixture
def learner(app, records):
    limiter.storage.reset()
    yield client(app, records)
    limiter.storage.reset()


@pytest.fixture(scope="module")
def trainer(app, records, places):
    return client(app, records, person(records, name="lan", locality_id=places["Bãi Cháy"]))


@pytest.fixture(scope="module")
def free(assistant):
    """A `cite` field: the lines of the fee."""
    passage = next(
        p for p in assistant.index.passages if p.guide_id == "vneid-dang-ky-muc-2" and "không mất tiền" in p.text
    )
    line = next(line.text for line in passage.lines if "không mất tiền" in line.text)
    return f"{passage.id}\r\n{line}", line


def saved(records, question=QUESTION, status=AnswerStatus.DECLINED_NO_SOURCE, **context):
    answer = Answer(uuid.uuid4().hex, question, status, "Mình chưa có tài liệu.")
    records.answers.save(answer, Context(**context))
    return answer.id


def handed(learner, records, **wish):
    reply = learner.post("/hoi-nguoi", json={"answer_id": saved(records), **wish})
    assert reply.status_code == 201, reply.text
    return reply.json()["code"]


def newest(records):
    with records.database.reading() as connection:
        return connection.execute(sa.select(sa.func.max(tables.handovers.c.id))).scalar()


def answer_it(trainer, records, text, **form):
    here = f"/huong-dan-vien/hoi/{newest(records)}"
    assert trainer.post(f"{here}/nhan", data={"token": trainer.token}).status_code == 303
    return trainer.post(here, data={"token": trainer.token, "text": text, **form})


def test_a_question_is_handed_over_answered_with_a_citation_and_read_by_code(learner, trainer, records, places, free):
    cite, line = free
    code = handed(learner, records, locality=places["Bãi Cháy"], note="gọi 0900000000")
    assert len(code) == 6
    assert set(code) <= set(ALPHABET)
    waiting = learner.post("/hoi-nguoi/xem", data={"ma": f" {code[:3].lower()}-{code[3:]} "})
    assert "Chưa có trả lời" in waiting.text
    assert "0900000000" not in waiting.text
    assert waiting.headers["cache-control"] == "no-store"
    queue = trainer.get("/huong-dan-vien/hoi").text
    assert QUESTION in queue
    assert "Bãi Cháy" in queue
    assert answer_it(trainer, records, f"{line} [1]", cite=[cite]).status_code == 303
    read = learner.post("/hoi-nguoi/xem", data={"ma": code}).text
    assert "Lan trả lời lúc" in read
    assert f"<p>{line}</p>" in read
    assert 'href="#nguon-tra-loi-1"' in read
    assert 'id="nguon-tra-loi-1"' in read
    assert "https://" in read
    assert "người hỏi đã xem" in trainer.get("/huong-dan-vien/hoi").text
    deleted = learner.post("/hoi-nguoi/xoa", data={"ma": code})
    assert "Đã xóa" in deleted.text
    assert learner.post("/hoi-nguoi/xem", data={"ma": code}).status_code == 422


def test_nothing_of_a_code_is_kept(learner, trainer, records, caplog):
    caplog.set_level(logging.DEBUG)
    code = handed(learner, records)
    page = learner.post("/hoi-nguoi/xem", data={"ma": code})
    answer_it(trainer, records, "Bạn ra xã hỏi nhé.", source="Tôi đã hỏi phòng nông nghiệp")
    assert code not in str(page.url)
    assert not re.search(rf'(?:href|action)="[^"]*{code}', page.text)
    kept = []
    with records.database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            kept += map(str, connection.execute(sa.select(table)))
    kept += [json.dumps(entry.detail) for entry in records.audit.entries()]
    assert not any(code in text for text in [*kept, caplog.text])


def test_another_source_stands_for_a_citation_and_the_learner_reads_which(learner, trainer, records):
    code = handed(learner, records)
    text = "Lệ phí là 90.000 đồng."
    for source, says in (("", "trích ít nhất một đoạn"), ("nghe nói", "ghi rõ hơn")):
        refused = answer_it(trainer, records, text, source=source)
        assert refused.status_code == 422
        assert says in refused.text
        assert text in refused.text
    assert answer_it(trainer, records, text, source="Bảng giá dán ở Ủy ban phường").status_code == 303
    assert "Theo: Bảng giá dán ở Ủy ban phường" in learner.post("/hoi-nguoi/xem", data={"ma": code}).text


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("Lệ phí là 90.000 đồng. [1]", "90.000 đồng"),
        ("Làm ở Công an tỉnh.", "công an tỉnh"),
        ("Bạn cứ yên tâm. [4]", "đoạn trích [4]"),
    ],
)
def test_a_reply_that_says_more_than_its_citations_is_refused_with_what_it_lacks(
    learner, trainer, records, free, text, lacks
):
    code = handed(learner, records)
    refused = answer_it(trainer, records, text, cite=[free[0]])
    assert refused.status_code == 422
    assert lacks in refused.text
    assert text in refused.text
    assert free[0].replace("\r\n", "\n") in refused.text.replace("&#10;", "\n")
    assert "Chưa có trả lời" in learner.post("/hoi-nguoi/xem", data={"ma": code}).text


def test_what_anybody_typed_is_escaped_everywhere(learner, trainer, records):
    code = handed(learner, records, note=SCRIPT)
    here = f"/huong-dan-vien/hoi/{newest(records)}"
    pages = [trainer.get(here), answer_it(trainer, records, SCRIPT), trainer.get("/huong-dan-vien/hoi")]
    answer_it(trainer, records, f"{SCRIPT} [a](javascript:alert(1))", source=f"{SCRIPT} nguồn")
    pages += [learner.post("/hoi-nguoi/xem", data={"ma": code}), trainer.get(here)]
    pages += [learner.post("/hoi-nguoi/xem", data={"ma": f'"><{SCRIPT}'})]
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert 'href="javascript' not in page.text
    assert "&lt;script&gt;" in pages[3].text


def test_wrong_codes_are_counted_by_address_and_then_refused_in_words(learner, records):
    code = handed(learner, records)
    guess = "AAAAAA" if code != "AAAAAA" else "CCCCCC"
    assert learner.post("/hoi-nguoi/xem", data={"ma": "12"}).status_code == 422  # no code at all: no guess
    assert [learner.post("/hoi-nguoi/xem", data={"ma": guess}).status_code for _ in range(11)] == [422] * 10 + [429]
    refused = learner.post("/hoi-nguoi/xem", data={"ma": code})
    assert refused.status_code == 429
    assert "đợi một tiếng" in refused.text
    assert learner.post("/hoi-nguoi/xoa", data={"ma": code}).status_code == 429


def test_guesses_from_many_addresses_are_counted_together(app, records):
    limiter.storage.reset()
    browsers = [client(app, records) for _ in range(21)]
    for n, browser in enumerate(browsers):
        browser._transport.client = (f"192.0.2.{n}", 50000)
    replies = [b.post("/hoi-nguoi/xem", data={"ma": "AAAAAA"}).status_code for b in browsers for _ in range(10)]
    limiter.storage.reset()
    assert replies == [422] * 200 + [429] * 10


def test_one_address_hands_over_ten_an_hour_and_a_class_sixty(learner, records):
    alone, user = saved(records), person(records, name="giao-vien")
    with records.database.writing() as connection:
        row = {
            "trainer_id": user.id,
            "audience": "",
            "held_on": datetime.now(UTC).date(),
            "opened_at": datetime.now(UTC),
        }
        room = connection.execute(sa.insert(tables.classrooms).values(row)).inserted_primary_key[0]
    taught = saved(records, classroom_id=room)
    replies = [learner.post("/hoi-nguoi", json={"answer_id": alone}) for _ in range(11)]
    assert [r.status_code for r in replies] == [201] * 10 + [429]
    assert "đợi một tiếng" in replies[-1].json()["detail"]
    replies = [learner.post("/hoi-nguoi", json={"answer_id": taught}).status_code for _ in range(61)]
    assert replies == [201] * 60 + [429]


def test_a_hand_over_needs_a_stored_answer_and_a_locality_that_is_there(learner, records):
    gone = learner.post("/hoi-nguoi", json={"answer_id": uuid.uuid4().hex})
    assert (gone.status_code, "hỏi lại" in gone.json()["detail"]) == (404, True)
    nowhere = learner.post("/hoi-nguoi", json={"answer_id": saved(records), "locality": "khong-co"})
    assert nowhere.status_code == 422
    extra = learner.post("/hoi-nguoi", json={"answer_id": saved(records), "question": "câu khác"})
    assert extra.status_code == 422


def test_who_only_asked_for_a_person_says_what_about(learner, trainer, records):
    wish = {"answer_id": saved(records, "cho tôi gặp người thật", AnswerStatus.DECLINED_PERSON)}
    empty = learner.post("/hoi-nguoi", json=wish)
    assert (empty.status_code, "điều bạn muốn hỏi" in empty.json()["detail"]) == (422, True)
    assert learner.post("/hoi-nguoi", json=wish | {"note": "nuôi ong cần giấy gì"}).status_code == 201
    assert "nuôi ong cần giấy gì" in trainer.get("/huong-dan-vien/hoi").text


def test_an_expired_code_opens_nothing(learner, records):
    code = handed(learner, records)
    with records.database.writing() as connection:
        past = {"until": datetime.now(UTC) - timedelta(seconds=1)}
        connection.execute(sa.update(tables.handovers).where(tables.handovers.c.id == newest(records)).values(past))
    expired = learner.post("/hoi-nguoi/xem", data={"ma": code})
    assert (expired.status_code, "hết hạn" in expired.text) == (422, True)


def test_a_trainer_neither_sees_nor_answers_what_belongs_elsewhere(learner, trainer, records, places):
    question = "hỏi ở nơi khác"
    wish = {"answer_id": saved(records, question), "locality": places["Hà Lầm"]}
    assert learner.post("/hoi-nguoi", json=wish).status_code == 201
    here = f"/huong-dan-vien/hoi/{newest(records)}"
    assert question not in trainer.get("/huong-dan-vien/hoi").text
    assert trainer.get(here).status_code == 404
    form = {"token": trainer.token, "text": "Trả lời", "source": "Tôi đã hỏi phường"}
    for path in (here, f"{here}/nhan", f"{here}/rut"):
        assert trainer.post(path, data=form).status_code == 404


def test_what_one_trainer_claimed_another_cannot_answer(app, learner, trainer, records):
    handed(learner, records)
    other = client(app, records, person(records, name="hoa"))
    here = f"/huong-dan-vien/hoi/{newest(records)}"
    assert trainer.post(f"{here}/nhan", data={"token": trainer.token}).status_code == 303
    assert "Người khác đang trả lời" in other.get(here).text
    assert other.post(f"{here}/nhan", data={"token": other.token}).status_code == 409
    form = {"token": other.token, "text": "Bạn ra xã nhé.", "source": "Tôi đã hỏi phường"}
    taken = other.post(here, data=form)
    assert taken.status_code == 409
    assert "Bạn ra xã nhé." in taken.text
    assert trainer.post(f"{here}/tra-lai", data={"token": trainer.token}).status_code == 303
    assert other.post(here, data=form).status_code == 303
    assert other.post(f"{here}/rut", data={"token": other.token}).status_code == 303
    assert "Tôi trả lời câu này" in trainer.get(here).text


def test_a_search_finds_lines_and_a_text_is_checked_against_the_picks(trainer, free):
    found = trainer.get("/huong-dan-vien/tim", params={"q": "lam dinh danh muc 2 mat tien khong"}).json()
    assert any(free[1] in passage["lines"] for passage in found)
    assert set(found[0]) == {"id", "title", "heading", "lines", "sources"}
    assert trainer.get("/huong-dan-vien/tim").json() == []
    form = {"token": trainer.token, "text": f"{free[1]} [1]\nGọi 0900000000, phí 5.000 đồng. [1]", "cite": [free[0]]}
    checked = trainer.post("/huong-dan-vien/soat", data=form).json()
    assert checked["masked"]
    assert "0900000000" not in checked["html"]
    assert [lost["lacks"] for lost in checked["lost"]] == ["5.000 đồng"]


def test_a_pick_that_no_guide_has_any_more_keeps_its_number_free(assistant, free):
    citations = picked(assistant, ["khong-co#le-phi\nDòng lạ", free[0], f"{free[0].splitlines()[0]}\nDòng lạ", ""])
    assert [(c.number, c.quote) for c in citations] == [(2, free[1])]
    assert citations[0].sources
    assert picked(assistant, [free[0]] * 12)[-1].number == 9


def test_gaps_show_what_was_asked_how_often_and_what_comes_nearest(app, learner, records):
    for question in (
        "thủ tục cấp phép chăn nuôi chim yến",
        "thu tuc cap phep chan nuoi chim yen",
        "giấy phép chăn nuôi chim yến",
    ):
        saved(records, question)
    page = client(app, records, person(records, name="hoa")).get("/huong-dan-vien/con-thieu", params={"ngay": 90}).text
    card = next(card for card in page.split("<li><b>") if "chim yến" in card)
    assert "3 lượt hỏi" in card
    assert "Hướng dẫn gần nhất" in card
    assert '<option value="90" selected>' in page


def turn(answer, glossary, about=None, stored=True):
    return turn_html(answer, {}, glossary, masked=False, can_rate=stored, about=about)


def test_the_button_stands_under_every_stored_answer_and_opens_by_itself_for_who_asks_for_a_person(glossary):
    answer = Answer("a" * 32, "câu hỏi", AnswerStatus.DECLINED_NO_SOURCE, "Mình chưa có.")
    assert "Hỏi người hướng dẫn" in turn(answer, glossary)
    assert "hand-over" not in turn(answer, glossary, stored=False)
    wish = Answer("b" * 32, "cho gặp người thật", AnswerStatus.DECLINED_PERSON, "Được bạn nhé.")
    before = turn(wish, glossary, Turn("câu <b>trước</b>", "…", None, "c" * 32))
    assert f'data-answer-id="{"c" * 32}" open' in before
    assert "câu &lt;b&gt;trước" in before
    assert "Bạn muốn hỏi điều gì?" in turn(wish, glossary)


def test_the_form_asks_for_no_question_in_the_address(learner):
    page = learner.get("/hoi-nguoi")
    assert page.status_code == 200
    assert 'method="post"' in page.text
    assert clean("Xem trả lời của người hướng dẫn") in page.text
    assert learner.get("/hoi-nguoi/xem").status_code == 404
