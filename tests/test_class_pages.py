"""The pages of a class as browsers without a screen meet them: joining, the wall, whose class it is, and the end."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from people import client, person

from rag.answers import Answer, AnswerStatus
from rag.records import tables
from rag.records.answers import Context
from rag.records.classrooms import MAX_MEMBERS
from rag.roles import Role
from rag.serving import Serving
from ui.app import create_app
from ui.class_pages import AUDIENCES
from ui.member_pages import limiter
from ui.shield import CHAT

DESK = "/huong-dan-vien/lop"
NASTY = '<img src=x onerror="alert(1)">'
GUIDE = "vneid-dang-ky-muc-2"


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built):
    for name, parent in (("Tỉnh A", None), ("Phường <b>B</b>", "tinh-a"), ("Phường C", "tinh-a")):
        records.localities.put("admin", name, parent)
    return create_app(Serving(assistant), records, glossary, built)


@pytest.fixture(autouse=True)
def _fresh_limits():
    limiter.storage.reset()


@pytest.fixture
def lan(app, records):
    return client(app, records, person(records, name="lan", locality_id="tinh-a/phuong-b-b-b"))


def opened(trainer, **form):
    form = {
        "token": trainer.token,
        "locality": "tinh-a/phuong-b-b-b",
        "audience": "chung",
        "held_on": "2026-11-27",
    } | form
    return trainer.post(DESK, data=form)


@pytest.fixture
def room(lan, records):
    return records.classrooms.get(records.accounts.get("lan"), int(opened(lan).headers["location"].rpartition("/")[2]))


def learner(app, records, room):
    browser = client(app, records)
    assert browser.post("/lop", data={"code": room.code}).headers["location"] == CHAT
    return browser


def asks(records, room, number, question, status=AnswerStatus.ANSWERED):
    answer = Answer(f"{number:032}", question, status, "x", level="documented", guide_ids=(GUIDE,))
    records.answers.save(answer, Context(classroom_id=room.id, member=number))


def test_a_trainer_is_offered_only_the_places_she_is_responsible_for(lan):
    page = lan.get(DESK).text
    assert "Phường &lt;b&gt;B&lt;/b&gt;" in page
    assert "Phường C" not in page
    assert all(name in page for name in AUDIENCES.values())
    assert opened(lan, locality="tinh-a/phuong-c").status_code == 422
    assert opened(lan, locality="").status_code == 422


def test_a_form_that_is_refused_keeps_what_was_chosen(lan):
    reply = opened(lan, audience=NASTY, held_on="2026-12-01")
    assert reply.status_code == 422
    assert "Bạn chọn lại" in reply.text
    assert 'value="2026-12-01"' in reply.text
    assert NASTY not in reply.text


def test_looking_at_the_address_of_the_qr_code_does_not_join(app, records, room):
    browser = client(app, records)
    page = browser.get(f"/lop/{room.code}")
    assert page.text.partition("<main")[2].count("<button") == 1
    assert "Phường &lt;b&gt;B&lt;/b&gt;" in page.text
    assert "set-cookie" not in page.headers
    assert records.classrooms.wall(room.id).people == 0


def test_joining_sets_a_cookie_that_is_closed_to_scripts_and_secure_behind_tls(app, records, room):
    plain = client(app, records).post("/lop", data={"code": room.code}).headers["set-cookie"].lower()
    assert "httponly" in plain
    assert "samesite=lax" in plain
    assert "max-age=43200" in plain
    assert "secure" not in plain
    tls = client(app, records)
    tls.base_url = "https://testserver"
    assert "secure" in tls.post("/lop", data={"code": room.code}).headers["set-cookie"].lower()


def test_who_joins_again_keeps_the_number(app, records, room):
    browser = learner(app, records, room)
    assert browser.post("/lop", data={"code": room.code.lower()}).status_code == 303
    assert browser.get("/lop/toi").json()["number"] == 1
    assert records.classrooms.wall(room.id).people == 1


def test_guessing_by_looking_is_slowed_down_as_joining_is(app, records, room):
    browser = client(app, records)
    assert [browser.get(f"/lop/AAA{n:03}").status_code for n in range(61)] == [404] * 60 + [429]
    assert browser.get(f"/lop/{room.code}").status_code == 429
    assert browser.post("/lop", data={"code": room.code}).status_code == 429


def test_a_wrong_code_and_a_full_class_are_told_in_words(app, records, room):
    browser = client(app, records)
    wrong = browser.post("/lop", data={"code": NASTY})
    assert (wrong.status_code, NASTY in wrong.text) == (404, False)
    assert "Không có lớp nào" in wrong.text
    assert browser.get("/lop/AAAAAA").status_code == 404
    for _ in range(MAX_MEMBERS):
        records.classrooms.join(room.code)
    full = browser.post("/lop", data={"code": room.code})
    assert (full.status_code, "đủ 60 người" in full.text) == (409, True)


def test_guessing_codes_is_slowed_down_but_a_class_behind_one_address_gets_in(app, records, room):
    for _ in range(30):
        assert client(app, records).post("/lop", data={"code": room.code}).status_code == 303
    guesser = client(app, records)
    assert {guesser.post("/lop", data={"code": "AAAAAA"}).status_code for _ in range(60)} == {404}
    assert guesser.post("/lop", data={"code": room.code}).status_code == 429


def test_a_browser_in_no_class_costs_no_look_into_the_database(app, records, monkeypatch):
    monkeypatch.setattr(records.classrooms, "member", lambda key: pytest.fail("it was looked up"))
    reply = client(app, records).get("/lop/toi")
    assert (reply.status_code, reply.content) == (204, b"")


def test_what_is_pushed_reaches_the_learner_and_what_she_says_reaches_the_wall(app, records, room, lan):
    browser = learner(app, records, room)
    pushed = {"token": lan.token, "guide_id": GUIDE, "kind": "practice"}
    assert lan.post(f"{DESK}/{room.id}/gui", data=pushed).status_code == 303
    state = browser.get("/lop/toi").json()
    assert (state["pushed"]["kind"], state["pushed"]["guide_id"], state["pushed"]["done"]) == ("practice", GUIDE, False)
    browser.post("/lop/ket", data={"on": "1"})
    assert lan.get(f"{DESK}/{room.id}/tuong").json()["stuck"] == [1]
    browser.post("/lop/xong", data={"guide_id": GUIDE})
    assert browser.get("/lop/toi").json()["pushed"]["done"] is True
    wall = lan.get(f"{DESK}/{room.id}/tuong").json()
    assert (wall["people"], wall["stuck"], wall["pushed"]["done"]) == (1, [], 1)
    assert lan.post(f"{DESK}/{room.id}/gui", data=pushed | {"guide_id": "khong-co"}).status_code == 422
    assert lan.post(f"{DESK}/{room.id}/gui", data=pushed | {"kind": "khac"}).status_code == 422


def test_a_lesson_and_steps_are_pushed_and_what_is_not_there_is_refused(app, records, room, lan):
    browser = learner(app, records, room)

    def push(kind, guide_id):
        form = {"token": lan.token, "kind": kind, "guide_id": guide_id}
        return lan.post(f"{DESK}/{room.id}/gui", data=form).status_code

    assert push("lesson", "quet-qr-dung-nguoi") == 303
    shown = browser.get("/lop/toi").json()["pushed"]
    assert (shown["kind"], shown["title"]) == ("lesson", "Quét mã QR và xem đúng tên người nhận")
    assert lan.get(f"{DESK}/{room.id}/tuong").json()["pushed"]["title"] == shown["title"]
    assert push("steps", GUIDE) == 303
    assert browser.get("/lop/toi").json()["pushed"]["kind"] == "steps"
    assert push("lesson", GUIDE) == 422
    assert push("guide", "quet-qr-dung-nguoi") == 422
    assert push("steps", "can-cuoc-le-phi") == 422  # it has none


def test_the_wall_is_sent_again_only_when_something_has_changed(records, room, lan):
    asks(records, room, 1, NASTY)
    reply = lan.get(f"{DESK}/{room.id}/tuong")
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "application/json"
    assert [q["question"] for q in reply.json()["questions"]] == [NASTY]
    assert reply.json()["questions"][0]["unverified"] is True
    again = {"If-None-Match": reply.headers["etag"]}
    assert lan.get(f"{DESK}/{room.id}/tuong", headers=again).status_code == 304
    asks(records, room, 2, "Giá vàng?", AnswerStatus.DECLINED_NO_SOURCE)
    assert lan.get(f"{DESK}/{room.id}/tuong", headers=again).json()["questions"][0]["declined"] is True
    records.classrooms.end(records.accounts.get("lan"), room.id)


def test_the_projected_page_has_the_code_and_its_qr_image(room, lan):
    page = lan.get(f"{DESK}/{room.id}/chieu").text
    assert f">{room.code}<" in page
    assert re.search(rf'<svg role="img" aria-label="Mã QR mở trang http://testserver/lop/{room.code}"', page)


@pytest.mark.parametrize("page", ["", "/tuong", "/chieu", "/ket-thuc"])
def test_another_trainer_finds_no_such_class_and_cannot_end_it(app, records, room, page):
    hoa = client(app, records, person(records, name="hoa", locality_id="tinh-a/phuong-b-b-b"))
    assert hoa.get(f"{DESK}/{room.id}{page}").status_code == 404
    assert hoa.post(f"{DESK}/{room.id}/ket-thuc", data={"token": hoa.token}).status_code == 404
    assert hoa.post(f"{DESK}/{room.id}/gui", data={"token": hoa.token, "guide_id": GUIDE}).status_code == 404
    assert room.code not in hoa.get(DESK).text
    admin = client(app, records, person(records, Role.ADMIN))
    assert admin.get(f"{DESK}/{room.id}{page}").status_code == 200


def test_after_the_end_the_code_is_dead_and_browsers_lose_their_key(app, records, room, lan):
    browser = learner(app, records, room)
    assert "xóa hẳn" in lan.get(f"{DESK}/{room.id}/ket-thuc").text
    reply = lan.post(f"{DESK}/{room.id}/ket-thuc", data={"token": lan.token})
    assert "đã được xóa khỏi máy chủ" in lan.get(reply.headers["location"]).text
    state = browser.get("/lop/toi")
    assert state.json() == {"ended": True}
    assert state.headers["clear-site-data"] == '"storage"'
    assert "max-age=0" in state.headers["set-cookie"].lower()
    assert browser.get("/lop/toi").status_code == 204
    assert browser.get(f"/lop/{room.code}").status_code == 404
    assert browser.post("/lop", data={"code": room.code}).status_code == 404
    for page in ("", "/tuong", "/chieu"):
        assert lan.get(f"{DESK}/{room.id}{page}").status_code == 404


def test_who_leaves_loses_the_key(app, records, room):
    browser = learner(app, records, room)
    key = browser.cookies["binhdan_lop"]
    assert "max-age=0" in browser.post("/lop/roi").headers["set-cookie"].lower()
    assert records.classrooms.member(key) is None


def test_a_forgotten_class_is_ended_as_long_as_the_program_runs(app, records, room):
    with records.database.writing() as connection:
        old = sa.update(tables.classrooms).where(tables.classrooms.c.id == room.id)
        connection.execute(old.values(opened_at=datetime.now(UTC) - timedelta(hours=25)))

    async def running():
        messages = asyncio.Queue()
        done = asyncio.Event()

        async def receive():
            if messages.empty():
                await done.wait()
            return await messages.get()

        async def send(message):
            if message["type"] == "lifespan.startup.complete":
                await asyncio.sleep(0.5)
                await messages.put({"type": "lifespan.shutdown"})
                done.set()

        await messages.put({"type": "lifespan.startup"})
        await asyncio.wait_for(app({"type": "lifespan", "state": {}}, receive, send), 20)

    asyncio.run(running())
    assert [e.subject for e in records.audit.entries(1, action="classroom-ended")] == [str(room.id)]
