"""Runs: a set is answered once, kept with all that is needed to repeat it, and scored as often as wanted.

`var/eval/runs/<name>/` holds manifest.json, cases.jsonl (the set with its typing twins), answers.jsonl, and what
scoring writes. Answers are appended in the order of the cases, so a killed run goes on where it stopped.
"""

import json
import multiprocessing
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from evals.cases import Case, load_cases, save_cases, set_digest
from evals.meaning import red_vectors
from evals.memory import peak_mib
from rag.answers import answer_json, status_group
from rag.assistant import Assistant
from rag.errors import CaseError
from rag.index import current_generation, read_manifest
from rag.jsonl import whole_lines
from rag.retrieval import VIEWS
from rag.serving import ensure_index, open_assistant
from rag.settings import PROJECT, Settings

_VIEW_DEPTH = 10
_CHUNK = 8
_PACKAGES = ("numpy", "bm25s", "chromadb", "tokenizers", "ir-measures", "pydantic", "langchain-core")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Output(BaseModel):
    """What the system did with one case: the answer's JSON, and the trace that explains it.

    `passages` are (id, score), best first; `views` the first guides of each view of retrieval alone; `dropped` the
    lines that the fact lock took out. A system that gives only answers leaves the trace empty.
    """

    model_config = ConfigDict(frozen=True)
    id: str
    repeat: int = 0
    answer: dict[str, Any]
    passages: list[tuple[str, float]] = []
    views: dict[str, list[str]] = {}
    dropped: list[tuple[str, str]] = []
    peak_mib: float = 0.0

    @property
    def status(self) -> str:
        """The answer's status."""
        return self.answer["status"]

    @property
    def group(self) -> str:
        """The answer's status group."""
        return status_group(self.status)

    @property
    def text(self) -> str:
        """All that a learner can read of the answer: what is seen first and what is behind "xem thêm"."""
        return "\n".join(filter(None, (self.answer["text"], self.answer.get("more"))))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run was made with; two runs with equal `repeatable()` parts give the same scores."""

    name: str
    set: str
    set_digest: str
    cases: int
    base_cases: int
    repeats: int
    seed: int
    settings: dict[str, Any]
    corpus_digest: str
    embedding_digest: str
    model: str | None
    commit: str
    changed_files: bool
    packages: dict[str, str]
    created: str

    def repeatable(self) -> dict[str, Any]:
        """Return what must be equal for answers of one run to go on in another."""
        same = ("set_digest", "repeats", "settings", "corpus_digest", "embedding_digest", "model", "packages")
        return {key: value for key, value in asdict(self).items() if key in same}


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder and manifest."""

    folder: Path
    manifest: Manifest

    @property
    def answers_path(self) -> Path:
        """Where the outputs are."""
        return self.folder / "answers.jsonl"

    def cases(self) -> list[Case]:
        """Return the cases of the run, twins after their base."""
        return load_cases(self.folder / "cases.jsonl")

    def outputs(self) -> list[Output]:
        """Return the outputs written so far."""
        return [Output.model_validate_json(line) for line in whole_lines(self.answers_path)]

    def first_outputs(self) -> dict[str, Output]:
        """Return by case what was answered the first time it was asked."""
        return {output.id: output for output in self.outputs() if output.repeat == 0}

    @property
    def finished(self) -> bool:
        """Tell whether every case has its output."""
        return len(whole_lines(self.answers_path)) == self.manifest.cases * self.manifest.repeats


def runs_folder(settings: Settings) -> Path:
    """Return where runs are kept."""
    return settings.home / "eval" / "runs"


def list_runs(settings: Settings) -> list[Run]:
    """Return the runs, newest first."""
    runs = [open_run(path.parent) for path in runs_folder(settings).glob("*/manifest.json")]
    return sorted(runs, key=lambda run: run.manifest.created, reverse=True)


def find_run(settings: Settings, name: str) -> Run:
    """Return a run by its name or folder. Raises CaseError."""
    folder = Path(name) if (Path(name) / "manifest.json").exists() else runs_folder(settings) / name
    if not _NAME.fullmatch(folder.name) or not (folder / "manifest.json").exists():
        known = ", ".join(run.manifest.name for run in list_runs(settings)[:5]) or "none yet"
        raise CaseError(f"there is no run {name!r}; the latest are: {known}")
    return open_run(folder)


def open_run(folder: Path) -> Run:
    """Open a run's folder."""
    return Run(folder, Manifest(**json.loads((folder / "manifest.json").read_text(encoding="utf-8"))))


def start_run(
    settings: Settings, set_name: str, cases: Sequence[Case], name: str | None = None, repeats: int = 1, seed: int = 0
) -> Run:
    """Make a run's folder, or open it again when it holds a run of the same set, settings and system.

    Raises CaseError when the name is taken by another run, or when the comparison of answers fails its self-test.
    """
    if red := red_vectors():
        raise CaseError("the self-test of comparing answers fails, no run is made:\n" + "\n".join(red))
    ensure_index(settings, lambda _: None)
    created = datetime.now(UTC)
    name = name or f"{created:%Y%m%d-%H%M%S}-{Path(set_name).stem}"
    if not _NAME.fullmatch(name):
        raise CaseError(f"{name!r} cannot be a run's name; use letters, digits, '.', '_' and '-'")
    manifest = _manifest(settings, name, set_name, cases, repeats, seed, created)
    folder = runs_folder(settings) / name
    if (folder / "manifest.json").exists():
        run = open_run(folder)
        changed = [k for k, v in manifest.repeatable().items() if run.manifest.repeatable()[k] != v]
        if changed:
            raise CaseError(f"run {name!r} was made with another {', '.join(changed)}; give another --name")
        return run
    folder.mkdir(parents=True, exist_ok=True)
    save_cases(folder / "cases.jsonl", cases)
    write_json(folder / "manifest.json", asdict(manifest))
    return Run(folder, manifest)


def generate(
    run: Run,
    settings: Settings,
    done: Callable[[int], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    workers: int | None = None,
) -> None:
    """Answer what is not answered yet, in parallel processes, calling `done` with the number of outputs so far.

    Every answer is of the index generation that is in use now. Raises CaseError when the run was begun on other guides.
    """
    answered = {(output.id, output.repeat) for output in run.outputs()}
    todo = [(c, r) for r in range(run.manifest.repeats) for c in run.cases() if (c.id, r) not in answered]
    count = len(answered)
    done(count)
    if not todo:
        return
    generation = current_generation(settings.index_folder)
    if read_manifest(generation).corpus_digest != run.manifest.corpus_digest:
        raise CaseError(f"the guides have changed since run {run.manifest.name!r} began; start another run")
    workers = workers or min(len(os.sched_getaffinity(0)), 1 + len(todo) // 200)
    with run.answers_path.open("a", encoding="utf-8", newline="\n") as out:
        for output in _answer_all(settings, generation.name, todo, workers, cancelled):
            out.write(output.model_dump_json() + "\n")
            out.flush()
            count += 1
            done(count)


def answer_case(assistant: Assistant, case: Case, repeat: int = 0) -> Output:
    """Ask one case as of the day it was written, and keep the trace."""
    answer, found = assistant.trace(case.question, case.turns(), answer_id=case.id, day=case.created)
    guide_ids = assistant.retriever.guide_ids
    views: dict[str, list[str]] = {}
    if found.views is not None:
        order = np.argsort(-found.views, axis=0, kind="stable")[:_VIEW_DEPTH]
        for column, view in enumerate(VIEWS):
            views[view] = [guide_ids[n] for n in order[:, column] if found.views[n, column] > 0]
    return Output(
        id=case.id, repeat=repeat, answer=answer_json(answer), views=views, dropped=list(answer.dropped),
        passages=[(hit.passage.id, round(hit.score, 6)) for hit in found.hits],
        peak_mib=round(peak_mib(), 1),
    )  # fmt: skip


def write_json(path: Path, value: object) -> None:
    """Write JSON beside `path` and rename it into place."""
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(aside, path)


def _answer_all(
    settings: Settings, generation: str, todo: list[tuple[Case, int]], workers: int, cancelled: Callable[[], bool]
) -> Iterator[Output]:
    if workers == 1:
        assistant = open_assistant(settings, generation)
        for case, repeat in todo:
            if cancelled():
                return
            yield answer_case(assistant, case, repeat)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _open_in_worker, (settings.model_dump(), generation)) as pool:
        for start in range(0, len(todo), _CHUNK * workers * 4):
            if cancelled():
                return
            yield from pool.map(_answer_in_worker, todo[start : start + _CHUNK * workers * 4], chunksize=_CHUNK)


_assistant: Assistant | None = None  # of a worker process


def _open_in_worker(settings: dict[str, Any], generation: str) -> None:
    global _assistant
    _assistant = open_assistant(Settings(**settings), generation)


def _answer_in_worker(row: tuple[Case, int]) -> Output:
    if _assistant is None:
        raise RuntimeError("the worker has no assistant")
    return answer_case(_assistant, *row)


def _manifest(
    settings: Settings, name: str, set_name: str, cases: Sequence[Case], repeats: int, seed: int, created: datetime
) -> Manifest:
    index = read_manifest(current_generation(settings.index_folder))
    return Manifest(
        name, set_name, set_digest(cases), len(cases), sum(c.base is None for c in cases), repeats, seed,
        settings.model_dump(mode="json", include={"retrieved", "answer_threshold"}),
        index.corpus_digest, index.embedding_digest, None, _git("rev-parse", "HEAD"), bool(_git("status", "--porcelain")),
        {package: version(package) for package in _PACKAGES}, created.isoformat(timespec="seconds"),
    )  # fmt: skip


def _git(*arguments: str) -> str:
    """Return what git says of the project, or nothing where there is no git."""
    try:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
