"""Approved answers asked for again: `python -m evals.bench_curated [--show]`.

Prints how often a question that only resembles an approved one is served its answer, and how often the approved question is when
other people type it. Resembling questions are the nearest by meaning of the same guide, with another answering passage or kind,
and of other guides; and those of `curated_pairs.yaml`, that differ in one thing. The guides of one half tune `THRESHOLD` of
`rag/curated.py` (the table), those of the other measure it.
"""

import argparse
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
import yaml

from evals.cases import ANSWERED_KINDS, CASES, load_cases
from evals.statistics import share_line
from evals.variants import VARIANTS, rewrite
from rag.asked import Asked, load_asked
from rag.assistant import Assistant
from rag.curated import THRESHOLD, CuratedAnswer, CuratedMatcher
from rag.guides import Section
from rag.privacy import mask
from rag.serving import ensure_index, open_assistant
from rag.settings import load_settings
from rag.text import fold

PAIRS = Path(__file__).parent / "curated_pairs.yaml"
_EVERY = 12  # of the ten thousand written questions is retyped
_NEAREST, _LOOKED_AT = 3, 60
_POLITE = ("{} ạ", "Cho tôi hỏi {}", "Dạ cho em hỏi {} vậy ạ", "Bạn ơi, {}", "Xin hỏi {}", "Tôi muốn hỏi {} với")
_THRESHOLDS = (0.0, 0.2, 0.4, THRESHOLD, 0.75, 1.0, 1.5, 2.0, 3.0)
_CURATED = 1000
_ASKED = 2000


@dataclass(frozen=True, slots=True)
class Pair:
    """An approved question of a guide and one that is asked, where it is from, whether both mean the same, and the least
    difference between them.
    """

    guide: str
    approved: str
    asked: str
    source: str
    same: bool
    difference: float


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--show", action="store_true", help="print what is served wrongly, and pairs that are not served"
    )
    options = parser.parse_args()
    settings = load_settings(model="")
    ensure_index(settings, lambda _: None)
    assistant = open_assistant(settings)
    asked = load_asked(settings.corpus, {p.id for p in assistant.index.passages})
    pairs = _pairs(assistant, asked)
    tuning, measuring = ([p for p in pairs if _tunes(p.guide) is half] for half in (True, False))
    print(
        "tuning half: threshold, served of other questions, of minimal pairs that differ, of the same question retyped"
    )
    for threshold in _THRESHOLDS:
        shares = (_share(rows, threshold) for rows in _groups(tuning))
        print(f"  {threshold:4.2f}  {'  '.join(f'{share:.4f}' for share in shares)}")
    print(f"measuring half, at {THRESHOLD}:")
    near, differ, same = _groups(measuring)
    _print("wrongly served of other questions (bar 0.005)", [*near, *differ])
    _print("  of minimal pairs alone", differ)
    _print("served of the same question", same)
    for source in dict.fromkeys(p.source for p in same):
        _print(f"  {source}", [p for p in same if p.source == source])
    if options.show:
        for pair in pairs:
            if _is_served(pair) is not pair.same and (pair.source == "minimal pair" or not pair.same):
                print(f"{'served' if not pair.same else 'not served'}: {pair.approved} | {pair.asked}")
    _print_speed(assistant, asked)


def _print(what: str, pairs: list[Pair]) -> None:
    print(f"{what:52} {share_line(sum(map(_is_served, pairs)), len(pairs))}")


def _is_served(pair: Pair, threshold: float = THRESHOLD) -> bool:
    return pair.difference <= threshold


def _share(pairs: list[Pair], threshold: float) -> float:
    return sum(_is_served(p, threshold) for p in pairs) / len(pairs)


def _tunes(guide: str) -> bool:
    return sha256(guide.encode()).digest()[0] % 2 == 0


def _groups(pairs: list[Pair]) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Return the resembling questions, the minimal pairs that differ, and the same questions."""
    other = [p for p in pairs if not p.same]
    minimal = [p for p in other if p.source == "minimal pair"]
    return [p for p in other if p.source != "minimal pair"], minimal, [p for p in pairs if p.same]


def _pairs(assistant: Assistant, asked: tuple[Asked, ...]) -> list[Pair]:
    matcher = CuratedMatcher((), assistant.index, assistant.reader)
    forms = lru_cache(maxsize=8)(matcher.approved)

    def pair(guide: str, approved: str, other: str, source: str, same: bool) -> Pair:
        typed = matcher.asked(mask(other))
        difference = min(matcher.difference(typed, form) for form in forms(approved))
        return Pair(guide, approved, other, source, same, difference)

    rows = [*_resembling(assistant, asked), *_retyped(assistant, asked), *_minimal()]
    return [pair(*row) for row in rows]


def _resembling(assistant: Assistant, asked: tuple[Asked, ...]) -> Iterable[tuple[str, str, str, str, bool]]:
    """Yield each written question with its nearest that another passage or kind of answer of its guide, or another guide, is for.
    What the short answer of a guide answers, its other passages do as well.
    """
    vectors = assistant.index.embedder.encode([a.question for a in asked])
    guides = [a.passage.partition("#")[0] for a in asked]
    for n, row in enumerate(asked):
        order = np.argsort(-(vectors @ vectors[n]))[:_LOOKED_AT]
        near = [m for m in order if fold(asked[m].question) != fold(row.question)]
        own = [m for m in near if guides[m] == guides[n] and _answered_elsewhere(row, asked[m])][:_NEAREST]
        others = [m for m in near if guides[m] != guides[n]][:_NEAREST]
        for source, found in (("same guide", own), ("other guide", others)):
            yield from ((guides[n], row.question, asked[m].question, source, False) for m in found)


def _answered_elsewhere(one: Asked, other: Asked) -> bool:
    short = any(a.passage.partition("#")[2] == Section.SHORT for a in (one, other))
    return one.kind is not other.kind or (one.passage != other.passage and not short)


def _retyped(assistant: Assistant, asked: tuple[Asked, ...]) -> Iterable[tuple[str, str, str, str, bool]]:
    """Yield questions with what they look like when others type them."""
    questions = [(a.passage.partition("#")[0], a.question) for a in asked[::_EVERY]]
    questions += [(guide.id, question) for guide in assistant.index.guides.values() for question in guide.questions]
    cases = load_cases(CASES / "dev.jsonl")
    questions += [(c.guides[0], c.question) for c in cases if c.kind in ANSWERED_KINDS and not c.history]
    for n, (guide, question) in enumerate(questions):
        chance = random.Random(n)
        for variant in VARIANTS:
            yield guide, question, rewrite(variant, question, chance), variant, True
        polite = chance.choice(_POLITE).format(question[0].lower() + question[1:].rstrip("?. "))
        yield guide, question, polite, "polite", True


def _minimal() -> Iterable[tuple[str, str, str, str, bool]]:
    for row in yaml.load(PAIRS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
        for same in (True, False):
            for asked in row["same" if same else "other"]:
                yield row["guide"], row["question"], asked, "minimal pair", same


def _print_speed(assistant: Assistant, asked: tuple[Asked, ...]) -> None:
    """Ask 1,000 approved questions, one of each passage and kind first, for the answers to others."""
    by_answer: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in asked:
        by_answer[row.passage, row.kind].append(row.question)
    firsts = [question for questions in by_answer.values() for question in questions[:1]]
    chosen = list(dict.fromkeys([*firsts, *(a.question for a in asked)]))[:_CURATED]
    now = datetime.now(UTC)
    answers = [CuratedAnswer(str(n), q, (), "", None, (), "", now) for n, q in enumerate(chosen)]
    started = perf_counter()
    matcher = CuratedMatcher(answers, assistant.index, assistant.reader)
    print(f"{_CURATED} approved answers are taken over in {perf_counter() - started:.2f} s")
    known = set(chosen)
    rest = random.Random(0).sample([a.question for a in asked if a.question not in known], _ASKED)
    times_ms, found = [], 0
    for question in rest:
        started = thread_time()
        found += matcher.find(question) is not None
        times_ms.append(1000 * (thread_time() - started))
    p95 = sorted(times_ms)[int(0.95 * len(times_ms))]
    print(f"a question takes a core {statistics.median(times_ms):.2f} ms, p95 {p95:.2f} ms (bar 10)")
    print(f"{'other written questions that are served one of them':52} {share_line(found, len(rest))}")


if __name__ == "__main__":
    main()
