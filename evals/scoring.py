"""From a run's outputs to its scores. Scoring asks nobody and may be repeated: the same outputs give the same bytes.

`scores.jsonl` has a row a case, `summary.json` the figures over the set, `cost.json` the times, which differ from run
to run and are kept apart.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from evals.abstention import aurc, calibration_error, declining, reliability, risk_coverage
from evals.cases import ANSWERED_KINDS, GROUPS, UNANSWERABLE_KINDS, Case
from evals.causes import Cause, cause_of
from evals.checks import CHECKS, Judged
from evals.language import plainness
from evals.ranking import ranking_scores
from evals.runs import Output, Run, write_json
from evals.statistics import mean_interval
from rag.answers import status_group
from rag.editions import corpus_in_use, edition_in_use
from rag.errors import CaseError
from rag.glossary import Glossary, load_glossary
from rag.guides import Guide, load_guides
from rag.settings import Settings
from rag.sheets import load_sheets

SLICES: dict[str, Callable[[Case], str]] = {
    "topic": lambda case: case.topic,
    "kind": lambda case: case.kind.value,
    "style": lambda case: case.style.value,
}
SLICED_CHECKS = ("right", "status", "vital-strict", "citation-precision", "guide-hit@1")


class Score(BaseModel):
    """The scores of one case, the mean over its repeats; None is unscored. `found` lists what failing checks found."""

    model_config = ConfigDict(frozen=True)
    id: str
    base: str
    variant: str | None
    cluster: str
    status: str
    confidence: float
    checks: dict[str, float | None]
    found: dict[str, list[str]] = {}
    cause: Cause | None = None
    flips: float = 0.0

    @property
    def group(self) -> str:
        """The status's group."""
        return status_group(self.status)


@dataclass(frozen=True, slots=True)
class Corpus:
    """What answers are checked against."""

    guides: Mapping[str, Guide]
    glossary: Glossary


def load_corpus(folder: Path) -> Corpus:
    """Read the guides and the glossary. Raises CorpusError."""
    return Corpus(load_guides(folder, load_sheets(folder / "facts")), load_glossary(folder))


def served_corpus(settings: Settings) -> Corpus:
    """Read the corpus that answers are made from: the shipped one or its edition in use. Raises CorpusError."""
    return load_corpus(corpus_in_use(settings))


def gold_guides(settings: Settings, served: Corpus) -> Mapping[str, Guide]:
    """Return the guides that sets are proved against, the shipped ones; a set is not wrong because a guide was edited."""
    return load_corpus(settings.corpus).guides if edition_in_use(settings) else served.guides


def score_run(run: Run, corpus: Corpus) -> list[Score]:
    """Score a finished run and write scores.jsonl, summary.json and cost.json. Raises CaseError when it is not finished."""
    if not run.finished:
        raise CaseError(f"run {run.manifest.name!r} is not finished; run it again with --name {run.manifest.name}")
    cases, outputs = run.cases(), run.outputs()
    scores = score_outputs(cases, outputs, corpus)
    rows = "".join(score.model_dump_json(exclude_defaults=True) + "\n" for score in scores)
    (run.folder / "scores.jsonl").write_text(rows, encoding="utf-8", newline="\n")
    write_json(run.folder / "summary.json", summarise(cases, outputs, scores, corpus))
    write_json(run.folder / "cost.json", cost(outputs))
    return scores


def load_scores(run: Run) -> list[Score]:
    """Return the scores of a scored run. Raises CaseError."""
    path = run.folder / "scores.jsonl"
    if not path.exists():
        raise CaseError(f"run {run.manifest.name!r} is not scored; run: binhdan eval score {run.manifest.name}")
    return [Score.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]


def load_summary(run: Run) -> dict[str, Any]:
    """Return the summary of a scored run."""
    return json.loads((run.folder / "summary.json").read_text(encoding="utf-8"))


def score_outputs(cases: Sequence[Case], outputs: Iterable[Output], corpus: Corpus) -> list[Score]:
    """Score every case from all its repeats, in the order of the cases."""
    by_case: dict[str, list[Output]] = defaultdict(list)
    for output in outputs:
        by_case[output.id].append(output)
    passages = {p.id: p for guide in corpus.guides.values() for p in guide.passages}
    repeats = max(map(len, by_case.values()), default=0)
    rankings = [
        ranking_scores(cases, {case.id: by_case[case.id][min(n, len(by_case[case.id]) - 1)] for case in cases})
        for n in range(repeats)
    ]
    return [
        _mean_score(
            case,
            [Judged(case, o, passages, rankings[n].get(case.id, {})) for n, o in enumerate(by_case[case.id])],
        )
        for case in cases
    ]


def _mean_score(case: Case, repeats: Sequence[Judged]) -> Score:
    verdicts = [{check.id: check.score(judged) for check in CHECKS} for judged in repeats]
    values = {check.id: _mean([v[check.id].value for v in verdicts]) for check in CHECKS}
    found = {
        check.id: list(dict.fromkeys(text for v in verdicts for text in v[check.id].found))
        for check in CHECKS
        if (value := values[check.id]) is not None and value < 1
    }
    first = repeats[0].output
    causes = [cause for judged in repeats if (cause := cause_of(judged))]
    return Score(
        id=case.id, base=case.base_id, variant=case.variant, cluster=case.cluster, status=first.status,
        confidence=first.answer.get("confidence", 0.0), checks=values, found={k: v for k, v in found.items() if v},
        cause=causes[0] if causes else None,
        flips=_mean([float(v["right"].value != verdicts[0]["right"].value) for v in verdicts]) or 0.0,
    )  # fmt: skip


def summarise(
    cases: Sequence[Case], outputs: Sequence[Output], scores: Sequence[Score], corpus: Corpus
) -> dict[str, Any]:
    """Return every figure over the set; cases as written, and their typing twins in a part of their own."""
    clean = [(case, score) for case, score in zip(cases, scores, strict=True) if case.base is None]
    return {
        "checks": {check.id: figure([s for _, s in clean], check.id) for check in CHECKS},
        "versions": {check.id: check.version for check in CHECKS},
        "slices": {name: _slices(clean, key) for name, key in SLICES.items()},
        "twins": twins(scores),
        "matrix": _matrix(clean),
        "abstention": abstention(clean),
        "causes": dict(Counter(s.cause.value for _, s in clean if s.cause).most_common()),
        "language": _language(outputs, {case.id for case, _ in clean}, corpus.glossary),
        "flips_over_repeats": _mean([score.flips for score in scores]),
    }


def figure(scores: Sequence[Score], check: str) -> dict[str, Any]:
    """Return a check's mean with its interval, how many cases it scored and how many it could not."""
    scored = [(value, s.cluster) for s in scores if (value := s.checks[check]) is not None]
    unscored = len(scores) - len(scored)
    if not scored:
        return {"mean": None, "low": None, "high": None, "n": 0, "unscored": unscored}
    values = [value for value, _ in scored]
    interval = mean_interval(values, [cluster for _, cluster in scored])
    return {
        "mean": _mean(values), "low": _round(interval.low), "high": _round(interval.high),
        "n": len(values), "unscored": unscored,
    }  # fmt: skip


def twins(scores: Sequence[Score]) -> dict[str, Any]:
    """Compare each writing variant with the same cases as written: rates of right answers, parity, flips.

    Parity is the variant's rate over the clean rate; a flip is another verdict or another status group.
    """
    clean = {score.id: score for score in scores if score.variant is None}
    groups: dict[str, list[tuple[Score, Score]]] = defaultdict(list)
    for score in scores:
        if score.variant is not None:
            groups[score.variant].append((clean[score.base], score))
    rows = {name: _twin_row(pairs) for name, pairs in groups.items()}
    worst = min(rows, key=lambda name: (rows[name]["parity"] is None, rows[name]["parity"]), default=None)
    return {"variants": rows, "worst": worst, "all": _twin_row([pair for pairs in groups.values() for pair in pairs])}


def _twin_row(pairs: Sequence[tuple[Score, Score]]) -> dict[str, Any]:
    before = _mean([base.checks["right"] for base, _ in pairs])
    after = _mean([twin.checks["right"] for _, twin in pairs])
    flips = [float(base.checks["right"] != twin.checks["right"] or base.group != twin.group) for base, twin in pairs]
    parity = after / before if before and after is not None else None
    return {
        "n": len(pairs), "clean": before, "right": after, "parity": _round(parity), "flips": _mean(flips),
    }  # fmt: skip


def abstention(rows: Sequence[tuple[Case, Score]]) -> dict[str, Any]:
    """Return how well it declines, and what its confidence is worth, over answerable and unanswerable questions.

    Confidence is the chance that the first guide answers; it is right when that guide is one of the case's.
    """
    asked = [(c, s) for c, s in rows if c.kind in ANSWERED_KINDS | UNANSWERABLE_KINDS]
    if not asked:
        return {}
    should = [c.kind in UNANSWERABLE_KINDS for c, _ in asked]
    did = [s.group in {"declined", "clarify"} for _, s in asked]
    sure = [(c, s) for c, s in asked if s.group in {"answered", "partial", "declined"}]
    confidence = [s.confidence for _, s in sure]
    right = [s.checks["guide-hit@1"] == 1 for _, s in sure]
    curve, bins = risk_coverage(confidence, right), reliability(confidence, right)
    safe = [coverage for coverage, risk in curve if risk <= 0.05]
    return {
        **{key: _round(value) for key, value in asdict(declining(should, did)).items()},
        "n": len(asked), "aurc": _round(aurc(curve)), "calibration_error": _round(calibration_error(bins)),
        "coverage_at_5_percent_risk": _round(max(safe, default=0.0)),
        "curve": [(_round(c), _round(r)) for c, r in curve], "bins": [asdict(b) for b in bins],
    }  # fmt: skip


def cost(outputs: Sequence[Output]) -> dict[str, Any]:
    """Return seconds by step (p50, p95, p99), tokens, and the peak memory of the processes that answered."""
    seconds = {
        step: dict(zip(("p50", "p95", "p99"), map(_round, np.percentile(values, [50, 95, 99])), strict=True))
        for step in ("retrieve", "answer", "total")
        if (values := [o.answer["seconds"][step] for o in outputs if o.answer.get("seconds")])
    }
    return {"seconds": seconds, "tokens": 0, "peak_mib": max((o.peak_mib for o in outputs), default=0.0)}


def _slices(rows: Sequence[tuple[Case, Score]], key: Callable[[Case], str]) -> dict[str, Any]:
    groups: dict[str, list[Score]] = defaultdict(list)
    for case, score in rows:
        groups[key(case)].append(score)
    return {name: {c: figure(scores, c) for c in SLICED_CHECKS} for name, scores in sorted(groups.items())}


def _matrix(rows: Sequence[tuple[Case, Score]]) -> dict[str, dict[str, int]]:
    counts = Counter((status_group(c.expected[0]), s.group) for c, s in rows)
    return {
        wanted: {got: counts[wanted, got] for got in GROUPS}
        for wanted in GROUPS
        if any(counts[wanted, g] for g in GROUPS)
    }


def _language(outputs: Sequence[Output], ids: set[str], glossary: Glossary) -> dict[str, float | None]:
    found = [p for o in outputs if o.id in ids and o.repeat == 0 and (p := plainness(o.answer["text"], glossary))]
    return {
        name: _round(_mean([getattr(p, name) for p in found]))
        for name in ("sentence_syllables", "uncommon", "readability")
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _round(sum(known) / len(known)) if known else None


def _round(value: float | None) -> float | None:
    """Six decimals: what a mean of a few hundred cases can carry, and the same bytes on every machine."""
    return None if value is None else round(float(value), 6)
