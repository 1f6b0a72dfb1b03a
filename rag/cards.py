"""The fixed answers to danger, despair and scams: the same guides' lines every time, read from `corpus/lexicon/cards.yaml`.

A card names each line by its guide and its exact words, so that a line that has changed in its guide is noticed when the
cards are loaded and by `binhdan corpus check`. The lead is a card's own and states no fact. Reads one file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rag.errors import CorpusError
from rag.guides import Guide, Line, Passage
from rag.routing import Route

ROUTES = (Route.EMERGENCY, Route.DISTRESS, Route.SCAM)
# An answer shows at most 900 characters; the marks [n] take some.
MAX_CARD_CHARS = 860


@dataclass(frozen=True, slots=True)
class Card:
    """A first sentence and the guides' lines under it, in order."""

    lead: str
    lines: tuple[tuple[Passage, Line], ...]

    @property
    def guide_ids(self) -> tuple[str, ...]:
        """The guides of the lines, each once."""
        return tuple(dict.fromkeys(passage.guide_id for passage, _ in self.lines))


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    guide: str
    line: str


class _CardRows(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    lead: str = Field(min_length=10)
    lines: list[_Row] = Field(min_length=1)


_CARDS = TypeAdapter(dict[Route, _CardRows])


def load_cards(corpus: Path, guides: Mapping[str, Guide]) -> dict[Route, Card]:
    """Read the cards. Raises CorpusError, whose message has one `path:1: …` row a problem."""
    path = corpus / "lexicon" / "cards.yaml"
    try:
        rows = _CARDS.validate_python(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise CorpusError(f"{path}:1: {error}") from error
    problems = [f"{path}:1: no card for {route}" for route in ROUTES if route not in rows]
    cards: dict[Route, Card] = {}
    for route, card in rows.items():
        found = [_places(row, guides) for row in card.lines]
        for row, places in zip(card.lines, found, strict=True):
            if len(places) != 1:
                problems.append(f"{path}:1: {route}: guide {row.guide} has the line {row.line!r} {len(places)} times")
        if len("\n".join([card.lead, *(row.line for row in card.lines)])) > MAX_CARD_CHARS:
            problems.append(f"{path}:1: {route}: longer than {MAX_CARD_CHARS} characters")
        cards[route] = Card(card.lead, tuple(place for places in found for place in places))
    if problems:
        raise CorpusError("\n".join(problems))
    return cards


def _places(row: _Row, guides: Mapping[str, Guide]) -> list[tuple[Passage, Line]]:
    return guides[row.guide].places(row.line) if row.guide in guides else []
