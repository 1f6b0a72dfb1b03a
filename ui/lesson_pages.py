"""Lessons as pages that need no account: paths, each lesson as cards with a quiz, wrong answers again, the certificate.

Everything can be read without script; with it cards come one at a time and progress is kept in the browser (`progress.js`).
Reads `app.state.course`, a function that returns what can be learned now, and `app.state.settings`; stores nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from rag.lessons import PATHS, STAGES, Choice, Lesson, QuizItem
from rag.text import clean
from ui.rendering import page_html
from ui.wording import NOTICE

PREFIX = "/bai-hoc"
ABOUT_PATHS = {
    "nguoi-cao-tuoi": "Ông bà, cô bác mới dùng điện thoại thông minh",
    "nguoi-lao-dong": "Công nhân, người buôn bán, người ở trọ",
    "hoc-sinh": "Học sinh, và các bạn đi chỉ cho ông bà",
    "can-bo": "Cán bộ xã, phường, thôn, khu phố",
}
MAX_NAME_CHARS = 60
_NO_LESSON = "Không có bài học này. Có thể địa chỉ gõ chưa đúng, hoặc bài đã đổi tên."
_NO_NAME = "Bạn gõ tên muốn in trên giấy rồi bấm lại nhé."
_LONG_NAME = f"Tên dài quá, tối đa {MAX_NAME_CHARS} chữ cái. Bạn gõ ngắn lại giúp mình nhé."
_ODD_NAME = "Tên có ký hiệu mà mình không in được. Bạn chỉ gõ chữ cái thôi nhé."
_NOT_DONE = "Chặng này còn bài chưa học xong. Bạn học nốt rồi quay lại nhé."

router = APIRouter(prefix=PREFIX, default_response_class=HTMLResponse)
Path = Annotated[str, Query(alias="lo-trinh", max_length=40)]


@dataclass(frozen=True, slots=True)
class Stage:
    """The lessons of a path that lead to one thing."""

    number: int
    title: str
    lessons: tuple[Lesson, ...]


def stages_of(lessons: Sequence[Lesson], path: str) -> list[Stage]:
    """Return the stages of a path, or of all lessons for ""."""
    of_path = [lesson for lesson in lessons if not path or path in lesson.paths]
    return [Stage(n, STAGES[n], tuple(some)) for n, some in groupby(of_path, key=lambda lesson: lesson.stage)]


def mixed(item: QuizItem) -> list[tuple[bool, Choice]]:
    """Return the choices with whether each is right, in an order that says nothing and stays the same."""
    rows = [(choice is item.right, choice) for choice in item.choices]
    return sorted(rows, key=lambda row: sha256(f"{item.id}/{row[1].text}".encode()).digest())


@router.get("")
def _list(request: Request, path: Path = "") -> str:
    path = path if path in PATHS else ""
    return _page("lessons.html", stages=stages_of(_lessons(request), path), path=path, paths=PATHS, about=ABOUT_PATHS)


@router.get("/on-lai")
def _again(request: Request) -> str:
    return _page("lesson_again.html")


@router.get("/chung-nhan")
def _certificate_form(request: Request, path: Path = "") -> str:
    return _certificate_page(request, path if path in PATHS else next(iter(PATHS)))


@router.post("/chung-nhan")
def _certificate(
    request: Request, path: Annotated[str, Form(max_length=40)] = "", stage: Annotated[int, Form()] = -1,
    name: Annotated[str, Form(max_length=400)] = "", done: Annotated[str, Form(max_length=8000)] = "",
) -> Response:  # fmt: skip
    from ui.certificate import can_print, certificate_pdf  # stays out of the start: it takes a second to load

    name = clean(name)
    found = {s.number: s for s in stages_of(_lessons(request), path)}.get(stage) if path in PATHS else None
    problem = (
        _NO_NAME if not name else _LONG_NAME if len(name) > MAX_NAME_CHARS else _ODD_NAME if not can_print(name)
        else _NOT_DONE if found is None or not {lesson.id for lesson in found.lessons} <= set(done.split()) else ""
    )  # fmt: skip
    if problem or found is None:
        return HTMLResponse(
            _certificate_page(request, path if path in PATHS else next(iter(PATHS)), problem, name), 422
        )
    content = certificate_pdf(name, found.title, [lesson.title for lesson in found.lessons], _today(request))
    headers = {"Content-Disposition": 'attachment; filename="chung-nhan.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/{lesson_id}")
def _lesson(request: Request, lesson_id: str, path: Path = "") -> str:
    lessons = _lessons(request)
    lesson = next((lesson for lesson in lessons if lesson.id == lesson_id), None)
    if lesson is None:
        raise HTTPException(404, _NO_LESSON)
    path = path if path in lesson.paths else ""
    later = [other for other in lessons if other.order > lesson.order and (path or lesson.paths[0]) in other.paths]
    return _page(
        "lesson.html", lesson=lesson, path=path, stage=STAGES[lesson.stage], mixed=mixed, next=later[0] if later else None,
        guides=[guide for guide_id in lesson.guides if (guide := request.app.state.guides().get(guide_id))],
    )  # fmt: skip


def _certificate_page(request: Request, path: str, problem: str = "", name: str = "") -> str:
    return _page(
        "lesson_certificate.html", stages=stages_of(_lessons(request), path), path=path, paths=PATHS, problem=problem,
        name=name, most=MAX_NAME_CHARS,
    )  # fmt: skip


def _lessons(request: Request) -> list[Lesson]:
    """Return the lessons of today that have something to read and to answer."""
    today = _today(request)
    return [lesson for one in request.app.state.course().lessons if (lesson := one.on(today)).cards and lesson.quiz]


def _today(request: Request) -> date:
    return request.app.state.settings.day


def _page(template: str, **values: object) -> str:
    return page_html(template, notice=NOTICE, here=PREFIX, **values)
