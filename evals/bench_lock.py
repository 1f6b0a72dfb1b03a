"""What the fact lock catches and what it takes for wrong without reason: `python -m evals.bench_lock [--show]`.

True sentences are guides' lines and rewordings of them (`evals/cases/reworded.jsonl`, written by hand); every one is tried
against the line that it comes from. Faults are planted in them one at a time, by kind; a citation is moved to a passage that
shares none of its facts. Prints shares with 95 % intervals and the time of an answer; exit 1 when a bar is missed.
"""

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from evals.cases import CASES
from evals.statistics import share_line
from rag.atoms import Atom, AtomKind, atoms
from rag.factlock import Encode, objections
from rag.guides import Line, Passage, load_guides
from rag.jsonl import numbered_lines
from rag.settings import load_settings
from rag.sheets import load_sheets
from rag.vectors import load_embedder

REWORDED = CASES / "reworded.jsonl"
CAUGHT_BAR, FALSE_ALARM_BAR, ANSWER_MS_BAR = 0.995, 0.02, 20.0
_PER_KIND = 90
_ANSWER_SENTENCES = 8
_SEED = 20261126
_LEVELS = {"xã": "huyện", "phường": "quận", "huyện": "tỉnh", "tỉnh": "xã"}


# Returns the faulty text; None or the same text where there is nothing to spoil.
Planter = Callable[[str, random.Random], str | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the passage and the line that it cites."""

    text: str
    passage: Passage
    line: Line

    def objections(self, encode: Encode) -> list[str]:
        """Return what the lock has against it."""
        return objections(self.text, f"{self.passage.guide_title} – {self.passage.heading}", self.line.text, encode)


def true_claims(half: str = "") -> list[Claim]:
    """Return the guides' lines and their rewordings, each with the line it comes from; those whose id begins with `half`."""
    settings = load_settings()
    guides = load_guides(settings.corpus, load_sheets(settings.corpus / "facts"))
    lines = {(g.id, line.text): (p, line) for g in guides.values() for p in g.passages for line in p.lines}
    rows = [row for _, line in numbered_lines(REWORDED) if (row := json.loads(line))["id"].startswith(half)]
    places = [(row, lines[row["guide"], row["sentence"]]) for row in rows]
    return [Claim(text, *place) for row, place in places for text in (row["sentence"], row["reworded"])]


def _other(chance: random.Random, digits: str) -> str:
    """Change one digit, never into a leading zero."""
    places = [n for n, c in enumerate(digits) if c.isdigit() and (n > 0 or len(digits) == 1)] or [0]
    n = chance.choice(places)
    return digits[:n] + chance.choice([d for d in "123456789" if d != digits[n]]) + digits[n + 1 :]


def _change(wanted: Callable[[Atom], bool]) -> Planter:
    """Return a planter that changes a digit of a fact that is wanted."""

    def plant(text: str, chance: random.Random) -> str | None:
        found = [atom for atom in atoms(text) if wanted(atom) and re.search(r"\d", atom.text)]
        if not found:
            return None
        atom = chance.choice(found)
        return text.replace(atom.text, _other(chance, atom.text), 1)

    return plant


def _working_days(text: str, _: random.Random) -> str | None:
    if "ngày làm việc" in text:
        return text.replace("ngày làm việc", "ngày", 1)
    has_period = any(atom.unit == "ngày" for atom in atoms(text))
    return re.sub(r"(\d+) ngày(?! tháng)", r"\1 ngày làm việc", text, count=1) if has_period else None


def _authority(text: str, _: random.Random) -> str | None:
    found = re.search(r"((?:Công an|Ủy ban nhân dân|UBND)(?: cấp)? )(xã|phường|huyện|tỉnh)(?: ?, phường)?(?!\w)", text)
    return text.replace(found[0], found[1] + _LEVELS[found[2]], 1) if found else None


def _dropped_negation(text: str, _: random.Random) -> str:
    return re.sub(r"(?<!\w)(?:không|chưa|đừng) (?=\w)", "", text, count=1, flags=re.IGNORECASE)


def _false_charge(text: str, _: random.Random) -> str:
    free = r"miễn phí|không (?:mất|tốn|thu) (?:tiền|phí|lệ phí)"
    return re.sub(free, "mất phí", text, count=1, flags=re.IGNORECASE)


def _foreign_link(text: str, chance: random.Random) -> str | None:
    link = chance.choice(
        ("https://vneid-hotro.com/dang-ky", "dichvucong-gov.vn", "http://bhxh.example.net", "vneid.com.vn")
    )
    found = [atom.text for atom in atoms(text) if atom.kind is AtomKind.URL]
    return text.replace(found[0], link, 1) if found else f"{text.rstrip('.')} tại {link}."


FAULTS: dict[str, Planter] = {
    "changed amount": _change(lambda a: a.kind is AtomKind.MONEY),
    "changed period or age": _change(lambda a: a.unit in {"ngày", "ngày làm việc", "tháng", "năm", "tuổi", "giờ", "tuần"}),
    "working days and days": _working_days,
    "changed date": _change(lambda a: a.kind is AtomKind.DATE),
    "other authority": _authority,
    "phone digit": _change(lambda a: a.kind is AtomKind.NUMBER and not a.unit and len(a.value) >= 3),
    "document or form": _change(lambda a: a.kind in (AtomKind.DOCUMENT, AtomKind.FORM)),
    "changed share": _change(lambda a: a.kind is AtomKind.PERCENT),
    "foreign link": _foreign_link,
    "dropped negation": _dropped_negation,
    "charge for what is free": _false_charge,
}  # fmt: skip


def planted(claims: list[Claim]) -> Iterator[tuple[str, Claim, Claim]]:
    """Yield (kind of fault, faulty claim, the true one): at most `_PER_KIND` of a kind, the same ones every time."""
    for kind, plant in FAULTS.items():
        chance, count = random.Random(f"{_SEED} {kind}"), 0
        for claim in chance.sample(claims, len(claims)):
            text = plant(claim.text, chance)
            if text and text != claim.text and count < _PER_KIND:
                count += 1
                yield kind, Claim(text, claim.passage, claim.line), claim
    yield from _moved(claims)


def _moved(claims: list[Claim]) -> Iterator[tuple[str, Claim, Claim]]:
    chance = random.Random(f"{_SEED} moved")
    places = sorted({(c.passage.id, c.line.number): (c.passage, c.line) for c in claims}.items())
    for claim in chance.sample(claims, 2 * _PER_KIND):
        facts = {item.id for item in claim.line.items}
        foreign = [place for _, place in places if not facts & {item.id for item in place[1].items}]
        near = [place for place in foreign if place[0].guide_id == claim.passage.guide_id]
        place = chance.choice(near or foreign)
        yield "moved citation", Claim(claim.text, *place), claim


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print what was missed and every false alarm")
    parser.add_argument("--half", default="", help="only rewordings whose id begins so: r1, r2 (tuned on) or r3")
    options = parser.parse_args()
    encode = load_embedder(load_settings().embedding_model).encode
    claims = true_claims(options.half)
    started = time.perf_counter()
    alarms = [(claim, found) for claim in claims if (found := claim.objections(encode))]
    answer_ms = 1000 * (time.perf_counter() - started) / len(claims) * _ANSWER_SENTENCES
    caught: dict[str, list[bool]] = {}
    for kind, faulty, true in planted(claims):
        found = bool(faulty.objections(encode))
        caught.setdefault(kind, []).append(found)
        if options.show and not found:
            print(f"missed ({kind}): {faulty.text}\n    true: {true.text}\n    cited: {faulty.line.text}")
    if options.show:
        for claim, found in alarms:
            print(f"false alarm {found}: {claim.text}\n    cited: {claim.line.text}")
    every = [value for values in caught.values() for value in values]
    for kind, values in caught.items():
        print(f"  {kind:26} {sum(values):4} of {len(values):4} caught")
    print(f"caught {share_line(sum(every), len(every))} faults (bar {CAUGHT_BAR})")
    print(f"false alarms {share_line(len(alarms), len(claims))} true sentences (bar {FALSE_ALARM_BAR})")
    print(f"an answer of {_ANSWER_SENTENCES} sentences takes {answer_ms:.1f} ms (bar {ANSWER_MS_BAR:.0f})")
    if np.mean(every) < CAUGHT_BAR or len(alarms) / len(claims) > FALSE_ALARM_BAR or answer_ms > ANSWER_MS_BAR:
        sys.exit(1)


if __name__ == "__main__":
    main()
