"""Which questions are answered before any document is searched: greetings, emergencies, scams, own records.

Deterministic: patterns of `corpus/lexicon/routes.yaml` on the question without diacritics. A route only says
what the question is; what is answered is composed from the guides like everything else.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from rag.errors import CorpusError
from rag.text import fold, syllables

MAX_QUESTION_CHARS = 1000
# Longer questions tell a story; a greeting or an out-of-subject word inside one says little.
_SHORT_SYLLABLES = 14


class Route(StrEnum):
    """Where a question goes."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    GREETING = "greeting"
    EMERGENCY = "emergency"
    SCAM = "scam"
    OWN_RECORD = "own_record"
    OUT_OF_SCOPE = "out_of_scope"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Router:
    """The compiled patterns by route."""

    patterns: dict[Route, tuple[re.Pattern[str], ...]]

    def route(self, question: str, meant: str) -> Route:
        """Return the route of a masked question that reads as `meant`. Danger goes before everything else."""
        if len(question) > MAX_QUESTION_CHARS:
            return Route.TOO_LONG
        if not question.strip():
            return Route.EMPTY
        if not readable(question):
            return Route.UNREADABLE
        plain = " ".join(fold(meant).split())
        short = len(syllables(plain)) <= _SHORT_SYLLABLES
        for route in (Route.EMERGENCY, Route.SCAM, Route.OWN_RECORD, Route.GREETING, Route.OUT_OF_SCOPE):
            if (short or route is not Route.OUT_OF_SCOPE) and any(p.search(plain) for p in self.patterns[route]):
                return route
        return Route.SEARCH


def load_router(corpus: Path) -> Router:
    """Read `corpus/lexicon/routes.yaml`. Raises CorpusError."""
    path = corpus / "lexicon" / "routes.yaml"
    try:
        rows = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return Router({Route(key): tuple(re.compile(row["pattern"]) for row in value) for key, value in rows.items()})
    except (OSError, yaml.YAMLError, KeyError, ValueError, re.error) as error:
        raise CorpusError(f"{path}:1: {error}") from error


def readable(question: str) -> bool:
    """Tell whether there are Latin letters to search for: not only emoji, signs, or another script."""
    letters = [c for c in question if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    return latin >= 2 and latin >= 0.6 * len(letters)
