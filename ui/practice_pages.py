"""Practice screens as pages: a list, and each screen with its scenes on a drawn phone.

Without script a screen is a page to read: opening a choice shows whether it is right, and why. Nothing that a learner chooses or
types reaches the server. Reads `app.state.course`, a function that returns what can be learned now, and `app.state.settings`;
shows scenes that are true today.
"""

import re

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from rag.practice import Choice, Screen
from ui.rendering import page_html
from ui.wording import NOTICE

PREFIX = "/luyen-tap"
_LESSON = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_LESSON_CHARS = 60

router = APIRouter(prefix=PREFIX, default_response_class=HTMLResponse)


@router.get("")
def _list(request: Request) -> str:
    return page_html("practices.html", notice=NOTICE, here="/bai-hoc", screens=list(_screens(request).values()))


@router.get("/{screen_id}")
def _screen(request: Request, screen_id: str, bai: str = "") -> HTMLResponse:
    """`bai` is the lesson that the learner comes from."""
    screen = _screens(request).get(screen_id)
    if screen is None or not screen.scenes:
        return HTMLResponse(page_html("practice_missing.html", notice=NOTICE), 404)
    lesson = bai if len(bai) <= _MAX_LESSON_CHARS and _LESSON.fullmatch(bai) else ""
    return HTMLResponse(
        page_html("practice.html", notice=NOTICE, here="/bai-hoc", screen=screen, lesson=lesson, quoted=quoted)
    )


def quoted(choice: Choice) -> Markup:
    """Return the guide's line as HTML, with the words that decide marked."""
    before, words, after = choice.basis.line.text.partition(choice.words)
    return Markup("{}<mark>{}</mark>{}").format(escape(before), escape(words), escape(after))


def _screens(request: Request) -> dict[str, Screen]:
    """Return the screens as they are today."""
    today = request.app.state.settings.day
    return {screen.id: screen.on(today) for screen in request.app.state.course().screens.values()}
