"""What masking hides and what it destroys: `python -m evals.bench_masking [--show]`.

Messages with made-up personal data (`evals/cases/private.jsonl`) must lose every secret, messages without any
(`evals/cases/not_private.jsonl`) must keep what is named in them. Rules were tuned on the half with odd
numbers. The even half was held out until a first version stood (0.887 masked, all kept) and corrected for once since, so that
its figures are no longer blind. Prints shares by kind and half with 95 % intervals and the time of a
message; exit 1 when a bar is missed.
"""

import argparse
import json
import re
import sys
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from evals.cases import CASES
from evals.statistics import share_line
from rag.jsonl import numbered_lines
from rag.privacy import mask
from rag.text import clean

PRIVATE, NOT_PRIVATE = CASES / "private.jsonl", CASES / "not_private.jsonl"
MASKED_BAR, KEPT_BAR = 0.995, 0.99
_HALVES = ("tuning", "once held out")
_ROUNDS = 5
_LEFT_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """One secret that must go or one string that must stay, and whether it did."""

    half: str
    kind: str
    wanted: str
    text: str
    masked: str
    good: bool


def _digits(text: str) -> str:
    """Return `text` in plain digits, what separates two digits left out."""
    return re.sub(r"(?<=\d)[^\w\n]{1,3}(?=\d)", "", text)


def is_gone(secret: str, masked: str) -> bool:
    """Tell whether nothing of `secret` that identifies is left: no five of its digits in a row, no two of its words.

    A secret of letters and digits counts as digits where most of it is. Passwords and short codes are compared whole.
    """
    secret, masked = _comparable(secret), _comparable(masked)
    digits = re.sub(r"\D", "", secret)
    if 2 * len(digits) > len(re.sub(r"\W", "", secret)):
        size = min(_LEFT_DIGITS, len(digits)) if len(digits) > _LEFT_DIGITS else len(digits)
        left = _digits(masked)
        return not any(digits[n : n + size] in left for n in range(len(digits) - size + 1)) and secret not in masked
    words = secret.split()
    pairs = [" ".join(words[n : n + 2]) for n in range(len(words) - 1)] or [secret]
    return not any(re.search(rf"(?<!\w){re.escape(pair)}(?!\w)", masked) for pair in pairs)


def _comparable(text: str) -> str:
    """Return `text` cleaned, in NFKC and small letters, as secrets are compared."""
    return clean(unicodedata.normalize("NFKC", text)).lower()


def trials() -> Iterator[Trial]:
    """Yield every secret and every kept string of the two files."""
    for path, field in ((PRIVATE, "secrets"), (NOT_PRIVATE, "kept")):
        for _, line in numbered_lines(path):
            row = json.loads(line)
            half = _HALVES[1 - int(row["id"].split("-")[1]) % 2]
            masked = mask(row["text"])
            for wanted in row[field]:
                good = is_gone(wanted, masked) if field == "secrets" else _comparable(wanted) in _comparable(masked)
                yield Trial(half, row.get("kind", "kept"), wanted, row["text"], masked, good)


def _microseconds() -> float:
    """Return the time of a message, the best of several rounds."""
    texts = [json.loads(line)["text"] for path in (PRIVATE, NOT_PRIVATE) for _, line in numbered_lines(path)]
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        for text in texts:
            mask(text)
        times.append(time.perf_counter() - started)
    return 1e6 * min(times) / len(texts)


def _share(name: str, found: list[Trial]) -> float:
    good = sum(trial.good for trial in found)
    print(f"{name:28} {share_line(good, len(found))}")
    return good / len(found)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print what was left and what was destroyed")
    parser.add_argument("--half", choices=_HALVES, help="only this half")
    options = parser.parse_args()
    found = [trial for trial in trials() if options.half in (None, trial.half)]
    missed = False
    for half in _HALVES if options.half is None else (options.half,):
        mine = [trial for trial in found if trial.half == half]
        for kind in dict.fromkeys(trial.kind for trial in mine):
            _share(f"{half}: {kind}", [trial for trial in mine if trial.kind == kind])
        secrets = [trial for trial in mine if trial.kind != "kept"]
        kept = [trial for trial in mine if trial.kind == "kept"]
        missed |= _share(f"{half}: masked (bar {MASKED_BAR})", secrets) < MASKED_BAR
        missed |= _share(f"{half}: kept (bar {KEPT_BAR})", kept) < KEPT_BAR
    if options.show:
        for trial in found:
            if not trial.good:
                print(f"{trial.half}, {trial.kind}: {trial.wanted}\n    {trial.text}\n    {trial.masked}")
    print(f"a message takes {_microseconds():.0f} µs")
    if missed:
        sys.exit(1)


if __name__ == "__main__":
    main()
