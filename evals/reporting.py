"""Figures of runs for people: tables on the terminal, and reports as one self-contained HTML file, Markdown and JUnit XML."""

import json
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from rich.console import Console
from rich.table import Table

from evals.cases import GROUPS, Case, stale
from evals.causes import TITLES, Cause
from evals.checks import CHECKS, forbidden_said, nugget_support
from evals.comparison import TWINS, TWINS_RANK, Comparison, Gate, Outcome, Verdict
from evals.plots import interval_plot, line_plot
from evals.runs import Run
from evals.scoring import SLICED_CHECKS, Corpus, load_scores, load_summary

_TITLES = {
    **{check.id: check.title for check in CHECKS},
    TWINS: "Đúng khi gõ kiểu khác",
    TWINS_RANK: "Hướng dẫn đúng đứng đầu khi gõ kiểu khác",
}
_VERDICTS = {Verdict.BETTER: "tốt hơn", Verdict.WORSE: "kém hơn", Verdict.CANNOT_TELL: "chưa phân biệt được"}
_SLICES = {"topic": "chủ đề", "kind": "loại câu hỏi", "style": "cách viết"}
_SHOWN_PER_CAUSE = 60
_COLOURS = {Verdict.BETTER: "green", Verdict.WORSE: "red", Verdict.CANNOT_TELL: "default"}
_OUTCOME_COLOURS = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCONCLUSIVE: "yellow"}


def print_summary(run: Run) -> None:
    """Print a run's figures with their 95 % intervals, its typing twins and its causes of failure."""
    summary = load_summary(run)
    console = _console()
    title = f"{run.manifest.name}: set {run.manifest.set}, {run.manifest.base_cases} cases"
    table = Table("check", "mean", "95 % interval", "cases", "unscored", title=title)
    for check in CHECKS:
        row = summary["checks"][check.id]
        if row["n"]:
            interval = f"{row['low']:.3f} – {row['high']:.3f}"
            table.add_row(check.id, f"{row['mean']:.3f}", interval, str(row["n"]), str(row["unscored"]))
    console.print(table)
    if summary["twins"]["variants"]:
        twins = Table("typing twin", "cases", "right as written", "right as twin", "parity", "flips")
        for name, row in {**summary["twins"]["variants"], "all": summary["twins"]["all"]}.items():
            mark = f"{name} (worst)" if name == summary["twins"]["worst"] else name
            twins.add_row(
                mark, str(row["n"]), _number(row["clean"]), _number(row["right"]), _percent(row["parity"]), _percent(row["flips"])
            )  # fmt: skip
        console.print(twins)
    figures = {k: v for k, v in summary["abstention"].items() if not isinstance(v, list)}
    console.print("declining: " + ", ".join(f"{name} {_number(value)}" for name, value in figures.items()))
    console.print(
        "causes of failure: " + (", ".join(f"{n} {cause}" for cause, n in summary["causes"].items()) or "none")
    )


def print_comparison(comparison: Comparison) -> None:
    """Print what B is beside A."""
    console = _console()
    table = Table("check", "cases", "A", "B", "difference", "95 % interval", "p (Holm)", "verdict", title=f"A {comparison.a}, B {comparison.b}")  # fmt: skip
    rows = [(d.check, d) for d in comparison.checks]
    rows += [(f"right, {s} {v}", d) for s, part in comparison.slices.items() for v, d in part.items() if d.n]
    for name, d in rows:
        interval = f"{d.interval.low:+.3f} – {d.interval.high:+.3f}"
        style = _COLOURS[d.verdict]
        table.add_row(name, str(d.n), f"{d.a:.3f}", f"{d.b:.3f}", f"{d.difference:+.3f}", interval, f"{d.adjusted:.3f}", d.verdict, style=style)  # fmt: skip
    console.print(table)
    console.print(f"won {len(comparison.won)}, lost {len(comparison.lost)} (McNemar p = {comparison.mcnemar:.3f})")
    for case_id in comparison.lost[:10]:
        console.print(f"  lost {case_id}")
    console.print(f"B is: {comparison.verdict}", style=_COLOURS[comparison.verdict])


def print_gate(gate: Gate) -> None:
    """Print the gate's rows and its outcome, naming what fell short."""
    console = _console()
    table = Table("check", "cases", "baseline", "run", "difference", "95 % interval", "margin", "outcome", title="gate")
    for row in gate.rows:
        d = row.difference
        more = f", about {row.needed} more cases needed" if row.outcome is Outcome.INCONCLUSIVE else ""
        table.add_row(
            d.check, str(d.n), f"{d.a:.3f}", f"{d.b:.3f}", f"{d.difference:+.3f}", f"{d.interval.low:+.3f} – {d.interval.high:+.3f}",
            f"{row.margin:.2f}", f"{row.outcome}{more}", style=_OUTCOME_COLOURS[row.outcome],
        )  # fmt: skip
    console.print(table)
    for check, ids in gate.broken.items():
        console.print(f"{check}: newly broken: {', '.join(ids)}", style="red")
    console.print(f"gate: {gate.outcome}", style=_OUTCOME_COLOURS[gate.outcome])


def html_report(
    run: Run, corpus: Corpus, comparison: Comparison | None = None, other: Run | None = None, back: str = ""
) -> str:
    """Return a self-contained page; with `comparison` and the `other` run, both answers of every changed case.

    `back` is where a link at its top leads.
    """
    return _render("report.html", run, corpus, comparison, other, back)


def markdown_report(run: Run, corpus: Corpus, comparison: Comparison | None = None) -> str:
    """Return the figures as Markdown."""
    return _render("report.md", run, corpus, comparison, None)


def junit_report(run: Run) -> str:
    """Return JUnit XML: a test a case, failed with its cause when it is not right."""
    scores = [score for score in load_scores(run) if score.variant is None]
    failed = [score for score in scores if score.cause]
    attributes = {"name": run.manifest.name, "tests": str(len(scores)), "failures": str(len(failed))}
    suite = ET.Element("testsuite", attributes)
    for score in scores:
        case = ET.SubElement(suite, "testcase", {"classname": run.manifest.set, "name": score.id})
        if score.cause:
            failure = ET.SubElement(case, "failure", {"message": score.cause.value})
            failure.text = _printable(json.dumps(score.found, ensure_ascii=False))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def write_reports(
    run: Run, corpus: Corpus, comparison: Comparison | None = None, other: Run | None = None
) -> list[Path]:
    """Write report.html, report.md and junit.xml into the run's folder and return their paths."""
    texts = {
        "report.html": html_report(run, corpus, comparison, other),
        "report.md": markdown_report(run, corpus, comparison),
        "junit.xml": junit_report(run),
    }
    for name, text in texts.items():
        (run.folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [run.folder / name for name in texts]


def _render(
    template: str, run: Run, corpus: Corpus, comparison: Comparison | None, other: Run | None, back: str = ""
) -> str:
    environment = Environment(
        loader=PackageLoader("evals"), autoescape=template.endswith(".html"), trim_blocks=True, lstrip_blocks=True
    )
    summary = load_summary(run)
    cases = {case.id: case for case in run.cases()}
    failures = _failures(run, cases)
    by_cause: dict[Cause, list[dict[str, Any]]] = defaultdict(list)
    for row in failures:
        by_cause[row["score"].cause].append(row)
    order = sorted(by_cause, key=lambda cause: -len(by_cause[cause]))
    judge = run.folder / "judge.txt"
    return environment.get_template(template).render(
        run=run.manifest, summary=summary, cost=json.loads((run.folder / "cost.json").read_text(encoding="utf-8")),
        checks=CHECKS, titles=_TITLES, sliced=SLICED_CHECKS, slice_names=_SLICES, groups=GROUPS, verdicts=_VERDICTS,
        comparison=comparison, changed=_changed(comparison, run, other, cases) if comparison and other else {},
        failures=failures, by_cause={cause: by_cause[cause][:_SHOWN_PER_CAUSE] for cause in order}, cause_titles=TITLES,
        stale=stale(list(cases.values()), corpus.guides), judge=judge.read_text(encoding="utf-8") if judge.exists() else "",
        back=back, num=_number, pct=_percent, **_plots(summary),
    )  # fmt: skip


def _failures(run: Run, cases: dict[str, Case]) -> list[dict[str, Any]]:
    outputs = run.first_outputs()
    rows = []
    for score in load_scores(run):
        if score.variant is None and score.cause:
            case, output = cases[score.id], outputs[score.id]
            said = {"nuggets": nugget_support(case, output.text), "forbidden": forbidden_said(case, output.text)}
            rows.append({"case": case, "score": score, "output": output, **said})
    return rows


def _changed(comparison: Comparison, run: Run, other: Run, cases: dict[str, Case]) -> dict[str, list[dict[str, Any]]]:
    before, after = other.first_outputs(), run.first_outputs()
    return {
        kind: [{"case": cases[i], "before": before[i], "after": after[i]} for i in ids]
        for kind, ids in (("lost", comparison.lost), ("won", comparison.won))
    }


def _plots(summary: dict[str, Any]) -> dict[str, Any]:
    shown = ("right", "status", "vital-strict", "numbers", "citation-recall", "citation-precision", "faithful", "guide-hit@1", "guide-hit@5")  # fmt: skip
    rows = [(id_, row["mean"], row["low"], row["high"]) for id_ in shown if (row := summary["checks"][id_])["n"]]
    plots: dict[str, Any] = {"overview": interval_plot(rows)}
    if abstention := summary["abstention"]:
        plots["risk"] = line_plot(abstention["curve"], "tỷ lệ câu được trả lời", "tỷ lệ sai")
        bins = [(row["confidence"], row["right"]) for row in abstention["bins"]]
        plots["calibration"] = line_plot(bins, "mức tin chắc", "tỷ lệ đúng", diagonal=True)
    return plots


def _console() -> Console:
    """Return a console wide enough for the tables also where there is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 150)


def _number(value: float | None) -> str:
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _printable(text: str) -> str:
    """Drop what XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\t\n" or c >= " ")
