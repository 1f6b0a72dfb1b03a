"""The guides as plain pages that need no script and no account: a list, each guide, its steps as cards, a practice sheet and
a card to print.

Learners come to them by a QR code, trainers project or print them. Reads `app.state.guides`, a function that returns
the guides by id, and `app.state.settings`. Shows lines of guides that are true today, and nothing else of substance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from rag.guides import TOPICS, Guide, Line, Passage, Section
from rag.lessons import Lesson
from rag.text import clean, fold, has_marks, syllables
from ui.qr_codes import qr_svg
from ui.rendering import page_html
from ui.steps import ways_of
from ui.wording import LEVELS, NOTICE

PREFIX = "/huong-dan"
_MAX_SEARCH_CHARS = 100
_QUESTIONS = 3
# What people need once the steps are done.
_AFTER_STEPS = (Section.FEE, Section.DEADLINE, Section.PLACE, Section.CONTACT, Section.WARNING)

router = APIRouter(prefix=PREFIX, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Part:
    """Lines under one `###` heading ("" where a section has none)."""

    heading: str
    lines: tuple[Line, ...]

    @property
    def runs(self) -> list[tuple[bool, list[Line]]]:
        """The lines in order, in runs of steps (True) and of plain lines (False)."""
        return [(steps, list(run)) for steps, run in groupby(self.lines, key=lambda line: line.step is not None)]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One section of a guide as it is shown."""

    heading: str
    section: Section
    parts: tuple[Part, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in order."""
        return tuple(line for part in self.parts for line in part.lines)


def chapters(guide: Guide, day: date) -> list[Chapter]:
    """Return the guide's sections in order, with the lines that are true on `day`."""
    found = []
    for section, passages in groupby(guide.passages_on(day), key=lambda passage: passage.section):
        whole: list[Passage] = list(passages)
        parts = tuple(Part(passage.part, passage.lines) for passage in whole)
        found.append(Chapter(whole[0].heading.partition(": ")[0], section, parts))
    return found


def matching(guides: Mapping[str, Guide], search: str) -> dict[str, list[Guide]]:
    """Return the guides that have every word of `search`, marks aside, by topic title and in alphabetical order.

    The words of a guide are those of its title, topic and questions; an empty search matches every guide.
    """
    wanted = set(syllables(fold(clean(search))))
    found = [guide for guide in guides.values() if wanted <= _words(guide)]
    found.sort(key=lambda guide: (fold(guide.title), guide.title))
    by_topic = {title: [guide for guide in found if guide.topic == topic] for topic, title in TOPICS.items()}
    return {title: some for title, some in by_topic.items() if some}


@router.get("")
def _list(request: Request, tim: str = "") -> str:
    search = tim[:_MAX_SEARCH_CHARS].strip()
    return page_html(
        "guides.html", notice=NOTICE, here=PREFIX, search=search, topics=matching(_guides(request), search)
    )


@router.get("/{guide_id}")
def _guide(request: Request, guide_id: str) -> Response:
    guides = _guides(request)
    if (guide := guides.get(guide_id)) is None:
        return _missing()
    return _page(
        "guide.html", guide, lessons=_lessons(request, guide), topic=TOPICS[guide.topic], level=LEVELS["verified" if guide.reviewed else "documented"],
        chapters=chapters(guide, _today(request)), has_steps=bool(ways_of(guide, _today(request))), qr=qr_svg(_address(request, guide)),
        related=[guides[other] for other in guide.related if other in guides],
    )  # fmt: skip


@router.get("/{guide_id}/luyen-tap")
def _practice(request: Request, guide_id: str) -> Response:
    if (guide := _guides(request).get(guide_id)) is None:
        return _missing()
    by_section = {chapter.section: chapter for chapter in chapters(guide, _today(request))}
    return _page(
        "guide_practice.html", guide, questions=practice_questions(guide.questions),
        short=by_section.get(Section.SHORT), papers=by_section.get(Section.PAPERS), steps=by_section.get(Section.STEPS),
        warnings=by_section.get(Section.WARNING),
    )  # fmt: skip


@router.get("/{guide_id}/tung-buoc")
def _steps(request: Request, guide_id: str) -> Response:
    guide, day = _guides(request).get(guide_id), _today(request)
    if guide is None or not (ways := ways_of(guide, day)):
        return _missing()
    by_section = {chapter.section: chapter for chapter in chapters(guide, day)}
    return _page(
        "guide_steps.html", guide, ways=ways, short=by_section.get(Section.SHORT), papers=by_section.get(Section.PAPERS),
        after=[by_section[section] for section in _AFTER_STEPS if section in by_section],
        lessons=_lessons(request, guide),
    )  # fmt: skip


@router.get("/{guide_id}/the.pdf")
def _card(request: Request, guide_id: str) -> Response:
    if (guide := _guides(request).get(guide_id)) is None:
        return _missing()
    from ui.cards import card_pdf  # stays out of the start: it takes a second to load

    name = f'inline; filename="the-{guide.id}.pdf"'
    content = card_pdf(guide, _today(request), _address(request, guide))
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": name})


def practice_questions(questions: Sequence[str]) -> list[str]:
    """Return up to three of the questions to ask for practice: those that are written with their marks come first."""
    return sorted(questions, key=lambda question: not has_marks(question))[:_QUESTIONS]


def _words(guide: Guide) -> set[str]:
    return set(syllables(fold(" ".join((guide.title, TOPICS[guide.topic], *guide.questions)))))


def _page(template: str, guide: Guide, **values: object) -> Response:
    return HTMLResponse(page_html(template, notice=NOTICE, here=PREFIX, guide=guide, **values))


def _lessons(request: Request, guide: Guide) -> list[Lesson]:
    """Return the lessons that are about a guide above all."""
    return [lesson for lesson in request.app.state.course().lessons if lesson.guides[0] == guide.id]


def _missing() -> Response:
    return HTMLResponse(page_html("guide_missing.html", notice=NOTICE), 404)


def _guides(request: Request) -> Mapping[str, Guide]:
    return request.app.state.guides()


def _today(request: Request) -> date:
    return request.app.state.settings.day


def _address(request: Request, guide: Guide) -> str:
    """Return the address of the guide's page as learners reach it."""
    root = request.app.state.settings.public_url or str(request.base_url)
    return f"{root.rstrip('/')}{PREFIX}/{guide.id}"
