import io
import re
from dataclasses import replace
from datetime import date

import pytest
from fastapi import FastAPI
from pypdf import PdfReader
from shown import shown
from starlette.testclient import TestClient

from rag.course import load_course
from rag.guides import load_guides
from rag.lessons import PATHS, STAGES
from rag.settings import PROJECT, Settings
from rag.sheets import load_sheets
from ui.lesson_pages import MAX_NAME_CHARS, mixed, router, stages_of
from ui.shield import Shield

DAY = date(2026, 11, 25)
LESSON = "quet-qr-dung-nguoi"


@pytest.fixture(scope="module")
def guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


@pytest.fixture(scope="module")
def course(guides):
    return load_course(PROJECT / "corpus", guides)


@pytest.fixture(scope="module")
def client(guides, course):
    app = FastAPI(openapi_url=None)
    app.state.guides, app.state.course = lambda: guides, lambda: course
    app.state.settings = Settings(today=DAY)
    app.include_router(router)
    return TestClient(Shield(app))


def test_every_path_lists_its_lessons_in_order_and_no_other(client, course):
    for path in PATHS:
        page = client.get("/bai-hoc", params={"lo-trinh": path}).text
        wanted = [lesson.id for lesson in course.lessons if path in lesson.paths]
        assert re.findall(r'data-lesson="([^"]+)"', page) == wanted
        assert f'href="/bai-hoc/{wanted[0]}?lo-trinh={path}"' in page
    assert len(re.findall("data-lesson=", client.get("/bai-hoc?lo-trinh=khong-co").text)) == len(course.lessons)


def test_every_lesson_shows_its_cards_its_task_and_every_choice_with_why_and_its_line(client, course):
    for lesson in course.lessons:
        page = shown(client.get(f"/bai-hoc/{lesson.id}").text)
        said = [
            lesson.goal,
            *(text for card in lesson.cards for text in (card.title, *card.says)),
            lesson.practice.task,
        ]
        assert [text for text in said if text not in page] == []
        for item in lesson.quiz:
            card = page.partition(f'data-item="{item.id}"')[2].partition("</section>")[0]
            assert card.count('data-right="true"') == 1
            for choice in item.choices:
                assert f"<summary><span>{choice.text}</span></summary>" in card
                assert choice.why in card
                assert f"“{choice.basis.line.text}”" in card
            assert card.count('class="sources"') == len(item.choices)


def test_cards_lead_from_the_first_to_the_last_and_back(client):
    page = client.get(f"/bai-hoc/{LESSON}").text
    cards = re.findall(r'<section class="card[^"]*" id="([^"]+)"', page)
    assert re.findall(r'class="next" href="#([^"]+)"', page) == cards[1:]
    assert re.findall(r'class="back" href="#([^"]+)"', page) == cards[:-1]


def test_the_right_choice_stands_anywhere(course):
    places = [[right for right, _ in mixed(item)].index(True) for lesson in course.lessons for item in lesson.quiz]
    assert min(places.count(place) for place in range(3)) > len(places) / 5
    assert mixed(course.lessons[0].quiz[0]) == mixed(course.lessons[0].quiz[0])


def test_what_is_not_true_today_is_not_shown(guides, course):
    lesson = course.lessons[0]
    card = lesson.cards[0]
    over = replace(card.bases[0].line, valid_until=date(2026, 11, 24))
    ended = replace(card, bases=(replace(card.bases[0], line=over), *card.bases[1:]))
    app = FastAPI(openapi_url=None)
    changed = replace(course, lessons=(replace(lesson, cards=(ended, *lesson.cards[1:])),))
    app.state.guides, app.state.course, app.state.settings = lambda: guides, lambda: changed, Settings(today=DAY)
    app.include_router(router)
    page = TestClient(app).get(f"/bai-hoc/{lesson.id}").text
    assert card.title not in page.partition("<main")[2].partition("</h1>")[2]
    assert lesson.cards[1].title in page


def test_an_unknown_lesson_is_a_404(client):
    assert client.get("/bai-hoc/khong-co").status_code == 404


def certificate(client, **form):
    stage = stages_of(client.app._app.state.course().lessons, "hoc-sinh")[0]
    done = " ".join(lesson.id for lesson in stage.lessons)
    given = {"path": "hoc-sinh", "stage": str(stage.number), "name": "Nguyễn Thị Thử", "done": done} | form
    return client.post("/bai-hoc/chung-nhan", data=given)


def test_the_certificate_has_the_name_the_stage_its_lessons_and_the_day(client, course):
    reply = certificate(client, name="  Nguyễn  Thị Thử ")
    assert reply.headers["content-type"] == "application/pdf"
    text = " ".join(PdfReader(io.BytesIO(reply.content)).pages[0].extract_text().split())
    assert "Nguyễn Thị Thử" in text
    assert STAGES[0] in text
    assert all(lesson.title in text for lesson in stages_of(course.lessons, "hoc-sinh")[0].lessons)
    assert "25/11/2026" in text
    assert "không phải văn bằng" in text


@pytest.mark.parametrize(("form", "said"), [
    ({"name": " "}, "Bạn gõ tên"),
    ({"name": "a" * (MAX_NAME_CHARS + 1)}, "Tên dài quá"),
    ({"name": "Lan 😀"}, "ký hiệu"),
    ({"done": LESSON}, "chưa học xong"),
    ({"stage": "77"}, "chưa học xong"),
    ({"path": "../x"}, "chưa học xong"),
])  # fmt: skip
def test_what_cannot_be_certified_is_said_and_the_name_stays(client, form, said):
    reply = certificate(client, **form)
    assert reply.status_code == 422
    assert said in reply.text
    assert f'value="{form.get("name", "Nguyễn Thị Thử").strip()}"' in reply.text


@pytest.mark.parametrize("path", PATHS)
def test_the_longest_names_and_stages_stay_on_the_page(client, path):
    for stage in stages_of(client.app._app.state.course().lessons, path):
        done = " ".join(lesson.id for lesson in stage.lessons)
        reply = certificate(client, path=path, stage=str(stage.number), done=done, name="Ường Ngọc " * 6)
        (page,) = PdfReader(io.BytesIO(reply.content)).pages
        assert page.extract_text().count("Ường") == 6
