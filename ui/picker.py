"""Picking what a text written by hand rests on: passages found, lines ticked, and every sentence checked by the fact lock.

The form part is `picker` in `templates/parts.html` with `static/picker.js`; a form that holds it sends one `cite` a pick: the
passage's id and, each on a line of its own, the lines that were ticked.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request

from rag.answers import Citation
from rag.assistant import Assistant
from rag.corrections import check as check_text
from rag.corrections import cite
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


Answering = Annotated[Assistant, Depends(assistant_of)]
Picks = Annotated[list[str], Form(default_factory=list)]


@router.get("/tim")
def search(assistant: Answering, _: Trainer, q: Annotated[str, Query(max_length=300)] = "") -> list[dict[str, Any]]:
    """Return the passages that fit some words best, each with its lines that are true today and their sources."""
    query, today = assistant.reader.read(mask(q)).query, assistant.today()
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
    citations = []
    for number, value in enumerate(cites[:MAX_PICKS], 1):
        passage_id, *texts = value.splitlines() or [""]
        passage = assistant.passages.get(passage_id)
        rows = [row for row, line in enumerate(passage.lines) if line.text in texts] if passage else []
        if passage and rows:
            citations.append(cite(number, passage, rows))
    return tuple(citations)


def unsupported(text: str, citations: tuple[Citation, ...]) -> list[tuple[str, str]]:
    """Return the lines of a masked text that its citations do not carry, each with what they lack; a mark without its citation
    lacks that.
    """
    rows = ((line.text, line.lacks or _lost(line.unknown)) for line in check_text(text, citations).lines)
    return [(line, lacks) for line, lacks in rows if lacks]


def _lost(numbers: Sequence[int]) -> str:
    return ", ".join(f"đoạn trích [{number}]" for number in numbers)
