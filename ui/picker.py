"""Picking what a text written by hand rests on: passages found, lines ticked, and every sentence checked by the fact lock.

The form part is `picker` in `templates/parts.html` with `static/picker.js`; a form that holds it sends one `cite` a pick: the
passage's id and, each on a line of its own, the lines that were ticked.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request

from rag.answers import Citation
from rag.assistant import Assistant
from rag.factlock import MARK, lock
from rag.privacy import mask
from rag.text import clean
from ui.rendering import reply_html
from ui.sign_in import Trainer, TrainerWrites

MAX_PICKS = 9
_FOUND = 8

router = APIRouter(prefix="/huong-dan-vien")


def assistant_of(request: Request) -> Assistant:
    """Return the assistant that answers now."""
    return request.app.state.assistant()


def today_of(request: Request) -> date:
    """Return the day as of which the application answers."""
    return request.app.state.settings.today or date.today()


Answering = Annotated[Assistant, Depends(assistant_of)]
Today = Annotated[date, Depends(today_of)]
Picks = Annotated[list[str], Form(default_factory=list)]


@router.get("/tim")
def search(
    assistant: Answering, today: Today, _: Trainer, q: Annotated[str, Query(max_length=300)] = ""
) -> list[dict[str, Any]]:
    """Return the passages that fit some words best, each with its lines that are true today and their sources."""
    query = assistant.reader.read(mask(q)).query
    hits = assistant.retriever.search(query, today).hits[:_FOUND] if query.strip() else ()
    return [
        {
            "id": hit.passage.id, "title": hit.passage.guide_title, "heading": hit.passage.heading,
            "lines": [line.text for line in hit.passage.lines if line.valid_on(today)],
            "sources": list(dict.fromkeys(s.title for line in hit.passage.lines for s in line.sources)),
        }
        for hit in hits
    ]  # fmt: skip


@router.post("/soat")
def check(
    assistant: Answering, _: TrainerWrites, cite: Picks, text: Annotated[str, Form(max_length=5000)] = ""
) -> dict[str, Any]:
    """Return how a learner would see a text, whether something was masked, and which lines state what no pick says."""
    masked = mask(text)
    return {
        "html": reply_html(masked), "masked": masked != clean(text),
        "lost": [{"line": line, "lacks": lacks} for line, lacks in unsupported(masked, picked(assistant, cite))],
    }  # fmt: skip


def picked(assistant: Assistant, cites: Sequence[str]) -> tuple[Citation, ...]:
    """Return the citations that a form's `cite` fields stand for, numbered as they came.

    A passage or line that no guide has any more is left out and its number stays free: the lock then names the lines that leaned
    on it.
    """
    passages = {passage.id: passage for passage in assistant.index.passages}
    citations = []
    for number, value in enumerate(cites[:MAX_PICKS], 1):
        passage_id, *texts = value.splitlines() or [""]
        passage = passages.get(passage_id)
        lines = [line for line in passage.lines if line.text in texts] if passage else []
        if passage and lines:
            title = f"{passage.guide_title} – {passage.heading}"
            sources = tuple(dict.fromkeys(source for line in lines for source in line.sources))
            quote = "\n".join(line.text for line in lines)
            citations.append(Citation(number, passage.guide_id, passage.id, title, quote, sources))
    return tuple(citations)


def unsupported(text: str, citations: tuple[Citation, ...]) -> list[tuple[str, str]]:
    """Return the lines of a masked text that its citations do not carry, each with what they lack; a mark without its citation
    lacks that.
    """
    known = {citation.number for citation in citations}
    lost = dict(lock(text, citations).dropped)
    for line in text.split("\n"):
        if dead := [n for n in map(int, MARK.findall(line)) if n not in known]:
            lost.setdefault(line, ", ".join(f"đoạn trích [{n}]" for n in dead))
    return list(lost.items())
