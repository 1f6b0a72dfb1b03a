"""The pages that guides stand on, looked at again: `corpus/sources.yaml`, and what was found there the last time.

Promise: a page that fails never stops the others, comes later and later, and is said with its reason; what was found counts as
seen only once the caller has dealt with it, so that a kill at any moment loses no change. Nothing is asked of the network but
by `check_sources`.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rag.disk import exclusive, replace_text
from rag.documents.addresses import FetchRules
from rag.documents.fetching import Fetched, Fetcher, FetchStatus, Validators
from rag.documents.limits import DocumentError
from rag.errors import BinhDanError, CorpusError

FILE = "sources.yaml"
_FIRST_RETRY_DAYS = 1  # doubled with every failure in a row, at most the page's own interval


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A page to look at every so many days; `covers` are the sheets that cite it."""

    id: str
    url: str
    title: str
    publisher: str
    official: bool
    every_days: int
    covers: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Sources:
    """The list: its pages, the only hosts that may be asked, and the pause between two requests to one."""

    path: Path
    hosts: frozenset[str]
    pause_s: float
    pages: tuple[SourcePage, ...]

    @property
    def rules(self) -> FetchRules:
        """How its pages are fetched."""
        return FetchRules(self.hosts, pause_s=self.pause_s)


class Outcome(StrEnum):
    """What came of looking at a page."""

    FIRST = "first"  # never fetched before
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Checked:
    """One page looked at: `fetched` holds the new body of a first or changed one, `reason` why one failed."""

    page: SourcePage
    outcome: Outcome
    fetched: Fetched | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a page; `failures` are those in a row, a page that is gone included."""

    url: str
    checked_at: datetime
    next_at: datetime
    changed_at: datetime | None = None
    failures: int = 0
    reason: str = ""
    validators: Validators = field(default_factory=Validators)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    url: str
    title: str = Field(min_length=1)
    publisher: str = Field(min_length=1)
    official: bool
    every_days: int = Field(30, ge=1, le=365)
    covers: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    hosts: list[str] = Field(min_length=1)
    pause_s: float = Field(2.0, ge=0.5, le=60)
    sources: list[_Row]


_STATES = TypeAdapter(dict[str, SourceState])


def load_sources(path: Path, sheets: Collection[str] | None = None) -> Sources:
    """Read the list; with `sheets`, their ids, what a page covers must be among them. Raises CorpusError."""
    try:
        raw = path.read_text(encoding="utf-8")
        tree = yaml.compose(raw, Loader=yaml.CSafeLoader)
        file = _File.model_validate(yaml.load(raw, Loader=yaml.CSafeLoader))
    except ValidationError as error:
        found = [
            f"{path}:{_line(tree, item['loc'])}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors()
        ]
        raise CorpusError("\n".join(found)) from error
    except (OSError, yaml.YAMLError, ValueError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise CorpusError(f"{path}:{line}: not a list of sources: {error}") from error
    pages = tuple(SourcePage(**dict(row), line=_line(tree, ("sources", n))) for n, row in enumerate(file.sources))
    sources = Sources(path, frozenset(file.hosts), file.pause_s, pages)
    if problems := list(_problems(sources, sheets)):
        raise CorpusError("\n".join(problems))
    return sources


def _line(node: Any, where: Sequence[str | int]) -> int:
    """Return the line of the deepest part of a YAML tree on the way to `where`."""
    line = node.start_mark.line + 1 if node else 1
    for step in where:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        else:
            break
        line = node.start_mark.line + 1 if node else line
    return line


def _problems(sources: Sources, sheets: Collection[str] | None) -> Iterator[str]:
    ids: dict[str, int] = {}
    urls: dict[str, int] = {}
    for page in sources.pages:
        at = f"{sources.path}:{page.line}: {page.id}"
        if (first := ids.setdefault(page.id, page.line)) != page.line:
            yield f"{at} has the id of line {first}"
        try:
            url = str(sources.rules.check(page.url))
        except DocumentError as error:
            yield f"{at} {error}"
            continue
        if (first := urls.setdefault(url, page.line)) != page.line:
            yield f"{at} has the address of line {first}"
        for sheet in page.covers:
            if sheets is not None and sheet not in sheets:
                yield f"{at} covers {sheet}, which is no sheet"


def load_state(path: Path) -> dict[str, SourceState]:
    """Read what was found the last time, by the page's id; a file that is not there is an empty one. Raises CorpusError."""
    try:
        return _STATES.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (ValidationError, OSError) as error:
        raise CorpusError(f"{path}:1: cannot be read; delete it, and every source is fetched again: {error}") from error


def due(sources: Sources, state: Mapping[str, SourceState], now: datetime) -> list[SourcePage]:
    """Return the pages to look at now, host after host in turn, so that no host's pause holds up the others."""
    waiting: dict[str, list[SourcePage]] = defaultdict(list)
    for page in sources.pages:
        if (seen := _seen(page, state)) is None or seen.next_at <= now:
            waiting[urlsplit(page.url).hostname or ""].append(page)
    turns = ((turn, n, page) for n, pages in enumerate(waiting.values()) for turn, page in enumerate(pages))
    return [page for _, _, page in sorted(turns, key=lambda found: found[:2])]


def check_sources(
    sources: Sources, state_file: Path, into: Path, now: datetime, fetcher: Fetcher | None = None
) -> Iterator[Checked]:
    """Look at the pages that are due, and yield what came of each; new bodies go into the folder `into`.

    A page counts as looked at when the caller asks for the next: a run that is cut off takes up where it was, and shows again
    what was not dealt with. Raises BinhDanError while another run is under way.
    """
    fetcher = fetcher or Fetcher(sources.rules)
    try:
        with exclusive(state_file.with_suffix(".lock"), wait=False):
            state = load_state(state_file)
            for page in due(sources, state, now):
                seen = _seen(page, state)
                checked = _check(page, seen, into, fetcher)
                yield checked
                state[page.id] = _after(checked, seen, now)
                replace_text(state_file, _written(state))
    except BlockingIOError as error:
        raise BinhDanError(f"the sources are being checked already: {state_file} is in use; wait for it") from error


def _seen(page: SourcePage, state: Mapping[str, SourceState]) -> SourceState | None:
    """Return what is known of a page, nothing when its address is another one now."""
    seen = state.get(page.id)
    return seen if seen and seen.url == page.url else None


def _check(page: SourcePage, seen: SourceState | None, into: Path, fetcher: Fetcher) -> Checked:
    known = seen.validators if seen else Validators()
    try:
        fetched = fetcher.fetch(page.url, into, known)
    except DocumentError as error:
        return Checked(page, Outcome.FAILED, reason=str(error))
    if fetched.status is FetchStatus.GONE:
        return Checked(page, Outcome.GONE, fetched, "the page is not there any more")
    if _front(fetched.url) and not _front(page.url):  # what sites of dissolved authorities answer instead of 404
        if fetched.path:
            fetched.path.unlink()
        return Checked(
            page, Outcome.GONE, replace(fetched, path=None), f"the page leads to the front page {fetched.url}"
        )
    if fetched.status is FetchStatus.UNCHANGED:
        return Checked(page, Outcome.UNCHANGED, fetched)
    return Checked(page, Outcome.CHANGED if known.sha256 else Outcome.FIRST, fetched)


def _front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query


def _after(checked: Checked, seen: SourceState | None, now: datetime) -> SourceState:
    page, seen = checked.page, seen or SourceState(checked.page.url, now, now)
    if checked.fetched is None or checked.outcome is Outcome.GONE:
        days = min(_FIRST_RETRY_DAYS * 2 ** min(seen.failures, 16), page.every_days)
        return replace(
            seen, checked_at=now, next_at=now + timedelta(days=days), failures=seen.failures + 1, reason=checked.reason
        )
    return SourceState(
        page.url,
        now,
        now + timedelta(days=page.every_days),
        seen.changed_at if checked.outcome is Outcome.UNCHANGED else now,
        validators=checked.fetched.validators,
    )


def _written(state: Mapping[str, SourceState]) -> str:
    rows = {name: asdict(seen) for name, seen in sorted(state.items())}
    return json.dumps(rows, ensure_ascii=False, indent=1, default=datetime.isoformat) + "\n"
