"""`binhdan ingest` and `binhdan documents`: official documents in, and what became of them.

What reads, fetches and stores is loaded by the command that needs it: every other command starts without it.
"""

import json
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from rag.documents.states import DocumentState

if TYPE_CHECKING:
    from rag.ingestion import Ingestion, Outcome
    from rag.records import Records
    from rag.settings import Settings

app = typer.Typer(help="Official documents that were taken in.", no_args_is_help=True)
_OPERATOR = "operator"
_ESTIMATED_OVER_S = 300  # a page of a web site takes milliseconds and a scanned book minutes
Home = Annotated[Path | None, typer.Option("--home", help="Folder of run-time data (BINHDAN_HOME).")]


def ingest(
    what: Annotated[list[str] | None, typer.Argument(help="Files, folders, ZIPs, or addresses (https://…).")] = None,
    watch: Annotated[
        Path | None,
        typer.Option(help="Stay, and take in what is put into this folder.", exists=True, file_okay=False),
    ] = None,
    sources: Annotated[bool, typer.Option("--sources", help="Look at the pages of sources.yaml that are due.")] = False,
    host: Annotated[
        list[str] | None, typer.Option(help="Host that may be asked, beside those of sources.yaml.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also read what was refused before.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Files that are read at once; default: one a core.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="JSONL with what became of each file.")] = None,
    home: Home = None,
) -> None:
    """Take official documents in: they are read and wait for a person to confirm them; the same command goes on after a stop."""
    if not what and watch is None and not sources:
        raise typer.BadParameter("name files, folders or addresses, or give --watch FOLDER or --sources")
    from rag.documents.library import Library
    from rag.ingestion import Ingestion

    settings = _settings(home)
    with _records(settings) as records, _written(report) as lines:
        ingestion = Ingestion(Library(settings.documents_folder), records.documents, _OPERATOR, again=again)
        ingestion = replace(ingestion, workers=workers or ingestion.workers)
        failed = False
        urls = [item for item in what or () if "://" in item]
        paths = [Path(item) for item in what or () if "://" not in item]
        if paths:
            failed |= _said(_counted(ingestion, paths), lines)
        if urls:
            failed |= _said(_fetched(ingestion, settings, urls, host or ()), lines)
        if sources:
            failed |= _said(_looked(ingestion, settings, host or ()), lines)
        if watch:
            _said(_watched(ingestion, watch), lines)
    if failed:
        raise typer.Exit(2)


@app.command("list")
def list_all(
    state: Annotated[DocumentState | None, typer.Option(help="Only those of a state.")] = None, home: Home = None
) -> None:
    """List number, state, pages, pages to look at, document number and name; newest first."""
    with _records(_settings(home)) as records:
        before = None
        while page := records.documents.all(*([state] if state else []), before=before):
            for one in page:
                cells = (one.id, one.state.value, one.new.pages, len(one.open_pages), one.new.described.number or "-", one.new.name)  # fmt: skip
                typer.echo("\t".join(map(str, cells)) + (f"\t{one.refusal}" if one.refusal else ""))
            before = page[-1].id


@app.command()
def show(number: Annotated[int, typer.Argument(help="A number that `binhdan documents list` names.")], home: Home = None) -> None:  # fmt: skip
    """Print what rules read of a document, and its text by articles and clauses."""
    from rag.documents.library import Library

    settings = _settings(home)
    with _records(settings) as records:
        one = records.documents.get(number)
    for key, value in asdict(one.new.described).items():
        typer.echo(f"{key}: {value}")
    if not one.new.reading:
        typer.echo(f"refused: {one.refusal}")
        return
    for unit in Library(settings.documents_folder).units(one.new.file, one.new.reading):
        typer.echo(f"[{unit.page}] {', '.join(unit.path)}: {' '.join(filter(None, (unit.heading, unit.text)))}")


@app.command()
def remove(number: Annotated[int, typer.Argument(help="A number that `binhdan documents list` names.")], home: Home = None) -> None:  # fmt: skip
    """Delete a document, its file and all that was made of it; one that learners are answered from must be withdrawn first."""
    from rag.documents.library import Library
    from rag.errors import RecordError

    settings = _settings(home)
    with _records(settings) as records:
        one = records.documents.get(number)
        if one.state is DocumentState.PROPOSED:
            raise RecordError(f"document {number} is proposed or served; withdraw it on its page first")
        records.documents.remove(_OPERATOR, number)
        Library(settings.documents_folder).remove(one.new.file)
    typer.echo(f"document {number} is deleted: {one.new.name}")


def _counted(ingestion: "Ingestion", paths: list[Path]) -> "Iterator[Outcome]":
    """Yield outcomes under a progress bar with an estimate; files are counted first, which reads no content.

    What is in a ZIP is counted once it is opened.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from rag.documents.archives import files_of

    total = sum(1 for _ in files_of(paths, ingestion.limits))
    inside: list[int] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=_ESTIMATED_OVER_S) as progress:
        task = progress.add_task("reading", total=total)
        for outcome in replace(ingestion, opened=inside.append).files(paths):
            while inside:
                total += inside.pop() - 1  # the ZIP itself is no outcome
            progress.update(task, advance=1, total=total)
            yield outcome


def _fetched(
    ingestion: "Ingestion", settings: "Settings", urls: list[str], hosts: Iterable[str]
) -> "Iterator[Outcome]":
    """An address that an operator types may be asked; where it redirects to only if the list has that host, too."""
    from rag.documents.addresses import FetchRules
    from rag.documents.fetching import Fetcher
    from rag.documents.limits import DocumentError
    from rag.ingestion import Found, Outcome, Result

    fetcher = Fetcher(FetchRules(frozenset({*_allowed(settings), *hosts, *_named(urls)})))
    with ingestion.library.workspace() as folder:
        for url in urls:
            try:
                got = fetcher.fetch(url, folder)
            except DocumentError as error:
                yield Outcome(url, Result.REFUSED, str(error))
                continue
            if got.path is None:
                yield Outcome(url, Result.REFUSED, "is gone from its server")
            else:
                yield from ingestion.take([Found(got.path, url, url)])


def _named(urls: Iterable[str]) -> Iterator[str]:
    """Return the hosts of addresses; of one that is none the fetcher says so."""
    import httpx2

    for url in urls:
        with suppress(httpx2.InvalidURL):
            yield httpx2.URL(url).raw_host.decode("ascii", "replace")


def _looked(ingestion: "Ingestion", settings: "Settings", hosts: Iterable[str]) -> "Iterator[Outcome]":
    from rag.documents.addresses import FetchRules
    from rag.documents.fetching import Fetcher
    from rag.documents.sources import FILE, check_sources, load_sources
    from rag.documents.sources import Outcome as Seen
    from rag.ingestion import Found, Outcome, Result

    sources = load_sources(settings.corpus / FILE)
    fetcher = Fetcher(FetchRules(sources.hosts | frozenset(hosts), pause_s=sources.pause_s))
    state = settings.home / "sources.json"
    seen = dict.fromkeys(Seen, 0)
    with ingestion.library.workspace() as folder:
        for checked in check_sources(sources, state, folder, datetime.now(UTC), fetcher):
            page = checked.page
            seen[checked.outcome] += 1
            if checked.fetched and checked.fetched.path:
                yield from ingestion.take([Found(checked.fetched.path, page.url, page.url, page.id)])
            elif checked.outcome in (Seen.FAILED, Seen.GONE):
                yield Outcome(page.url, Result.REFUSED, checked.reason or "is gone from its server")
    typer.echo(f"{sum(seen.values())} pages looked at, {seen[Seen.UNCHANGED]} unchanged", err=True)


def _watched(ingestion: "Ingestion", folder: Path) -> "Iterator[Outcome]":
    from rag.documents.watching import FileEvent, watch_folder

    stop = threading.Event()
    with _asked_to_end(stop):
        typer.echo(f"watching {folder}; Ctrl+C ends it", err=True)
        for change in watch_folder(folder, stop):
            if change.event is not FileEvent.DELETED:
                yield from ingestion.files([change.path])


@contextmanager
def _asked_to_end(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at Ctrl+C or SIGTERM, so that the file in hand is finished; a second one ends everything at once."""

    def end(number: int, _: object) -> None:
        threading.Thread(target=stop.set).start()  # this thread may hold the event's lock
        signal.signal(number, before[number])

    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _allowed(settings: "Settings") -> frozenset[str]:
    from rag.documents.sources import FILE, load_sources

    path = settings.corpus / FILE
    return load_sources(path).rules.hosts if path.exists() else frozenset()


def _said(outcomes: "Iterable[Outcome]", lines: TextIO | None) -> bool:
    """Print what was refused and the sums; return whether anything was refused."""
    from rag.ingestion import Result

    counts = dict.fromkeys(Result, 0)
    for outcome in outcomes:
        counts[outcome.result] += 1
        if outcome.result is Result.REFUSED:
            typer.echo(f"{outcome.name} {outcome.reason}", err=True)
        if lines:
            lines.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
            lines.flush()
    typer.echo(", ".join(f"{n} {result.value}" for result, n in counts.items()))
    return counts[Result.REFUSED] > 0


def _settings(home: Path | None) -> "Settings":
    from rag.settings import load_settings

    return load_settings(home=home)


@contextmanager
def _records(settings: "Settings") -> "Iterator[Records]":
    from rag.records import Records

    records = Records.open(settings.records_url)
    try:
        yield records
    finally:
        records.close()


@contextmanager
def _written(report: Path | None) -> Iterator[TextIO | None]:
    if report is None:
        yield None
        return
    with report.open("w", encoding="utf-8", newline="\n") as lines:
        yield lines
