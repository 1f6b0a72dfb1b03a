"""`binhdan eval …`: test sets, runs, comparison, gate and reports. The work is done in `evals`."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Evaluation: test sets, runs, comparison, gate.", no_args_is_help=True)

Home = Annotated[Path | None, typer.Option("--home", help="Folder of run-time data (BINHDAN_HOME).")]
Set = Annotated[str, typer.Argument(metavar="SET", help="A shipped set (dev, test) or a JSONL file.")]
Sets = Annotated[list[str], typer.Argument(metavar="SET…", help="Shipped sets (dev, test) or JSONL files.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name or folder.")]
Reason = Annotated[str, typer.Option(help="Why the held-out half is opened; logged.")]
BASELINE = Path(__file__).resolve().parent.parent / "evals" / "baseline.json"
Config = Annotated[Path | None, typer.Option(help="YAML of settings to run with, e.g. `retrieved: 1`.")]


class Layout(StrEnum):
    """A format to export."""

    CSV = "csv"
    XLSX = "xlsx"
    BEIR = "beir"
    TREC = "trec"
    RAGAS = "ragas"
    DEEPEVAL = "deepeval"
    INSPECT = "inspect"


@app.command()
def check(sets: Sets, reason: Reason = "") -> None:
    """Check test sets against the guides; one line a fault."""
    from evals.sets import open_set

    settings = _settings()
    guides = _corpus(settings).guides
    for name in sets:
        typer.echo(f"{name}: {len(open_set(name, settings, guides, reason))} cases, no faults")


@app.command()
def leaks(sets: Sets, reason: Reason = "") -> None:
    """List the questions that are nearly the same as one that tuning has seen."""
    from evals.leaks import find_leaks, seen_by_tuning
    from evals.sets import open_set

    settings = _settings()
    seen = seen_by_tuning(_corpus(settings).guides, settings.corpus)
    found = [leak for name in sets for leak in find_leaks(open_set(name, settings, None, reason), seen)]
    for leak in found:
        typer.echo(f"{leak.case.id}: {leak.case.question!r} is {leak.likeness} like {leak.seen!r} ({leak.where})")
    if found:
        raise typer.Exit(2)


@app.command()
def run(
    name_of_set: Set,
    name: Annotated[str | None, typer.Option(help="The run's name; an unfinished run of that name goes on.")] = None,
    config: Config = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask a seeded sample of so many cases.")] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Ask every case so many times.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the sample and the typing twins.")] = 0,
    twins: Annotated[bool, typer.Option(help="Ask every case in each way of typing too.")] = True,
    gated: Annotated[
        bool, typer.Option("--gate", help="Then hold the run against the baseline; exit 3 when worse.")
    ] = False,
    reason: Reason = "",
    home: Home = None,
) -> None:
    """Answer a set, score it, and print the figures with their intervals."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from evals.runs import generate, start_run
    from evals.scoring import gold_guides, score_run, served_corpus
    from evals.sets import open_set, prepare
    from rag.serving import ensure_index

    settings = _settings(config, home=home)
    ensure_index(settings, _say)
    corpus = served_corpus(settings)
    gold = gold_guides(settings, corpus)
    cases = prepare(open_set(name_of_set, settings, gold, reason), twins, limit, seed)
    this = start_run(settings, name_of_set, cases, name, repeat, seed)
    _say(f"run {this.manifest.name}: {this.manifest.base_cases} cases, {this.manifest.cases} with their twins")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("answering", total=this.manifest.cases * repeat)
        try:
            generate(this, settings, lambda count: progress.update(task, completed=count))
        except KeyboardInterrupt:
            _say(f"stopped; go on with: binhdan eval run {name_of_set} --name {this.manifest.name}")
            raise typer.Exit(1) from None
    score_run(this, corpus)
    _print_summary(this)
    if gated:
        _hold(this, BASELINE)


@app.command()
def score(run_name: RunName, home: Home = None) -> None:
    """Score a run again, without asking anything again."""
    from evals.runs import find_run
    from evals.scoring import score_run, served_corpus

    settings = _settings(home=home)
    this = find_run(settings, run_name)
    score_run(this, served_corpus(settings))
    _print_summary(this)


@app.command("list")
def list_all(home: Home = None) -> None:
    """List the runs, newest first."""
    from evals.runs import list_runs

    for this in list_runs(_settings(home=home)):
        state = "" if this.finished else "  (not finished)"
        typer.echo(f"{this.manifest.name}  {this.manifest.set}  {this.manifest.base_cases} cases{state}")


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The run that was.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The run that is new.")],
    seed: Annotated[int, typer.Option(help="Seed of the resampling.")] = 0,
    home: Home = None,
) -> None:
    """Say whether run B is better or worse than run A, or that it cannot be told."""
    from evals.comparison import compare_runs
    from evals.reporting import print_comparison
    from evals.runs import find_run

    settings = _settings(home=home)
    print_comparison(compare_runs(find_run(settings, a), find_run(settings, b), seed))


@app.command()
def report(
    run_name: RunName,
    vs: Annotated[str | None, typer.Option(help="Another run to compare with.")] = None,
    home: Home = None,
) -> None:
    """Write report.html, report.md and junit.xml of a run into its folder."""
    from evals.comparison import compare_runs
    from evals.reporting import write_reports
    from evals.runs import find_run
    from evals.scoring import served_corpus

    settings = _settings(home=home)
    this, other = find_run(settings, run_name), find_run(settings, vs) if vs else None
    comparison = compare_runs(other, this) if other else None
    for path in write_reports(this, served_corpus(settings), comparison, other):
        typer.echo(path)


@app.command()
def gate(
    run_name: RunName,
    baseline: Annotated[Path, typer.Option(help="The baseline to hold.")] = BASELINE,
    release: Annotated[bool, typer.Option(help="An inconclusive gate fails too.")] = False,
    home: Home = None,
) -> None:
    """Exit 3 when a run is worse than the baseline, and name what fell short."""
    from evals.runs import find_run

    _hold(find_run(_settings(home=home), run_name), baseline, release)


def _hold(this: Any, baseline: Path, release: bool = False) -> None:
    from evals.comparison import Outcome, judge_gate, load_baseline, measured
    from evals.reporting import print_gate

    judged = judge_gate(measured(this), load_baseline(baseline))
    print_gate(judged)
    if judged.outcome is Outcome.FAIL or (release and judged.outcome is Outcome.INCONCLUSIVE):
        raise typer.Exit(3)


@app.command()
def baseline(
    run_name: RunName,
    out: Annotated[Path, typer.Option(help="Where to write it.")] = BASELINE,
    home: Home = None,
) -> None:
    """Make a run the baseline that later gates hold."""
    from evals.comparison import measured, save_baseline
    from evals.runs import find_run

    save_baseline(out, measured(find_run(_settings(home=home), run_name)))
    typer.echo(out)


@app.command("false-alarms")
def false_alarms_(
    run_name: RunName,
    splits: Annotated[int, typer.Option(min=1, help="How many seeded splits.")] = 200,
    home: Home = None,
) -> None:
    """Say how often comparing a version with itself would find a difference."""
    from evals.comparison import false_alarms
    from evals.runs import find_run
    from evals.scoring import load_scores

    this = find_run(_settings(home=home), run_name)
    rate = false_alarms(this.cases(), load_scores(this), splits)
    typer.echo(f"{rate:.1%} of {splits} comparisons of a version with itself found a difference")


@app.command()
def case(name_of_set: Set, case_id: str, config: Config = None, reason: Reason = "") -> None:
    """Ask one case of a set now, and print its answer, checks and cause."""
    import json

    from evals.runs import answer_case
    from evals.scoring import score_outputs, served_corpus
    from evals.sets import open_set
    from evals.variants import expand_cases
    from rag.errors import CaseError
    from rag.serving import ensure_index, open_assistant

    settings = _settings(config)
    known = expand_cases(open_set(name_of_set, settings, None, reason))
    chosen = [row for row in known if row.id == case_id]
    if not chosen:
        raise CaseError(f"{name_of_set} has no case {case_id!r}")
    ensure_index(settings, _say)
    output = answer_case(open_assistant(settings), chosen[0])
    scored = score_outputs(chosen, [output], served_corpus(settings))[0]
    typer.echo(f"{chosen[0].question}\n\n{output.status}: {output.text}\n")
    typer.echo(json.dumps(scored.model_dump(exclude_defaults=True), ensure_ascii=False, indent=1))


@app.command()
def judge(
    run_name: RunName,
    verdicts: Annotated[Path | None, typer.Option(help="Trainers' verdicts (JSONL: case, aspect, grade).")] = None,
    home: Home = None,
) -> None:
    """Let the configured language model grade a run; its agreement with trainers stands beside every figure."""
    from evals.judge import judge_run, load_verdicts
    from evals.runs import find_run
    from rag.errors import ModelError
    from rag.llm import open_model

    settings = _settings(home=home)
    model = open_model(settings)
    if model is None:
        raise ModelError("no language model is configured; set BINHDAN_MODEL=openai:NAME and BINHDAN_MODEL_URL")
    for row in judge_run(find_run(settings, run_name), model, load_verdicts(verdicts) if verdicts else {}):
        typer.echo(row.line())


@app.command()
def stale(sets: Sets, reason: Reason = "") -> None:
    """List the cases whose guides have changed since they were written."""
    from evals.cases import stale as find_stale
    from evals.sets import open_set

    settings = _settings()
    guides = _corpus(settings).guides
    rows = [row for name in sets for row in find_stale(open_set(name, settings, None, reason), guides)]
    for stale_case, changed in rows:
        typer.echo(f"{stale_case.id}: {', '.join(changed)} changed")
    if rows:
        raise typer.Exit(2)


@app.command()
def pin(
    files: Annotated[list[Path], typer.Argument(help="Set files to write again.")],
) -> None:
    """Pin the cases of set files to the present text of their guides, after reading them against it."""
    from evals.cases import load_cases, pinned, save_cases

    guides = _corpus(_settings()).guides
    for path in files:
        cases = load_cases(path, guides)
        save_cases(path, [pinned(row, guides) for row in cases])
        typer.echo(f"{path}: {len(cases)} cases pinned")


@app.command()
def peeks(home: Home = None) -> None:
    """List who opened the held-out half, when and why."""
    from evals.sets import peeks as read_peeks

    for row in read_peeks(_settings(home=home)):
        typer.echo(f"{row['when']}  {row['who']}  {row['why']}")


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="CSV, Excel, a BEIR folder, or TREC qrels.")],
    out: Annotated[Path, typer.Option(help="The set to write (JSONL).")],
    queries: Annotated[Path | None, typer.Option(help="With TREC qrels: the questions, id<TAB>text.")] = None,
    author: Annotated[str, typer.Option(help="Who made the cases, where the source does not say.")] = "nhập từ ngoài",
) -> None:
    """Make a test set from a trainer's table, a BEIR folder or TREC qrels."""
    from evals.cases import pinned, save_cases
    from evals.formats import import_beir, import_table, import_trec

    guides = _corpus(_settings()).guides
    if source.is_dir():
        cases = import_beir(source, guides, author)
    elif queries is not None:
        cases = import_trec(source, queries, guides, author)
    else:
        cases = import_table(source)
    save_cases(out, [pinned(row, guides) for row in cases])
    typer.echo(f"{out}: {len(cases)} cases")


@app.command()
def export(
    source: Annotated[
        str, typer.Argument(metavar="SET|RUN", help="A set for csv, xlsx and beir; a run for the others.")
    ],
    out: Annotated[Path, typer.Argument(help="File or, for beir and trec, folder.")],
    layout: Annotated[Layout, typer.Option("--as", help="The format.")],
    reason: Reason = "",
    home: Home = None,
) -> None:
    """Write a set or a run in a format of other tools."""
    from evals.formats import export_beir, export_dataset, export_table, export_trec
    from evals.runs import find_run
    from evals.scoring import served_corpus
    from evals.sets import open_set

    settings = _settings(home=home)
    if layout in {Layout.CSV, Layout.XLSX}:
        export_table(out.with_suffix(f".{layout.value}"), open_set(source, settings, None, reason))
    elif layout is Layout.BEIR:
        export_beir(out, open_set(source, settings, None, reason), _corpus(settings).guides)
    elif layout is Layout.TREC:
        export_trec(out, find_run(settings, source))
    else:
        export_dataset(out, find_run(settings, source), served_corpus(settings).guides, layout.value)
    typer.echo(out)


@app.command()
def rank(
    name_of_set: Set,
    run_file: Annotated[Path, typer.Argument(help="TREC run over our guides or passages.")],
    reason: Reason = "",
) -> None:
    """Score the ranking of another system, given as a TREC run file."""
    from evals.formats import read_trec_run
    from evals.ranking import MEASURES, guide_gold, passage_gold, rank_scores
    from evals.sets import open_set

    cases, ranked = open_set(name_of_set, _settings(), None, reason), read_trec_run(run_file)
    of_passages = any("#" in document for found in ranked.values() for document in found)
    scores = rank_scores((passage_gold if of_passages else guide_gold)(cases), ranked)
    for measure in MEASURES:
        typer.echo(f"{measure:10} {sum(row[measure] for row in scores.values()) / max(1, len(scores)):.4f}")


@app.command()
def expand(name_of_set: Set, out: Path, seed: int = 0, reason: Reason = "") -> None:
    """Write a set with every way of typing each case."""
    from evals.cases import save_cases
    from evals.sets import open_set
    from evals.variants import expand_cases

    rows = expand_cases(open_set(name_of_set, _settings(), None, reason), seed)
    save_cases(out, rows)
    typer.echo(f"{out}: {len(rows)} cases")


def _print_summary(this: Any) -> None:
    from evals.reporting import print_summary

    print_summary(this)


def _corpus(settings: Any):
    """Read the shipped corpus, which the shipped sets are about."""
    from evals.scoring import load_corpus

    return load_corpus(settings.corpus)


def _settings(config: Path | None = None, **flags: object):
    from evals.sets import read_config
    from rag.settings import load_settings

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    return load_settings(**{**(read_config(config) if config else {}), **flags})


def _say(text: str) -> None:
    typer.echo(text, err=True)
