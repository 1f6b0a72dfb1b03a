"""The evaluators' desk at /danh-gia: run a set, watch it, read reports, compare, drill down, mark a case wrong."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from evals.cases import Case
from evals.causes import TITLES
from evals.checks import CHECKS, forbidden_said, nugget_support
from evals.comparison import compare_runs
from evals.reporting import html_report, write_reports
from evals.runs import Output, Run, find_run, generate, list_runs, start_run
from evals.scoring import Corpus, Score, gold_guides, load_scores, load_summary, score_run
from evals.sets import HELD_OUT, open_set, prepare, shipped_sets
from rag.errors import BinhDanError, CaseError
from rag.jsonl import append_row, read_rows
from rag.privacy import mask
from rag.records.accounts import Session
from rag.settings import Settings
from ui.rendering import page_html
from ui.sign_in import At as Trail
from ui.sign_in import Evaluator, EvaluatorWrites

log = logging.getLogger(__name__)

PREFIX = "/danh-gia"
_WORKERS = 2
_DOWNLOADS = ("report.html", "report.md", "junit.xml", "answers.jsonl", "scores.jsonl", "summary.json", "manifest.json")
_SEALED = "Bộ niêm phong cần lý do mở. Bạn ghi lý do rồi chạy lại nhé."
_BUSY = "Đang có một lần chạy. Bạn đợi xong hoặc bấm dừng trước."
_NO_REASON = "Bạn ghi lý do giúp mình, ví dụ: “Câu trả lời đúng, ca đòi thừa ý”."


@dataclass
class Job:
    """The one run that the desk has under way: what it is doing, how far it is, how it ended."""

    settings: Settings
    corpus: Callable[[], Corpus]
    name: str = ""
    done: int = 0
    total: int = 0
    state: str = "idle"
    message: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, set_name: str, twins: bool, limit: int | None, reason: str) -> None:
        """Begin a run in the background. Raises CaseError for a set that cannot be run or while another run is on."""
        with self._lock:
            if self.state == "running":
                raise CaseError(_BUSY)
            corpus = self.corpus()
            cases = prepare(
                open_set(set_name, self.settings, gold_guides(self.settings, corpus), reason), twins, limit, 0
            )
            run = start_run(self.settings, set_name, cases)
            self._stop.clear()
            self.name, self.done, self.total = run.manifest.name, 0, len(cases)
            self.state, self.message = "running", ""
        threading.Thread(target=self._work, args=(run, corpus), daemon=True).start()

    def stop(self) -> None:
        """Ask the run to stop; what is answered stays, and the run can go on later."""
        self._stop.set()

    def progress(self) -> dict[str, object]:
        """Return what the page shows."""
        return {"name": self.name, "done": self.done, "total": self.total, "state": self.state, "message": self.message}

    def _work(self, run: Run, corpus: Corpus) -> None:
        try:
            generate(run, self.settings, self._count, self._stop.is_set, _WORKERS)
            if run.finished:
                score_run(run, corpus)
                write_reports(run, corpus)
                self.state = "done"
            else:
                self.state = "stopped"
        except Exception:  # the boundary of the background thread: the page says so, the log has the trace
            log.exception("the run %s failed", run.manifest.name)
            self.state, self.message = "failed", "Lần chạy bị lỗi. Người vận hành xem nhật ký để biết lý do."

    def _count(self, done: int) -> None:
        self.done = done


@dataclass(frozen=True, slots=True)
class Desk:
    """What the desk's routes work with."""

    settings: Settings
    corpus: Callable[[], Corpus]
    job: Job


def open_desk(app: FastAPI, settings: Settings, corpus: Callable[[], Corpus]) -> None:
    """Add the desk to the application."""
    app.state.desk = Desk(settings, corpus, Job(settings, corpus))
    app.include_router(router)


def _desk_of(request: Request) -> Desk:
    return request.app.state.desk


At = Annotated[Desk, Depends(_desk_of)]


def _run(desk: Desk, name: str) -> Run:
    try:
        return find_run(desk.settings, Path(name).name)
    except CaseError as error:
        raise HTTPException(404, "Không có lần chạy này.") from error


def _case(run: Run, case_id: str) -> tuple[Case, Output, Score]:
    case = next((c for c in run.cases() if c.id == case_id), None)
    output = next((o for o in run.outputs() if o.id == case_id), None)
    score = next((s for s in load_scores(run) if s.id == case_id), None)
    if case is None or output is None or score is None:
        raise HTTPException(404, "Không có ca này.")
    return case, output, score


router = APIRouter(prefix=PREFIX)


@router.get("")
def desk_page(desk: At, session: Evaluator) -> HTMLResponse:
    """Show the desk: the run under way, the form, the runs, the cases marked wrong."""
    return _desk_html(desk, session)


def _desk_html(desk: Desk, session: Session, problem: str = "", status: int = 200) -> HTMLResponse:
    rows = [(run, load_summary(run)) if _scored(run) else (run, None) for run in list_runs(desk.settings)]
    page = page_html(
        "desk.html", session=session, job=desk.job.progress(), runs=rows, sets=[path.stem for path in shipped_sets()],
        held_out=HELD_OUT, problem=problem, marks=read_marks(desk.settings),
    )  # fmt: skip
    return HTMLResponse(page, status)


@router.post("/chay")
def start(
    desk: At, records: Trail, session: EvaluatorWrites, name_of_set: Annotated[str, Form()], twins: Annotated[bool, Form()] = False,
    limit: Annotated[int | None, Form(ge=1)] = None, reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Start a run."""
    if name_of_set not in {path.stem for path in shipped_sets()}:
        raise HTTPException(404, "Không có bộ ca này.")
    if name_of_set == HELD_OUT and not reason.strip():
        return _desk_html(desk, session, _SEALED, 422)
    try:
        why = f"{session.user.shown}: {reason.strip()}" if reason.strip() else ""
        desk.job.start(name_of_set, twins, limit, why)
        records.audit.note(session.user.name, "run-started", name_of_set, reason=mask(reason) or None)
    except BinhDanError as error:
        problem = str(error) if str(error) == _BUSY else "Không chạy được bộ này. Người vận hành xem nhật ký."
        log.warning("a run could not be started: %s", error)
        return _desk_html(desk, session, problem, 409)
    return RedirectResponse(PREFIX, 303)


@router.post("/dung")
def stop(desk: At, _: EvaluatorWrites) -> Response:
    """Stop the run under way."""
    desk.job.stop()
    return RedirectResponse(PREFIX, 303)


@router.get("/viec")
def progress(desk: At, _: Evaluator) -> JSONResponse:
    """Return how far the run under way is."""
    return JSONResponse(desk.job.progress())


@router.get("/lan-chay/{name}")
def report(desk: At, _: Evaluator, name: str, so_voi: str = "") -> HTMLResponse:
    """Show a run's report, compared with another if wanted."""
    run = _run(desk, name)
    if not _scored(run):
        raise HTTPException(404, "Lần chạy này chưa xong nên chưa có kết quả.")
    other = _run(desk, so_voi) if so_voi else None
    try:
        comparison = compare_runs(other, run) if other else None
    except CaseError as error:
        raise HTTPException(
            409, "Hai lần chạy này không có ca chung hoặc chấm bằng hai phiên bản khác nhau."
        ) from error
    return HTMLResponse(html_report(run, desk.corpus(), comparison, other, back=PREFIX))


@router.get("/lan-chay/{name}/ca")
def cases(
    desk: At, session: Evaluator, name: str, chi_sai: bool = True, topic: str = "", kind: str = ""
) -> HTMLResponse:
    """List a run's cases."""
    run = _run(desk, name)
    scores = {score.id: score for score in load_scores(run)}
    rows = [(case, scores[case.id]) for case in run.cases() if case.base is None]
    topics, kinds = sorted({c.topic for c, _ in rows}), sorted({c.kind.value for c, _ in rows})
    rows = [
        (c, s) for c, s in rows
        if (s.cause or not chi_sai) and topic in ("", c.topic) and kind in ("", c.kind.value)
    ]  # fmt: skip
    return HTMLResponse(
        page_html(
            "desk_cases.html", session=session, run=run.manifest, rows=rows, causes=TITLES, chi_sai=chi_sai,
            topics=topics, kinds=kinds, topic=topic, kind=kind,
        )
    )  # fmt: skip


@router.get("/lan-chay/{name}/ca/{case_id}")
def case_page(desk: At, session: Evaluator, name: str, case_id: str) -> HTMLResponse:
    """Show one case of a run."""
    return _case_html(desk, session, name, case_id)


def _case_html(
    desk: Desk, session: Session, name: str, case_id: str, problem: str = "", status: int = 200
) -> HTMLResponse:
    case, output, score = _case(_run(desk, name), case_id)
    page = page_html(
        "desk_case.html", session=session, run=name, case=case, output=output, score=score, checks=CHECKS, causes=TITLES,
        nuggets=nugget_support(case, output.text), forbidden=forbidden_said(case, output.text), problem=problem,
        marks=[mark for mark in read_marks(desk.settings) if mark["case"] == case_id],
    )  # fmt: skip
    return HTMLResponse(page, status)


@router.post("/lan-chay/{name}/ca/{case_id}")
def mark(
    desk: At,
    records: Trail,
    session: EvaluatorWrites,
    name: str,
    case_id: str,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Mark a case's expected side as wrong."""
    _case(_run(desk, name), case_id)
    if not reason.strip():
        return _case_html(desk, session, name, case_id, _NO_REASON, 422)
    write_mark(desk.settings, {"case": case_id, "run": name, "who": session.user.shown, "reason": reason.strip()})
    records.audit.note(session.user.name, "case-marked-wrong", case_id, run=name)
    return RedirectResponse(f"{PREFIX}/lan-chay/{name}/ca/{case_id}", 303)


@router.get("/lan-chay/{name}/tai/{file}")
def download(desk: At, _: Evaluator, name: str, file: str) -> FileResponse:
    """Hand out a file of a run."""
    path = _run(desk, name).folder / file
    if file not in _DOWNLOADS or not path.exists():
        raise HTTPException(404, "Không có tệp này.")
    return FileResponse(path, filename=f"{name}-{file}")


def read_marks(settings: Settings) -> list[dict[str, str]]:
    """Return the cases whose expected side an evaluator called wrong, newest first."""
    return read_rows(_marks_path(settings))[::-1]


def write_mark(settings: Settings, mark: dict[str, str]) -> None:
    """Note that a case is wrong: case, run, who and reason; the time is added."""
    append_row(_marks_path(settings), {**mark, "when": datetime.now(UTC).isoformat(timespec="seconds")})


def _marks_path(settings: Settings) -> Path:
    return settings.home / "eval" / "wrong-cases.jsonl"


def _scored(run: Run) -> bool:
    return (run.folder / "summary.json").exists()
