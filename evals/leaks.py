"""Is the held-out half still unseen? Near-duplicates of its questions in everything that tunes. Reads files only."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from evals.cases import CASES, Case, split_of
from rag.guides import Guide
from rag.jsonl import numbered_lines
from rag.routing import load_messages
from rag.text import clean, fold

_GRAM = 5
THRESHOLD = 0.6
_DEVELOPMENT = "dev.jsonl"


@dataclass(frozen=True, slots=True)
class Leak:
    """A case whose question is nearly one that tuning has seen; `likeness` in [0, 1]."""

    case: Case
    seen: str
    where: str
    likeness: float


def grams(text: str) -> frozenset[str]:
    """Return the character 5-grams of the folded text without punctuation: what near-duplicates share."""
    plain = " ".join(re.findall(r"\w+", fold(clean(text))))
    return frozenset(plain[i : i + _GRAM] for i in range(max(1, len(plain) - _GRAM + 1)))


def find_leaks(cases: Sequence[Case], seen: Iterable[tuple[str, str]]) -> list[Leak]:
    """Return the cases with a near-duplicate among `seen`, (text, where) pairs; the nearest of each case.

    Likeness is the Jaccard index of their grams, |A ∩ B| / |A ∪ B|. A case of the development half is not compared with
    that half.
    """
    rows = [(text, where, len(grams(text))) for text, where in seen]
    having: dict[str, list[int]] = defaultdict(list)
    for n, (text, _, _) in enumerate(rows):
        for gram in grams(text):
            having[gram].append(n)
    leaks = []
    for case in cases:
        own = grams(case.question)
        shared = Counter(n for gram in own for n in having[gram])
        likeness = {
            n: count / (len(own) + rows[n][2] - count)
            for n, count in shared.items()
            if split_of(case) == "test" or rows[n][1] != _DEVELOPMENT
        }
        best = max(likeness, key=lambda n: likeness[n], default=None)
        if best is not None and likeness[best] >= THRESHOLD:
            leaks.append(Leak(case, rows[best][0], rows[best][1], round(likeness[best], 2)))
    return leaks


def seen_by_tuning(guides: Mapping[str, Guide], corpus: Path) -> list[tuple[str, str]]:
    """Return every question that indexing, fitting, training or routing has seen, with where it stands."""
    seen = [(question, f"guide {guide.id}") for guide in guides.values() for question in guide.questions]
    for name in ("learner_questions.jsonl", "outside.jsonl", _DEVELOPMENT):
        path = CASES / name
        if path.exists():
            seen += [(json.loads(line)["question"], name) for _, line in numbered_lines(path)]
    for path in (*sorted((corpus / "questions").glob("*.jsonl")), corpus / "premises.jsonl"):
        seen += [(json.loads(line)["question"], path.name) for _, line in numbered_lines(path)]
    seen += [(message.text, "messages.jsonl") for message in load_messages(corpus)]
    for path in sorted((corpus / "lexicon").glob("*.yaml")):
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        rows = entries if isinstance(entries, list) else [row for part in entries.values() for row in part]
        seen += [(str(row["example"]), path.name) for row in rows if "example" in row]
    return seen
