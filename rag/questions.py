"""What a learner's question means to the search: mended spelling, short and spoken words spelled out. Reads the lexicons."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from rag.errors import CorpusError
from rag.spelling import Speller
from rag.text import clean, fold, syllables


class QuestionKind(StrEnum):
    """What the learner wants to know, in the order in which answers are given; a question may have several kinds."""

    SCAM = "scam"
    PENALTY = "penalty"
    FEE = "fee"
    HOW_LONG = "how_long"
    PAPERS = "papers"
    CONTACT = "contact"
    WHERE = "where"
    ERROR = "error"
    ALLOWED = "allowed"
    WHO = "who"
    WHAT = "what"
    HOW = "how"


@dataclass(frozen=True, slots=True)
class Entry:
    """A short or spoken form, as its syllables are written, and what it means. `exact`: only with its marks."""

    said: tuple[str, ...]
    means: str
    exact: bool

    def stands_at(self, at: int, units: Sequence[str]) -> bool:
        """Tell whether the form stands at place `at` among the lower-case syllables of a question."""
        here = units[at : at + len(self.said)]
        return len(here) == len(self.said) and all(map(self._is, here, self.said))

    def _is(self, typed: str, said: str) -> bool:
        return typed == said or (not self.exact and typed == fold(said))


class Lexicon:
    """Short forms ("cccd"), whose meaning is worth showing, and spoken ones ("hông")."""

    def __init__(self, short_forms: Sequence[Entry], spoken: Sequence[Entry]) -> None:
        self.entries = (*short_forms, *spoken)
        self._short = frozenset(short_forms)
        self._by_first: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
        for order, entry in enumerate(self.entries):
            self._by_first[fold(entry.said[0])].append((order, entry))

    def find(self, units: Sequence[str]) -> list[Entry]:
        """Return the entries that stand among the syllables of a question, each once, in the lexicon's order."""
        found = {
            order: entry
            for at, unit in enumerate(units)
            for order, entry in self._by_first.get(fold(unit), ())
            if entry.stands_at(at, units)
        }
        return [found[order] for order in sorted(found)]

    def is_short(self, entry: Entry) -> bool:
        """Tell whether an entry is a short form."""
        return entry in self._short


def load_lexicon(corpus: Path, real: tuple[str, ...]) -> Lexicon:
    """Read `corpus/lexicon/abbreviations.yaml` and `spoken.yaml`; `real` are Vietnamese syllables. Raises CorpusError."""
    plain = set(map(fold, real))

    def entry(said: str, means: str) -> Entry:
        units = tuple(syllables(clean(said)))
        return Entry(units, clean(means), len(units) == 1 and fold(units[0]) in plain)

    def rows(name: str, key: str, value: str) -> tuple[Entry, ...]:
        path = corpus / "lexicon" / name
        try:
            entries = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            return tuple(entry(str(row[key]), row[value]) for row in entries)
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise CorpusError(f"{path}:1: not a list of {key}/{value} entries: {error}") from error

    return Lexicon(rows("abbreviations.yaml", "short", "full"), rows("spoken.yaml", "said", "means"))


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as it is understood. `text` has its spelling mended; `query` adds the meanings of short and spoken words that
    the guides do not know (added, never replaced: "cc" may be what the learner meant); `shown` is the question in full words
    where that differs from what was typed in more than writing style, else None.
    """

    text: str
    query: str
    shown: str | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads questions with one lexicon and the words of one set of guides; `familiar` tells whether those have a form."""

    lexicon: Lexicon
    speller: Speller
    familiar: Callable[[str], bool]

    def read(self, question: str) -> Reading:
        """Read a cleaned question: "làm gks" → query "làm gks giấy khai sinh", where no guide says "gks"."""
        mended = self.speller.read(question)
        found = [e for e in self.lexicon.find(syllables(mended)) if not self.familiar(" ".join(e.said))]
        shown = _spelled_out(mended, [entry for entry in found if self.lexicon.is_short(entry)])
        query = " ".join([mended, *(entry.means for entry in found)])
        return Reading(mended, query, shown if shown != " ".join(question.split()) else None)


def as_typed(question: str) -> Reading:
    """Return the question without any reading, for a learner who meant what was typed."""
    return Reading(question, question, None)


def _spelled_out(text: str, entries: list[Entry]) -> str:
    """Put the meaning in the place of each form, longest forms first."""
    words = text.split()
    for entry in sorted(entries, key=lambda e: -len(e.said)):
        units = ["".join(syllables(word)) for word in words]
        at = next((n for n in range(len(units)) if entry.stands_at(n, units)), None)
        if at is not None:
            words[at : at + len(entry.said)] = [entry.means]
    return " ".join(words)
