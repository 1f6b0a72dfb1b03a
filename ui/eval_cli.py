"""`binhdan eval …`: test sets, runs, comparison, gate and reports. The work is done in `evals`."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Evaluation: test sets, runs, comparison, gate.", no_args_is_help=True)

Home = Annotated[Path | None, typer.Option("--home", help="Folder of run-time data (BINHDAN_HOME).")]
Set = Annotated[str, typer.Argument(metavar="SET", help="A shipped set (dev, test) or a JSONL file.")]
Sets = Annotated[list[str], typer.Argument(metavar="SET…", help="Shipped sets (dev, test) or JSONL files.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name or folder.")]
Reason = Annotated[str, typer.Option(help="Why the held-out half is opened; logged.")]
Config = Annotated[Path | None, typer.Option(help="YAML of settings to run with, e.g. `retrieved: 1`.")]


@app.command()
def check(sets: Sets, reason: Reason = "") -> None:
    """Check test sets against the guides; one line a fault."""
    from evals.sets import open_set

    settings, guides = _settings(), _corpus(_settings()).guides
    for name in sets:
        typer.echo(f"{name}: {len(open_set(name, settings, dict(guides), reason))} cases, no faults")


@app.command()
def leaks(sets: Sets, reason: Reason = "") -> None:
    """List the questions that are nearly the same as one that tuning has seen."""
    from evals.leaks import find_leaks, seen_by_tuning
    from evals.sets import open_set

    settings = _settings()
    seen = seen_by_tuning(dict(_corpus(settings).guides), settings.corpus)
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
    reason: Reason = "",
    home: Home = None,
) -> None:
    """Answer a set, score it, and print the figures with their intervals."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from evals.runs import generate, start_run
    from evals.scoring import score_run
    from evals.sets import open_set, prepare

    settings = _settings(config, home=home)
    corpus = _corpus(settings)
    cases = prepare(open_set(name_of_set, settings, dict(corpus.guides), reason), twins, limit, seed)
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


@app.command()
def score(run_name: RunName, home: Home = None) -> None:
    """Score a run again, without asking anything again."""
    from evals.runs import find_run
    from evals.scoring import score_run

    settings = _settings(home=home)
    this = find_run(settings, run_name)
    score_run(this, _corpus(settings))
    _print_summary(this)


@app.command("list")
def list_all(home: Home = None) -> None:
    """List the runs, newest first."""
    from evals.runs import list_runs

    for this in list_runs(_settings(home=home)):
        state = "" if this.finished else "  (not finished)"
        typer.echo(f"{this.manifest.name}  {this.manifest.set}  {this.manifest.base_cases} cases{state}")


def _print_summary(this: Any) -> None:
    from evals.reporting import print_summary

    print_summary(this)


def _corpus(settings: Any):
    from evals.scoring import Corpus
    from rag.glossary import load_glossary
    from rag.guides import load_guides
    from rag.sheets import load_sheets

    guides = load_guides(settings.corpus, load_sheets(settings.corpus / "facts"))
    return Corpus(guides, load_glossary(settings.corpus))


def _settings(config: Path | None = None, **flags: object):
    from evals.sets import read_config
    from rag.settings import load_settings

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    return load_settings(**{**(read_config(config) if config else {}), **flags})


def _say(text: str) -> None:
    typer.echo(text, err=True)
