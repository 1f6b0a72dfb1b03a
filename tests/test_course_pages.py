from dataclasses import replace
from datetime import date

import pytest
from people import client, person

from rag.course import load_course
from rag.guides import load_guides
from rag.lessons import Flag
from rag.roles import Role
from rag.serving import Serving
from rag.settings import PROJECT
from rag.sheets import load_sheets
from ui.app import create_app
from ui.course_pages import ended

DAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def course():
    return load_course(PROJECT / "corpus", load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts")))


def test_what_rests_on_a_line_that_is_over_is_told_by_its_place(course):
    assert list(ended(course, DAY)) == []
    lesson = course.lessons[0]
    item = lesson.quiz[1]
    basis = replace(item.right.basis, line=replace(item.right.basis.line, valid_until=DAY.replace(day=24)))
    over = replace(item, right=replace(item.right, basis=basis))
    changed = replace(lesson, quiz=(lesson.quiz[0], over, *lesson.quiz[2:]))
    found = list(ended(replace(course, lessons=(changed, *course.lessons[1:])), DAY))
    assert found == [Flag(lesson.id, "quiz", 2, basis.passage.guide_id, basis.line.text)]


def test_trainers_see_what_is_left_out_with_the_way_to_the_guide(assistant, records, glossary, built, course):
    app = create_app(Serving(assistant), records, glossary, built)
    trainer = client(app, records, person(records, Role.TRAINER))
    page = trainer.get("/huong-dan-vien/bai-hoc").text
    assert "Không có phần nào bị ẩn vì dòng đã đổi" in page
    assert all(lesson.title in page for lesson in course.lessons)
    lesson, line = course.lessons[0], "Một dòng nay đã đổi."
    lost = Flag(lesson.id, "quiz", 3, lesson.guides[0], line)
    app._app.state.course = lambda: replace(course, flags=(lost,))
    page = trainer.get("/huong-dan-vien/bai-hoc").text
    assert "câu hỏi 3" in page
    assert line in page
    guide = assistant.index.guides[lesson.guides[0]]
    link = f"/huong-dan-vien/sua/{guide.topic}/{guide.id}"
    assert link in page
    assert trainer.get(link).status_code == 200
