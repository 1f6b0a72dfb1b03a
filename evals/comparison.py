"""Two versions, the same cases: is B better, worse, or can it not be told? And may B be published (the gate)?

Differences are paired by base case and resampled by cluster. `compare` asks whether anything changed (permutation
test, Holm over the checks); `gate` asks whether nothing got worse by more than its margin (non-inferiority).
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from evals.cases import Case, case_json
from evals.checks import BY_ID, CHECKS
from evals.runs import Run
from evals.scoring import SLICES, Score, load_scores
from evals.statistics import ROUNDS, Interval, cases_needed, holm, mcnemar_p, mean_interval, sign_flip_p
from rag.errors import CaseError

# Of a case's typing twins: the share that is answered right, and the share with the right guide first.
TWINS, TWINS_RANK = "twins-right", "twins-hit@1"
_TWIN_CHECKS = {TWINS: "right", TWINS_RANK: "guide-hit@1"}
_TWINS_MARGIN = 0.03
LEVEL = 0.05
_QUICK_ROUNDS = 2000
MARGINS: dict[str, float] = {
    **{c.id: c.margin for c in CHECKS if c.margin is not None},
    **dict.fromkeys(_TWIN_CHECKS, _TWINS_MARGIN),
}
HARD = tuple(c.id for c in CHECKS if c.hard)


class Verdict(StrEnum):
    """What may be said of B beside A."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


class Outcome(StrEnum):
    """What the gate says."""

    PASS = "better or not worse"
    FAIL = "worse"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Measured:
    """A version's values: check → base case → value; and of every base case its cluster and the digest of its content."""

    name: str
    values: dict[str, dict[str, float]]
    clusters: dict[str, str]
    digests: dict[str, str]
    versions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A in one check over the cases both scored, with its 95 % interval and p-value (`adjusted` by Holm)."""

    check: str
    n: int
    a: float
    b: float
    difference: float
    interval: Interval
    p: float
    adjusted: float

    @property
    def verdict(self) -> Verdict:
        """Tell whether the check moved."""
        if self.adjusted >= LEVEL:
            return Verdict.CANNOT_TELL
        return Verdict.BETTER if self.difference > 0 else Verdict.WORSE


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, those of "right" by topic, kind and style, and the cases that B won and lost."""

    a: str
    b: str
    checks: tuple[Difference, ...]
    slices: dict[str, dict[str, Difference]]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    mcnemar: float

    @property
    def verdict(self) -> Verdict:
        """One check that fell makes B worse, whatever rose: a wrong answer is not made good by a better one."""
        found = {difference.verdict for difference in self.checks}
        return next((v for v in (Verdict.WORSE, Verdict.BETTER) if v in found), Verdict.CANNOT_TELL)


@dataclass(frozen=True, slots=True)
class GateRow:
    """One check at the gate; `needed` is about how many more cases would decide an inconclusive one."""

    difference: Difference
    margin: float
    outcome: Outcome
    needed: int


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate's rows, and the cases that break a rule without statistics, by check."""

    rows: tuple[GateRow, ...]
    broken: dict[str, list[str]]

    @property
    def outcome(self) -> Outcome:
        """The worst of the rows; any broken hard rule is worse."""
        found = {row.outcome for row in self.rows}
        if self.broken or Outcome.FAIL in found:
            return Outcome.FAIL
        return Outcome.INCONCLUSIVE if Outcome.INCONCLUSIVE in found else Outcome.PASS


def measured(run: Run) -> Measured:
    """Read the values of a scored run."""
    return measure(run.manifest.name, run.cases(), load_scores(run))


def measure(name: str, cases: Sequence[Case], scores: Sequence[Score]) -> Measured:
    """Gather the values by check and base case; the twins of a case become one value."""
    values: dict[str, dict[str, float]] = {check.id: {} for check in CHECKS}
    twins: dict[str, list[Score]] = {}
    for score in scores:
        if score.variant is not None:
            twins.setdefault(score.base, []).append(score)
            continue
        for check, value in score.checks.items():
            if value is not None:
                values[check][score.id] = value
    for of_twins, check in _TWIN_CHECKS.items():
        found = {base: [v for s in rows if (v := s.checks[check]) is not None] for base, rows in twins.items()}
        values[of_twins] = {base: sum(rows) / len(rows) for base, rows in found.items() if rows}
    clean = [case for case in cases if case.base is None]
    return Measured(
        name, values, {c.id: c.cluster for c in clean}, {c.id: _digest(c) for c in clean},
        {check.id: check.version for check in CHECKS},
    )  # fmt: skip


def compare(a: Measured, b: Measured, cases: Sequence[Case], seed: int = 0) -> Comparison:
    """Compare B with A. Raises CaseError when they share no case, or a check's version differs."""
    _refuse_unlike(a, b)
    checks = _differences([(check, None) for check in MARGINS], a, b, seed)
    slices: dict[str, dict[str, Difference]] = {}
    by_slice = [
        (name, value, {c.id for c in cases if c.base is None and key(c) == value})
        for name, key in SLICES.items()
        for value in sorted({key(c) for c in cases if c.base is None})
    ]
    rows = _differences([("right", ids) for _, _, ids in by_slice], a, b, seed)
    for (name, value, _), row in zip(by_slice, rows, strict=True):
        slices.setdefault(name, {})[value] = row
    common = _common(a, b, "right")
    won = tuple(i for i in common if b.values["right"][i] > a.values["right"][i])
    lost = tuple(i for i in common if b.values["right"][i] < a.values["right"][i])
    return Comparison(
        a.name, b.name, tuple(d for d in checks if d.n), slices, won, lost, mcnemar_p(len(won), len(lost))
    )


def compare_runs(a: Run, b: Run, seed: int = 0) -> Comparison:
    """Compare two scored runs. Raises CaseError as `compare` does, and when one is not scored."""
    cases = b.cases()
    return compare(measured(a), measure(b.manifest.name, cases, load_scores(b)), cases, seed)


def judge_gate(run: Measured, baseline: Measured, seed: int = 0) -> Gate:
    """Tell whether `run` may replace `baseline`. Raises CaseError when they share no case or a check's version differs.

    A check passes when the interval of its difference lies above −margin, fails when it lies below, and is
    inconclusive between. A hard check fails as soon as one case that was whole is broken.
    """
    _refuse_unlike(baseline, run)
    rows = []
    for difference in _differences([(check, None) for check in MARGINS], baseline, run, seed):
        margin = MARGINS[difference.check]
        if difference.n == 0:
            continue
        if difference.interval.low > -margin:
            outcome, needed = Outcome.PASS, 0
        elif difference.interval.high < -margin:
            outcome, needed = Outcome.FAIL, 0
        else:
            common = _common(baseline, run, difference.check)
            deltas = _deltas(baseline, run, difference.check, common)
            clusters = [run.clusters[i] for i in common]
            outcome, needed = Outcome.INCONCLUSIVE, cases_needed(deltas, clusters, margin + difference.difference)
        rows.append(GateRow(difference, margin, outcome, needed))
    broken = {
        check: ids
        for check in HARD
        if (ids := [i for i in _common(baseline, run, check) if run.values[check][i] < baseline.values[check][i]])
    }
    return Gate(tuple(rows), broken)


def false_alarms(cases: Sequence[Case], scores: Sequence[Score], splits: int = 200, seed: int = 0) -> float:
    """Return how often a version compared with itself would be called better or worse.

    A case and its typing twins are measurements of one thing; two of them are dealt at random to A and to B, so that
    the two sides differ by chance alone, as two runs of a version that answers by chance do.
    """
    rows: dict[str, list[Score]] = {}
    for score in scores:
        rows.setdefault(score.base, []).append(score)
    clean = [case for case in cases if case.base is None and len(rows[case.id]) > 1]
    alarms = 0
    for split in range(splits):
        chance = random.Random(f"{seed} {split}")
        dealt = [chance.sample(rows[case.id], 2) for case in clean]
        a, b = (
            measure(side, clean, [pair[n].model_copy(update={"id": pair[n].base, "variant": None}) for pair in dealt])
            for n, side in enumerate("ab")
        )
        found = _differences([(check, None) for check in MARGINS], a, b, split, _QUICK_ROUNDS)
        alarms += any(d.adjusted < LEVEL for d in found)
    return alarms / splits


def save_baseline(path: Path, version: Measured) -> None:
    """Write a version's gated values, by base case, for later gates."""
    kept = [*MARGINS, *(check for check in HARD if check not in MARGINS)]
    cases = {
        base: {
            "cluster": version.clusters[base],
            "digest": version.digests[base],
            "values": {check: version.values[check][base] for check in kept if base in version.values[check]},
        }
        for base in sorted(version.clusters)
    }
    versions = {check: version.versions[check] for check in kept if check in version.versions}
    rows = ",\n".join(f"  {json.dumps(base)}: {json.dumps(row)}" for base, row in cases.items())
    head = f'"versions": {json.dumps(versions)},\n"cases": {{\n{rows}\n}}'
    path.write_text(f"{{{head}}}\n", encoding="utf-8", newline="\n")


def load_baseline(path: Path) -> Measured:
    """Read a baseline. Raises CaseError."""
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        values: dict[str, dict[str, float]] = {check: {} for check in (*BY_ID, *_TWIN_CHECKS)}
        for base, row in raw["cases"].items():
            for check, value in row["values"].items():
                values[check][base] = value
        clusters = {base: row["cluster"] for base, row in raw["cases"].items()}
        digests = {base: row["digest"] for base, row in raw["cases"].items()}
        return Measured(path.name, values, clusters, digests, raw["versions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError(f"{path}: not a baseline ({error}); make one with: binhdan eval baseline RUN") from error


def _refuse_unlike(a: Measured, b: Measured) -> None:
    changed = [c for c, v in a.versions.items() if b.versions.get(c, v) != v]
    if changed:
        raise CaseError(
            f"{a.name} and {b.name} were scored by other versions of {', '.join(changed)}; score them again"
        )
    if not _common(a, b, "status"):
        raise CaseError(f"{a.name} and {b.name} have no case in common")


def _common(a: Measured, b: Measured, check: str) -> list[str]:
    """Return the cases that both scored and that ask and expect the same in both, sorted."""
    return sorted(i for i in a.values[check].keys() & b.values[check].keys() if a.digests.get(i) == b.digests.get(i))


def _deltas(a: Measured, b: Measured, check: str, ids: Sequence[str]) -> list[float]:
    return [b.values[check][i] - a.values[check][i] for i in ids]


def _differences(
    wanted: Sequence[tuple[str, set[str] | None]], a: Measured, b: Measured, seed: int, rounds: int = ROUNDS
) -> list[Difference]:
    """Return a difference for each (check, ids or all), with Holm's correction over those that have cases."""
    rows: list[Difference] = []
    for check, only in wanted:
        ids = [i for i in _common(a, b, check) if only is None or i in only]
        rows.append(_difference(check, ids, a, b, seed, rounds))
    counted = [n for n, row in enumerate(rows) if row.n]
    adjusted = dict(zip(counted, holm([rows[n].p for n in counted]), strict=True))
    return [replace(row, adjusted=adjusted.get(n, 1.0)) for n, row in enumerate(rows)]


def _difference(check: str, ids: Sequence[str], a: Measured, b: Measured, seed: int, rounds: int) -> Difference:
    if not ids:
        return Difference(check, 0, 0.0, 0.0, 0.0, Interval(0.0, 0.0), 1.0, 1.0)
    deltas, clusters = _deltas(a, b, check, ids), [b.clusters[i] for i in ids]
    before, after = (float(np.mean([side.values[check][i] for i in ids])) for side in (a, b))
    return Difference(
        check, len(ids), before, after, after - before, mean_interval(deltas, clusters, seed, rounds),
        sign_flip_p(deltas, clusters, seed, rounds), 1.0,
    )  # fmt: skip


def _digest(case: Case) -> str:
    """Return a digest of what a case asks and expects; who wrote or reviewed it, notes and pins do not count."""
    row = {k: v for k, v in case_json(case).items() if k not in {"notes", "author", "reviewed_by", "pins", "created"}}
    return sha256(json.dumps(row, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:12]
