"""The command line. Result on stdout, everything else on stderr; exit 0 done, 1 our fault, 2 operator, 3 gate."""

import json
import logging
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from rag.errors import BinhDanError, GateError
from ui.eval_cli import app as eval_app
from ui.ingest_cli import app as documents_app
from ui.ingest_cli import ingest
from ui.users_cli import app as users_app

app = typer.Typer(
    help="Bình dân học AI: short, cited answers about public services in Vietnam.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
)  # fmt: skip
index_app = typer.Typer(help="The search index.", no_args_is_help=True)
corpus_app = typer.Typer(help="The guides.", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(corpus_app, name="corpus")
app.add_typer(eval_app, name="eval")
app.add_typer(users_app, name="users")
app.add_typer(documents_app, name="documents")
app.command()(ingest)

Home = Annotated[Path | None, typer.Option("--home", help="Folder of run-time data (BINHDAN_HOME).")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    home: Home = None,
) -> None:
    """Serve the web chat (http://127.0.0.1:7860 by default)."""
    from ui.app import run

    run(_settings(host=host, port=port, home=home), _say)


@app.command()
def publish(
    override: Annotated[str | None, typer.Option(help="Full name of who answers for it although a case fails.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, with --override; at least 20 characters.")] = None,
    home: Home = None,
) -> None:
    """Check the version that the settings describe against the cases of corrections, and publish it."""
    from ui.publish_cli import publish_version

    if (override is None) != (reason is None):
        raise typer.BadParameter("give --override with --reason")
    publish_version(_settings(home=home), override, reason, _say)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, with or without diacritics.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    history: Annotated[
        Path | None, typer.Option(help="JSON list of earlier turns: question, answer, guide_id.")
    ] = None,
    batch: Annotated[Path | None, typer.Option(help="JSONL with id, question, optional history.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Answer by the rules of this day.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="JSONL to write with --batch; a cut run goes on where it stopped.")
    ] = None,
    home: Home = None,
) -> None:
    """Answer one question, or many with --batch IN.jsonl --out OUT.jsonl."""
    from rag.answers import answer_json
    from rag.serving import ensure_index, open_assistant
    from ui.batch import read_batch, read_history, run_batch

    if (batch is None) == (question is None) or (batch is not None) != (out is not None):
        raise typer.BadParameter("give one question, or --batch IN.jsonl with --out OUT.jsonl")
    settings = _settings(home=home, today=as_of.date() if as_of else None)
    questions = list(read_batch(batch)) if batch else []
    turns = read_history(history) if history else ()
    ensure_index(settings, _say)
    assistant = open_assistant(settings)
    if batch and out:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("answering", total=len(questions))
            new = run_batch(assistant, questions, out, lambda: progress.advance(task))
        _say(f"{new} new answers, {len(questions)} in all, in {out}")
        return
    answer = assistant.ask(question or "", turns)
    if as_json:
        typer.echo(json.dumps(answer_json(answer), ensure_ascii=False))
    else:
        from ui.wording import as_plain_text

        typer.echo(as_plain_text(answer))


@index_app.command("build")
def index_build(
    if_needed: Annotated[bool, typer.Option("--if-needed", help="Do nothing when the index is up to date.")] = False,
    home: Home = None,
) -> None:
    """Build a new index beside the old one, check it, and switch to it."""
    from rag.editions import renew_edition
    from rag.serving import build_generation, ensure_index

    settings = _settings(home=home)
    if if_needed:
        _say("index built" if ensure_index(settings, _say) else "index is up to date")
        return
    folder = build_generation(settings, renew_edition(settings, _say), _say)
    typer.echo(f"index generation {folder.name} is in use")


@index_app.command("status")
def index_status(home: Home = None) -> None:
    """Say whether the index can serve."""
    from rag.index import current_generation
    from rag.serving import serving_state

    settings = _settings(home=home)
    if reason := serving_state(settings):
        _fail(reason)
    typer.echo(f"index generation {current_generation(settings.index_folder).name} is up to date")


@index_app.command("verify")
def index_verify(home: Home = None) -> None:
    """Check every file and every vector of the index in use."""
    from rag.index import current_generation, verify_generation

    settings = _settings(home=home)
    folder = current_generation(settings.index_folder)
    if fault := verify_generation(folder):
        _fail(fault)
    typer.echo(f"index generation {folder.name} is whole")


@index_app.command("list")
def index_list(home: Home = None) -> None:
    """List the generations on this machine, oldest first: when each was made, of which edition of the guides."""
    from rag.index import generations

    for found in generations(_settings(home=home).index_folder):
        of = f"edition {found.edition}" if found.edition else "the shipped guides"
        made_at = found.made_at.astimezone()
        typer.echo(f"{found.name}  {made_at:%Y-%m-%d %H:%M}  {of}{'  in use' if found.in_use else ''}")


@index_app.command("use")
def index_use(
    name: Annotated[str, typer.Argument(help="A generation that `binhdan index list` names.")],
    home: Home = None,
) -> None:
    """Put another generation in use, newer or older; a running server follows within seconds."""
    from rag.serving import use_generation

    use_generation(_settings(home=home), name)
    typer.echo(f"index generation {name} is in use")


@corpus_app.command("check")
def corpus_check(
    corpus: Annotated[Path | None, typer.Option(help="Folder of the corpus (BINHDAN_CORPUS).")] = None,
) -> None:
    """Prove that the guides say all that the fact sheets say and nothing else."""
    from rag.corpus import check_corpus

    report = check_corpus(_settings(corpus=corpus).corpus)
    for problem in report.problems:
        typer.echo(problem, err=True)
    if report.problems:
        _fail(f"{len(report.problems)} problems in {len(report.guides)} guides")
    typer.echo(f"{len(report.guides)} guides cover {report.sheets} sheets: no problems")


@app.command()
def doctor(
    model: Annotated[bool, typer.Option("--model", help="Ask the configured language model a question, too.")] = False,
    home: Home = None,
) -> None:
    """Check what the program needs on this machine, and say how to mend what is missing; a note is only for reading documents and for speech."""
    from ui.doctor import checks

    rows = list(checks(_settings(home=home), model))
    for row in rows:
        typer.echo(f"{row.mark} {row.name}: {row.finding}")
    if not all(row.ok or row.optional for row in rows):
        raise typer.Exit(2)


def main() -> None:
    """Run the command line; an operator's error is one line, ours is logged with its trace."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        app()
    except BinhDanError as error:
        _say(str(error))
        sys.exit(3 if isinstance(error, GateError) else 2)


def _settings(**flags: object):
    from rag.settings import load_settings

    return load_settings(**flags)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _fail(text: str) -> None:
    _say(text)
    raise typer.Exit(2)


if __name__ == "__main__":
    main()
