"""Which questions are answered before any document is searched: danger, despair, scams, who asks for a person, own records, what
is not ours.

Deterministic: rules of `corpus/lexicon/routes.yaml` on the syllables of the question without diacritics, and for scams, which
are told in too many ways for rules, a linear classifier trained on `corpus/messages.jsonl` beside them. A route only says what the
question is; what is answered comes from the guides like everything else.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from rag.errors import CorpusError
from rag.jsonl import validated
from rag.linear import LinearClassifier
from rag.text import clean, fold, syllables

MAX_QUESTION_CHARS = 1000
# Longer questions tell a story; a greeting or an out-of-subject word inside one says little.
_SHORT_SYLLABLES = 20
# From this chance on a message tells of a scam. Fitted without one of the four writers of scams in turn, it finds 0.81 of what
# that one wrote and takes 0.03 of the look-alikes for it; lower, ordinary questions of the development set go with it.
SCAM_CHANCE = 0.4


class Route(StrEnum):
    """Where a question goes."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    EMERGENCY = "emergency"
    DISTRESS = "distress"
    SCAM = "scam"
    PERSON = "person"
    OWN_RECORD = "own_record"
    GREETING = "greeting"
    MEDICAL = "medical"
    LEGAL = "legal"
    POLITICS = "politics"
    OUT_OF_SCOPE = "out_of_scope"
    SEARCH = "search"


# Danger goes before everything else; the others in the order in which they were seen to mistake each other least.
_ORDER = (
    Route.EMERGENCY, Route.DISTRESS, Route.SCAM, Route.PERSON, Route.OWN_RECORD, Route.GREETING, Route.MEDICAL,
    Route.LEGAL, Route.POLITICS, Route.OUT_OF_SCOPE,
)  # fmt: skip

# What the classifier of scams does not overrule: danger to life, and the short wishes that are rules of whole messages.
_SURE = frozenset({Route.EMERGENCY, Route.DISTRESS, Route.PERSON})


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires on a text in which each of `when` is found and none of `unless`."""

    when: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()

    def fires(self, plain: str) -> bool:
        """Tell whether the rule fires on folded syllables, one space apart."""
        return all(p.search(plain) for p in self.when) and not any(p.search(plain) for p in self.unless)


@dataclass(frozen=True, slots=True)
class Router:
    """The rules by route, chat spelling with what it stands for ("k" → "khong"), and the classifier of scams."""

    rules: Mapping[Route, tuple[Rule, ...]]
    chat: Mapping[str, str]
    scams: LinearClassifier

    def route(self, question: str, meant: str) -> Route:
        """Return the route of a masked question that reads as `meant`; either may say it, as mending can lose chat words."""
        if len(question) > MAX_QUESTION_CHARS:
            return Route.TOO_LONG
        if not question.strip():
            return Route.EMPTY
        if not readable(question):
            return Route.UNREADABLE
        texts = {plain(question, self.chat), plain(meant, self.chat)}
        short = len(syllables(meant)) <= _SHORT_SYLLABLES
        found = next((route for route in _ORDER if self._fires(route, texts, short)), Route.SEARCH)
        if found in _SURE:
            return found
        return Route.SCAM if any(self.scams.chances(t)[Route.SCAM] >= SCAM_CHANCE for t in texts) else found

    def _fires(self, route: Route, texts: set[str], short: bool) -> bool:
        if route is Route.OUT_OF_SCOPE and not short:
            return False
        return any(rule.fires(text) for rule in self.rules[route] for text in texts)


def plain(text: str, chat: Mapping[str, str]) -> str:
    """Return the folded syllables of a text, one space apart, chat spelling written out."""
    return " ".join(chat.get(unit, unit) for unit in syllables(fold(clean(text))))


@dataclass(frozen=True, slots=True)
class Message:
    """A message and the route that it should take."""

    route: Route
    text: str


def load_messages(corpus: Path) -> list[Message]:
    """Read `corpus/messages.jsonl`, what rules and classifier are made from. Raises CorpusError with one `path:line: …` row a
    problem.
    """
    problems: list[str] = []
    messages = [message for _, message in validated(corpus / "messages.jsonl", TypeAdapter(Message), problems)]
    if problems:
        raise CorpusError("\n".join(problems))
    return messages


def load_router(corpus: Path) -> Router:
    """Read `corpus/lexicon/routes.yaml` and `corpus/scams.safetensors`. Raises CorpusError and ModelError."""
    return Router(*load_rules(corpus), LinearClassifier(corpus / "scams.safetensors"))


def load_rules(corpus: Path) -> tuple[dict[Route, tuple[Rule, ...]], dict[str, str]]:
    """Read rules and chat spelling from `corpus/lexicon/routes.yaml`. Raises CorpusError."""
    path = corpus / "lexicon" / "routes.yaml"
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        words, chat = data.pop("words"), data.pop("chat")
        return {route: _rules(data[route.value], words) for route in _ORDER}, chat
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise CorpusError(f"{path}:1: {error}") from error


def _rules(rows: dict[str, Any], words: Mapping[str, str]) -> tuple[Rule, ...]:
    unless = tuple(_compiled(row["pattern"], words) for row in rows.get("unless", ()))
    return tuple(
        Rule(tuple(_compiled(pattern, words) for pattern in row["all"]), () if row.get("sure") else unless)
        for row in rows["when"]
    )


def _compiled(pattern: str, words: Mapping[str, str]) -> re.Pattern[str]:
    """Put words in the place of their names, and match whole syllables: "oan" is not found in "tai khoan"."""
    spelled = re.sub(r"<(\w+)>", lambda name: f"(?:{words[name[1]]})", pattern)
    return re.compile(rf"(?<!\w)(?:{spelled})(?!\w)")


def readable(question: str) -> bool:
    """Tell whether there are Latin letters to search for: not only emoji, signs, or another script."""
    letters = [c for c in question if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    return latin >= 2 and latin >= 0.6 * len(letters)
