"""Keeping, opening, saving and deleting progress over HTTP: phrases, classes, limits, and what is never kept."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from people import client, person

from rag.progress import MAX_BYTES
from rag.records import tables
from rag.serving import Serving
from ui.app import create_app
from ui.member_pages import limiter as class_limiter
from ui.progress_pages import limiter

HERE = "/bai-hoc/tien-do"
EMPTY = {"lessons": {}, "items": {}}
WRONG = "hoa sen, hoa sen, hoa sen"
OVER = "0" * 64


def learnt(card):
    item = {"box": 1, "due": "2026-11-28", "right": 0, "wrong": 1}
    return {"lessons": {"vneid-hai-muc": {"card": card, "done": None}}, "items": {"vneid-hai-muc#1": item}}


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built):
    return create_app(Serving(assistant), records, glossary, built)


@pytest.fixture
def learner(app, records):
    for each in (limiter, class_limiter):
        each.storage.reset()
    yield client(app, records)
    limiter.storage.reset()


@pytest.fixture
def room(records):
    return records.classrooms.open(person(records, name="lan"), None, "chung", datetime.now(UTC).date())


def kept(browser, state=None):
    reply = browser.post(f"{HERE}/giu", json=state or learnt(1))
    assert reply.status_code == 201, reply.text
    return reply.json()["phrase"]


def opened(browser, phrase):
    return browser.post(f"{HERE}/mo", json={"phrase": phrase})


def seated(app, records, room):
    browser = client(app, records)
    browser.post("/lop", data={"code": room.code})
    return browser


def stored(records):
    with records.database.reading() as connection:
        return connection.execute(sa.select(tables.progress)).all()


def test_progress_is_kept_opened_without_marks_saved_and_deleted(learner):
    phrase = kept(learner)
    found = opened(learner, phrase).json()
    assert (found["phrase"], found["state"]) == (phrase, learnt(1))
    body = {"phrase": phrase.upper(), "state": learnt(2), "over": found["version"]}
    assert learner.post(f"{HERE}/luu", json=body).status_code == 204
    assert learner.post(f"{HERE}/luu", json={**body, "state": learnt(3)}).status_code == 409
    assert opened(learner, phrase.replace(", ", "-")).json()["state"] == learnt(2)
    assert learner.post(f"{HERE}/xoa", json={"phrase": phrase}).status_code == 204
    gone = opened(learner, phrase)
    assert gone.status_code == 404
    assert "Chưa thấy tiến độ" in gone.json()["detail"]


def test_neither_phrase_nor_name_is_kept_or_logged(learner, records, caplog):
    caplog.set_level(logging.DEBUG)
    phrase = kept(learner)
    assert phrase not in str(opened(learner, phrase).url)
    assert learner.post(f"{HERE}/giu", json={**learnt(1), "name": "Bà Sáu"}).status_code == 422
    told = "".join([str(stored(records)), json.dumps([e.detail for e in records.audit.entries()]), caplog.text])
    assert not any(text in told for text in (phrase, *phrase.split(", "), "Bà Sáu"))


def test_what_cannot_be_kept_is_refused_in_words_and_not_repeated(learner):
    nothing = learner.post(f"{HERE}/giu", json=EMPTY)
    assert nothing.status_code == 422
    assert "chưa học bài nào" in nothing.json()["detail"]
    bad = learner.post(f"{HERE}/giu", json={**EMPTY, "lessons": {"bi-mat": {"card": 1, "done": "2026-13-01"}}})
    assert bad.status_code == 422
    assert "bi-mat" not in bad.text
    item = learnt(1)["items"]["vneid-hai-muc#1"]
    large = {"lessons": {}, "items": {f"{'a' * 55}{n}#1": item for n in range(400)}}
    assert len(json.dumps(large)) > MAX_BYTES
    assert learner.post(f"{HERE}/giu", json=large).status_code == 422
    assert learner.post(f"{HERE}/giu", content=b"x" * 70_000).status_code == 413


def test_what_is_no_phrase_is_no_guess(learner):
    for _ in range(12):
        for path, body in (("mo", {}), ("xoa", {}), ("luu", {"state": learnt(1), "over": OVER})):
            reply = learner.post(f"{HERE}/{path}", json={"phrase": "hoa sen", **body})
            assert reply.status_code == 422
            assert "đủ ba từ" in reply.json()["detail"]
    assert opened(learner, kept(learner)).status_code == 200


@pytest.mark.parametrize(("path", "body"), [("mo", {}), ("xoa", {}), ("luu", {"state": learnt(1), "over": OVER})])
def test_wrong_phrases_are_counted_by_address_and_then_refused_in_words(learner, path, body):
    phrase = kept(learner)
    replies = [learner.post(f"{HERE}/{path}", json={"phrase": WRONG, **body}) for _ in range(11)]
    assert [reply.status_code for reply in replies] == [404] * 10 + [429]
    assert "đợi một tiếng" in replies[-1].json()["detail"]
    assert opened(learner, phrase).status_code == 429


def test_guesses_from_many_addresses_are_counted_together(app, records, learner):
    browsers = [client(app, records) for _ in range(21)]
    for n, browser in enumerate(browsers):
        browser._transport.client = (f"192.0.2.{n}", 50000)
    replies = [opened(browser, WRONG).status_code for browser in browsers for _ in range(10)]
    assert replies == [404] * 200 + [429] * 10


def test_one_address_gets_ten_phrases_an_hour_and_a_class_sixty(app, records, learner, room):
    replies = [learner.post(f"{HERE}/giu", json=learnt(1)) for _ in range(11)]
    assert [reply.status_code for reply in replies] == [201] * 10 + [429]
    assert "đợi một tiếng" in replies[-1].json()["detail"]
    taught = seated(app, records, room)
    assert [taught.post(f"{HERE}/giu", json=learnt(1)).status_code for _ in range(61)] == [201] * 60 + [429]


def test_in_a_class_progress_is_kept_for_the_number_and_read_with_the_code(app, records, learner, room):
    taught = seated(app, records, room)
    assert taught.get(f"{HERE}/lop").json()["state"] is None
    assert taught.post(f"{HERE}/lop", json=learnt(2)).status_code == 200
    assert taught.get(f"{HERE}/lop").json()["state"] == learnt(2)
    typed = f"{room.code.lower()} 1"
    assert opened(learner, typed).json() == {"phrase": None, "state": learnt(2)}
    assert opened(learner, f"{room.code} 2").status_code == 404
    records.classrooms.end(records.accounts.get("lan"), room.id)
    assert opened(learner, typed).status_code == 404


def test_guesses_of_numbers_in_a_class_are_counted_too(learner, room):
    assert [opened(learner, f"{room.code} {n}").status_code for n in range(1, 12)] == [404] * 10 + [429]


def test_outside_of_a_class_nothing_is_kept_for_one(learner, records):
    before = stored(records)
    assert learner.get(f"{HERE}/lop").status_code == 204
    assert learner.post(f"{HERE}/lop", json=learnt(1)).status_code == 204
    assert stored(records) == before


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_after_the_end_of_a_class_the_browser_is_told_to_forget(app, records, learner, room, method):
    taught = seated(app, records, room)
    taught.post(f"{HERE}/lop", json=learnt(1))
    with records.database.writing() as connection:
        connection.execute(sa.update(tables.classrooms).values(opened_at=datetime.now(UTC) - timedelta(hours=25)))
    reply = taught.request(method, f"{HERE}/lop", json=learnt(1) if method == "POST" else None)
    assert reply.json() == {"ended": True}
    assert reply.headers["clear-site-data"] == '"storage"'
    assert "binhdan_lop" not in taught.cookies


def test_the_page_holds_no_progress_and_is_kept_nowhere(learner):
    page = learner.get(HERE)
    assert page.headers["cache-control"] == "no-store"
    assert all(text in page.text for text in ("Tôi có ba từ", "Giữ tiến độ", "Xóa trên máy chủ", "Để người học tự bấm"))


def test_what_was_not_used_for_a_year_is_swept_at_the_start(app, assistant, records, glossary, built, learner):
    kept(learner)
    with records.database.writing() as connection:
        connection.execute(sa.update(tables.progress).values(updated_at=datetime.now(UTC) - timedelta(days=365)))
    create_app(Serving(assistant), records, glossary, built)
    assert stored(records) == []
