"""An answer as HTML. Everything that was typed or retrieved is escaped; only our own templates make markup."""

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from rag.answers import Answer, Turn
from rag.glossary import Glossary
from rag.guides import Line, Passage
from rag.sheets import Source
from rag.speech import full_words
from ui.aloud import aloud, aloud_html
from ui.areas import areas
from ui.wording import (
    FEEDBACK_REASONS,
    NOTICE,
    WAYS_TO_SAY,
    checked_line,
    local_time,
    next_line,
    vietnamese_date,
    waiting_for,
    writer_line,
)

_OWN_FILES = Path(__file__).parent / "static"


@cache
def own_file(name: str) -> Markup:
    """Return a static file of ours to stand within a page: on a slow network, each file that holds the page up costs a second."""
    return Markup((_OWN_FILES / name).read_text(encoding="utf-8"))


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
_PAGES.globals["own_file"] = own_file
_PAGES.filters |= {
    "vietnamese_date": vietnamese_date,
    "local_time": local_time,
    "areas": areas,
    "waiting_for": waiting_for,
    "aloud": aloud,
}
# The address of the server's voice, "" without one, in the application that answers; pages tell `static/aloud.js`.
SERVER_VOICE: ContextVar[str] = ContextVar("server_voice", default="")
_PAGES.globals["server_voice"] = SERVER_VOICE.get
# Answers hold lists and bold type only: a link or image that a text smuggles in stays plain text.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["link", "image", "autolink", "reference", "heading"])
_MARK = re.compile(r"\s*\[(\d+)\]")


def page_html(template: str, **values: object) -> str:
    """Return a whole page made from one of our templates."""
    return _PAGES.get_template(template).render(**values)


def question_html(question: str, doing: str, text: str = "") -> str:
    """Return the turn while the answer is being made: the question, what is going on, and what is written so far.

    Its marks are left out: they would lead to sources that are not there yet.
    """
    so_far = Markup(_MARK.sub("", _MARKDOWN.render(text)))
    return _PAGES.get_template("turn.html").render(question=question, doing=doing, text=so_far, answer=None)


def turn_html(
    answer: Answer, passages: Mapping[str, Passage], glossary: Glossary, masked: bool, can_rate: bool,
    about: Turn | None = None, read_only: bool = False,
) -> str:  # fmt: skip
    """Return the finished turn: question, answer, hard words, sources with the quote marked, feedback, what to ask next.

    `passages` by id; `masked` tells that personal data was taken out of the question; `about` is the earlier turn that somebody
    who asks for a person means; `read_only` leaves out what can be pressed.
    """
    citations = [
        {
            "citation": c,
            "lines": _marked(passages.get(c.passage_id), c.quote),
            "sources": [s for s in c.sources if is_web(s.url)],
        }
        for c in answer.citations
    ]
    shown = partial(_markdown, answer_id=answer.id, full=full_words(glossary.terms), sentences=not read_only)
    return _PAGES.get_template("turn.html").render(
        question=answer.question, doing=None, answer=answer, masked=masked, can_rate=can_rate, read_only=read_only, citations=citations,
        about=about,
        text=shown(answer.text), more=shown(answer.more or ""),
        checked=checked_line(answer), writer=writer_line(answer), ways=WAYS_TO_SAY, next_line=next_line(answer), terms=glossary.explain(answer.text), reasons=FEEDBACK_REASONS,
    )  # fmt: skip


def reply_html(text: str, anchor: str = "tra-loi") -> Markup:
    """Return what a trainer wrote, in the same Markdown as answers; its mark [1] leads to `#nguon-ANCHOR-1`."""
    return _markdown(text, anchor)


_PAGES.filters["reply_html"] = reply_html


def sources_of(lines: Iterable[Line]) -> list[Source]:
    """Return what lines rest on, official sources first, each once; without those whose address is no web address."""
    every = dict.fromkeys(source for line in lines for source in line.sources if is_web(source.url))
    return sorted(every, key=lambda source: not source.official)


_PAGES.filters["sources_of"] = sources_of


def header_html() -> str:
    """Return the page's head: its name, the switches and the notice."""
    return _PAGES.get_template("header.html").render(notice=NOTICE)


def starters_html(starters: Mapping[str, list[str]]) -> str:
    """Return the starter questions by topic title."""
    return _PAGES.get_template("starters.html").render(starters=starters)


def _markdown(text: str, answer_id: str, full: Mapping[str, str] | None = None, sentences: bool = True) -> Markup:
    """Return Markdown as HTML with marks that lead to the sources, and `sentences` in spans that can be read aloud."""
    marked = _MARK.sub(
        lambda m: f'&nbsp;<a class="mark" href="#nguon-{answer_id}-{m[1]}" aria-label="Xem nguồn {m[1]}">[{m[1]}]</a>',
        _MARKDOWN.render(text),
    )
    return aloud_html(marked, full) if sentences else Markup(marked)


def _marked(passage: Passage | None, quote: str) -> list[tuple[str, bool]]:
    """Return the passage's lines, each with whether the quote holds it; the quote alone where the passage has changed since."""
    quoted = set(quote.split("\n"))
    if passage is None or not quoted <= {line.text for line in passage.lines}:
        return [(line, True) for line in quote.split("\n")]
    return [(line.text, line.text in quoted) for line in passage.lines]


def is_web(url: str | None) -> bool:
    """Tell whether a source's address may be a link; a source without one may be named."""
    return url is None or url.startswith(("https://", "http://"))
