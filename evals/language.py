"""Is it plain? Sentence length, uncommon words, and a readability figure made for Vietnamese. Reads word lists."""

import re
from dataclasses import dataclass
from functools import cache

from evals.meaning import plain
from rag.glossary import Glossary
from rag.settings import PROJECT
from rag.spelling import load_syllables
from rag.text import sentences, syllables

_COMMON = 2500  # so many of the most frequent syllables are common


@dataclass(frozen=True, slots=True)
class Plainness:
    """`sentence_syllables` is the mean length of a sentence; `uncommon` a share in [0, 1]; `readability` a school-like
    level, lower is easier.
    """

    sentence_syllables: float
    uncommon: float
    readability: float


def plainness(text: str, glossary: Glossary) -> Plainness | None:
    """Measure a text; None when it has no word.

    Readability is RL = 2·WL + 0.2·SL − 6 of Nguyen & Henkin (1982, "A readability formula for Vietnamese", Journal of
    Reading 26: 243–251), WL the mean letters of a written word (a syllable), SL the mean words of a sentence.
    """
    parts = sentence_words(text)
    words = [word for part in parts for word in part]
    if not words:
        return None
    explained = _glossary_words(glossary)
    uncommon = sum(word not in _common() and word not in explained for word in words)
    length = len(words) / len(parts)
    letters = sum(map(len, words)) / len(words)
    return Plainness(length, uncommon / len(words), 2 * letters + 0.2 * length - 6)


def sentence_words(text: str) -> list[list[str]]:
    """Return the written words (syllables that begin with a letter) of each sentence that has some."""
    return [words for s in sentences(plain(text)) if (words := [w for w in syllables(s) if w[0].isalpha()])]


@cache
def _common() -> frozenset[str]:
    return frozenset(load_syllables(PROJECT / "corpus")[:_COMMON])


def _glossary_words(glossary: Glossary) -> frozenset[str]:
    return frozenset(w.lower() for term in (*glossary.terms, *glossary.names) for w in re.findall(r"\w+", term))
