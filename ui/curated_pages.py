"""Approved answers and regression cases: what is served and why not, CSV and Excel in and out, taking something back."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from rag.assistant import Assistant
from rag.curated import CuratedCitation
from rag.errors import RecordError, SpreadsheetError
from rag.records import Records
from rag.records.accounts import Session
from rag.records.curated import CuratedRow
from rag.spreadsheets import Table, read_table, to_csv, to_xlsx
from ui.curation import approve, refresh
from ui.picker import Answering
from ui.rendering import page_html
from ui.sign_in import At, Trainer, TrainerWrites

PREFIX = "/huong-dan-vien"
STATES = {"live": "đang dùng", "lapsed": "cần xem lại", "withdrawn": "đã gỡ"}
# One cell holds several: a line each; of a source "passage id: quoted line".
_COLUMNS = ("câu hỏi", "cách hỏi khác", "câu trả lời", "xem thêm", "nguồn")
_ABOUT = ("trạng thái", "người duyệt", "ngày duyệt", "số lần dùng", "lý do cần xem lại")

router = APIRouter(prefix=PREFIX)


@router.get("/cau-tra-loi")
def curated(records: At, session: Trainer, trang_thai: str = "") -> HTMLResponse:
    """List the approved answers."""
    return _page(records, session, trang_thai)


@router.post("/cau-tra-loi/{number}/go")
def withdraw(records: At, assistant: Answering, session: TrainerWrites, number: int) -> Response:
    """Serve an approved answer no more."""
    try:
        records.curated.withdraw(session.user, str(number))
    except RecordError as error:
        raise HTTPException(404, "Không có câu trả lời này.") from error
    refresh(records, assistant)
    return RedirectResponse(f"{PREFIX}/cau-tra-loi", 303)


@router.get("/cau-tra-loi/tai/{kind}")
def export(records: At, _: Trainer, kind: str) -> Response:
    """Hand out every approved answer as CSV or Excel."""
    header, rows = (*_COLUMNS, *_ABOUT), tuple(_exported(row) for row in records.curated.all())
    if kind == "csv":
        return _download(to_csv(header, rows), "text/csv; charset=utf-8", "cau-tra-loi.csv")
    if kind == "xlsx":
        sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return _download(to_xlsx({"Câu trả lời": Table(header, rows)}), sheet, "cau-tra-loi.xlsx")
    raise HTTPException(404, "Chỉ có tệp csv và xlsx.")


@router.post("/cau-tra-loi/nhap")
def import_(records: At, assistant: Answering, session: TrainerWrites, file: UploadFile) -> HTMLResponse:
    """Approve the answers of a file; a row that cannot be is named with its reason and the others are kept."""
    try:
        rows = read_table(file.file.read(), file.filename or "", _COLUMNS, optional=_ABOUT)
    except SpreadsheetError as error:
        return _page(records, session, problems=[str(error)], status=422)
    problems, served = [], 0
    for number, row in enumerate(rows, 2):
        found = _import_row(records, assistant, session, row)
        problems += [f"Dòng {number}: {problem}" for problem in found]
        served += not found
    if served:
        refresh(records, assistant)
    return _page(records, session, problems=problems, served=served, status=422 if problems else 200)


@router.get("/ca")
def cases(records: At, session: Trainer) -> HTMLResponse:
    """List the regression cases."""
    return HTMLResponse(page_html("cases.html", session=session, cases=records.cases.live()))


@router.post("/ca/{case_id}/go")
def withdraw_case(
    records: At, session: TrainerWrites, case_id: str, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Take a case out of the gate."""
    if not reason.strip():
        raise HTTPException(422, "Bạn ghi lý do bỏ ca kiểm tra này nhé.")
    try:
        records.cases.withdraw(session.user, case_id, reason.strip())
    except RecordError as error:
        raise HTTPException(404, "Không có ca này.") from error
    return RedirectResponse(f"{PREFIX}/ca", 303)


@router.get("/ca/tai")
def export_cases(records: At, _: Trainer) -> Response:
    """Hand out the cases as a set for the evaluation."""
    lines = (json.dumps(case.case, ensure_ascii=False) + "\n" for case in records.cases.live())
    return _download("".join(lines).encode(), "application/jsonl", "corrections.jsonl")


def _import_row(records: Records, assistant: Assistant, session: Session, row: dict[str, str]) -> list[str]:
    if not row["câu hỏi"] or not row["câu trả lời"]:
        return ["thiếu câu hỏi hoặc câu trả lời."]
    also = [line for line in row["cách hỏi khác"].split("\n") if line]
    citations = tuple(_citations(assistant, row["nguồn"].split("\n")))
    return approve(
        records,
        assistant,
        session.user,
        row["câu hỏi"],
        row["câu trả lời"],
        citations,
        more=row["xem thêm"] or None,
        also=also,
    )


def _citations(assistant: Assistant, lines: Sequence[str]) -> Iterator[CuratedCitation]:
    """Yield a citation a line; several lines of one passage that follow each other are one quote."""
    quotes: list[tuple[str, list[str]]] = []
    for line in filter(None, lines):
        passage_id, _, quote = line.partition(": ")
        if quotes and quotes[-1][0] == passage_id:
            quotes[-1][1].append(quote)
        else:
            quotes.append((passage_id, [quote]))
    for number, (passage_id, quoted) in enumerate(quotes, 1):
        passage = assistant.passages.get(passage_id)
        yield CuratedCitation(number, passage_id, passage.digest if passage else "", "\n".join(quoted))


def _exported(row: CuratedRow) -> tuple[str | int, ...]:
    answer = row.answer
    sources = (f"{c.passage_id}: {line}" for c in answer.citations for line in c.quote.split("\n"))
    return (
        answer.question, "\n".join(answer.also), answer.text, answer.more or "", "\n".join(sources), STATES[row.state],
        answer.approved_by, answer.approved_at.date().isoformat(), row.hits, " ".join(row.lapses),
    )  # fmt: skip


def _download(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _page(
    records: Records, session: Session, state: str = "", problems: Sequence[str] = (), served: int | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    rows = [row for row in records.curated.all() if state in ("", row.state)]
    page = page_html(
        "curated.html", session=session, rows=rows, states=STATES, state=state, problems=problems, served=served
    )
    return HTMLResponse(page, status)
