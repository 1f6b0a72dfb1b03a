"""What trainers see of the lessons: how many there are, and which parts are left out because a guide's line has changed or ended."""

from collections.abc import Iterator
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from rag.course import Course
from rag.lessons import Flag
from ui.rendering import page_html
from ui.sign_in import Trainer

PART_NAMES = {"card": "thẻ", "quiz": "câu hỏi", "practice": "việc làm thử", "scene": "cảnh"}

router = APIRouter(prefix="/huong-dan-vien/bai-hoc")


@router.get("")
def course(session: Trainer, request: Request) -> HTMLResponse:
    """List the lessons and screens, and what is left out of them now."""
    found, today = request.app.state.course(), request.app.state.settings.day
    titles = {part.id: part.title for part in (*found.lessons, *found.screens.values())}
    page = page_html(
        "course.html", session=session, lost=found.flags, ended=list(ended(found, today)), titles=titles, parts=PART_NAMES,
        guides=request.app.state.guides(), lessons=[lesson.on(today) for lesson in found.lessons],
        screens=[screen.on(today) for screen in found.screens.values()],
    )  # fmt: skip
    return HTMLResponse(page)


def ended(course: Course, day: date) -> Iterator[Flag]:
    """Yield what rests on a line that is not true on `day`."""
    parts = [
        *((lesson.id, "card", card, n) for lesson in course.lessons for n, card in enumerate(lesson.cards, 1)),
        *((lesson.id, "practice", lesson.practice, 1) for lesson in course.lessons if lesson.practice),
        *((lesson.id, "quiz", item, n) for lesson in course.lessons for n, item in enumerate(lesson.quiz, 1)),
        *((screen.id, "scene", scene, n) for screen in course.screens.values() for n, scene in enumerate(screen.scenes, 1)),
    ]  # fmt: skip
    for of, name, part, number in parts:
        if over := next((basis for basis in part.bases if not basis.line.valid_on(day)), None):
            yield Flag(of, name, number, over.passage.guide_id, over.line.text)
