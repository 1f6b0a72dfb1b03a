"""Guides are edited here: propose a change or confirm a doubtful fact against its official source; a second person decides."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from rag.documents.shelf import FOLDER, read_shelved
from rag.editions import corpus_in_use, file_digest, problems_of
from rag.errors import RecordError
from rag.guides import TOPICS, Guide
from rag.privacy import mask
from rag.records import Records
from rag.records.accounts import Session
from rag.records.changes import Change, ChangeState, Draft, Evidence
from rag.settings import Settings
from rag.text import fold
from ui.confirming import FACT_KINDS, Doubt, confirmed_guide, confirmed_sheet, doubts
from ui.document_form import relation_rows
from ui.evidence import find_evidence, keep_evidence
from ui.problem_words import in_words
from ui.rendering import page_html
from ui.sign_in import At, Trainer, TrainerWrites

PREFIX = "/huong-dan-vien"
STATES = {"proposed": "chờ người thứ hai", "approved": "đã duyệt, chờ xuất bản", "refused": "không dùng", "published": "đã xuất bản"}  # fmt: skip
_SHOWN = 40
_CONTEXT = 2
_MAX_TEXT = 200_000
_HTTPS = re.compile(r"https://[^\s\"<>]+\.[^\s\"<>]+")
_OWN = "Đề xuất này của chính bạn. Cần một người thứ hai đọc và duyệt, bạn nhờ một hướng dẫn viên khác nhé."
_TAKEN = "Hướng dẫn này đang có một thay đổi chờ duyệt hoặc chờ xuất bản. Bạn xem thay đổi đó trước nhé."
_OVERTAKEN = (
    "Hướng dẫn đã được người khác sửa sau khi bạn mở trang. Bạn chép lại phần của mình, mở lại trang rồi sửa tiếp nhé."
)
_UNCHANGED = "Bạn chưa sửa chữ nào."
_DECIDED = "Thay đổi này đã có người quyết định rồi."
_NO_NOTE = "Bạn ghi vì sao không dùng, để người đề xuất hiểu nhé."
_NOT_A_DOCUMENT = "Tệp phải là PDF, JPG hoặc PNG."
_GONE = "Không có trang này."

router = APIRouter(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a comparison: `kind` is add, remove, same or place; `text` as it stands in the file."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed beside a change; comes back with the page when something is wrong with it."""

    reason: str = ""
    publisher: str = ""
    title: str = ""
    url: str = ""
    date: str = ""
    official: bool = False
    kept: str = ""
    fault: str = ""

    def evidence(self) -> Evidence:
        """Return the source."""
        return Evidence(self.publisher, self.title, self.url, self.date, self.official, self.kept)


def typed(
    request: Request, _: TrainerWrites, reason: Annotated[str, Form(max_length=1000)] = "",
    publisher: Annotated[str, Form(max_length=200)] = "", title: Annotated[str, Form(max_length=400)] = "",
    url: Annotated[str, Form(max_length=500)] = "", day: Annotated[str, Form(max_length=20)] = "",
    official: Annotated[bool, Form()] = False, kept: Annotated[str, Form(max_length=80)] = "", file: UploadFile | None = None,
) -> Typed:  # fmt: skip
    """Return what was typed; a file is stored at once, so that it need not be chosen again."""
    settings = request.app.state.settings
    known = kept if find_evidence(settings, kept) else ""
    found = Typed(mask(reason.strip()), publisher.strip(), title.strip(), url.strip(), day.strip(), official, known)
    if data := file.file.read() if file else b"":
        name = keep_evidence(settings, data)
        return replace(found, kept=name) if name else replace(found, fault=_NOT_A_DOCUMENT)
    return found


async def typed_lines(request: Request) -> dict[str, str]:
    """Return the guides' lines of the form that confirms a fact, by "line:guide:number"."""
    return {key: str(value) for key, value in (await request.form()).items() if key.startswith("line:")}


FromForm = Annotated[Typed, Depends(typed)]
FromLines = Annotated[dict[str, str], Depends(typed_lines)]


@router.get("/sua")
def guides(records: At, request: Request, session: Trainer, tim: str = "") -> HTMLResponse:
    """List the guides, the session's proposals and those that wait for a second person."""
    waiting = records.changes.all(ChangeState.PROPOSED)
    page = page_html(
        "changes.html", session=session, tim=tim, topics=TOPICS, states=STATES,
        guides=_found(_guides(request).values(), tim), mine=records.changes.all(proposer=session.user)[:_SHOWN],
        waiting=[c for c in waiting if c.proposer_id != session.user.id],
    )  # fmt: skip
    return HTMLResponse(page)


@router.get("/su-that")
def facts(request: Request, session: Trainer, tim: str = "") -> HTMLResponse:
    """List what the guides state without being sure."""
    words = fold(tim).split()
    found = [
        d for d in doubts(_guides(request)).values() if all(w in fold(f"{d.item.id} {d.item.text}") for w in words)
    ]
    page = page_html("doubts.html", session=session, tim=tim, doubts=found[:_SHOWN], total=len(found))
    return HTMLResponse(page)


@router.get("/sua/thay-doi/{number}")
def change(records: At, request: Request, session: Trainer, number: int) -> HTMLResponse:
    """Show a change, its source and what it replaces."""
    return _change_page(records, request, session, _known(records, number))


@router.post("/sua/thay-doi/{number}/duyet")
def approve(records: At, request: Request, session: TrainerWrites, number: int) -> Response:
    """Approve another's change."""
    found = _known(records, number)
    if found.proposer_id == session.user.id:
        return _change_page(records, request, session, found, _OWN, 403)
    settings, together = _settings(request), [records.changes.get(n) for n in found.together]
    if any(_base(settings, c.draft.path) != c.draft.base for c in together):
        return _change_page(records, request, session, found, _OVERTAKEN, 409)
    if problems := problems_of(settings, {c.draft.path: c.draft.text for c in together}):
        return _change_page(records, request, session, found, in_words(problems[0]), 422)
    try:
        records.changes.approve(session.user, number)
    except RecordError:
        return _change_page(records, request, session, _known(records, number), _DECIDED, 409)
    return RedirectResponse(f"{PREFIX}/sua/thay-doi/{number}", 303)


@router.post("/sua/thay-doi/{number}/tu-choi")
def refuse(
    records: At, request: Request, session: TrainerWrites, number: int, note: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Refuse a change with a note, or take back one's own."""
    found = _known(records, number)
    if not note.strip():
        return _change_page(records, request, session, found, _NO_NOTE, 422)
    try:
        records.changes.refuse(session.user, number, mask(note.strip()))
    except RecordError:
        return _change_page(records, request, session, _known(records, number), _DECIDED, 409)
    return RedirectResponse(f"{PREFIX}/sua/thay-doi/{number}", 303)


@router.get("/sua/bang-chung/{name}")
def evidence(request: Request, _: Trainer, name: str) -> FileResponse:
    """Hand out a document that a change rests on; a browser saves it and never shows it as a page of ours."""
    path = find_evidence(_settings(request), name)
    if path is None:
        raise HTTPException(404, "Không có tệp này.")
    return FileResponse(path, media_type="application/octet-stream", filename=f"bang-chung-{name[:12]}{path.suffix}")


@router.get("/sua/su-that/{sheet}/{local}")
def doubt(records: At, request: Request, session: Trainer, sheet: str, local: str) -> HTMLResponse:
    """Show the form that confirms a doubtful fact."""
    found = _doubt(request, sheet, local)
    return _doubt_page(records, request, session, found, Typed(official=True))


@router.post("/sua/su-that/{sheet}/{local}")
def confirm(
    records: At, request: Request, session: TrainerWrites, entered: FromForm, said: FromLines, sheet: str, local: str,
    wording: Annotated[str, Form(max_length=1000)] = "", kind: Annotated[str, Form()] = "tip",
    do: Annotated[str, Form()] = "check",
) -> Response:  # fmt: skip
    """Propose that a doubtful fact is sure, with the guides' lines in the words that follow from it."""
    found = _doubt(request, sheet, local)
    drafts = _confirmation(_settings(request), found, entered.evidence(), wording.strip(), kind, said)
    problems = [*_faults(entered, must_be_official=True), *_problems(_settings(request), drafts)]
    if do == "check" or problems:
        return _doubt_page(
            records, request, session, found, entered, drafts, problems, 422 if do != "check" else 200, wording, kind, said
        )  # fmt: skip
    return _propose(records, session, drafts, entered) or _doubt_page(
        records, request, session, found, entered, drafts, [_TAKEN], 409, wording, kind, said
    )


@router.get("/sua/{topic}/{guide_id}")
def edit(records: At, request: Request, session: Trainer, topic: str, guide_id: str) -> HTMLResponse:
    """Show a guide's text to edit."""
    path = _path(request, topic, guide_id)
    settings = _settings(request)
    draft = Draft(path, _base(settings, path), _text(settings, path))
    return _edit_page(records, request, session, draft, Typed())


@router.post("/sua/{topic}/{guide_id}")
def propose(
    records: At, request: Request, session: TrainerWrites, entered: FromForm, topic: str, guide_id: str,
    text: Annotated[str, Form(max_length=_MAX_TEXT)] = "", base: Annotated[str, Form(max_length=64)] = "",
    do: Annotated[str, Form()] = "check",
) -> Response:  # fmt: skip
    """Check an edited guide, or propose it once nothing is wrong with it."""
    path, settings = _path(request, topic, guide_id), _settings(request)
    draft = Draft(path, base, _as_written(text))
    if _base(settings, path) != base:
        return _edit_page(records, request, session, draft, entered, [_OVERTAKEN], 409)
    problems = [] if draft.text != _text(settings, path) else [_UNCHANGED]
    problems = problems or _problems(settings, [draft])
    if do == "check":
        return _edit_page(records, request, session, draft, entered, problems, checked=True)
    if problems := [*_faults(entered), *problems]:
        return _edit_page(records, request, session, draft, entered, problems, 422)
    return _propose(records, session, [draft], entered) or _edit_page(
        records, request, session, draft, entered, [_TAKEN], 409
    )


def difference(old: str, new: str) -> list[Row]:
    """Return what an edit takes out and puts in, with the lines around it."""
    rows = []
    for line in list(difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=_CONTEXT))[2:]:
        if place := re.match(r"@@ -(\d+)", line):
            rows.append(Row("place", f"Từ dòng {place[1]}"))
        else:
            rows.append(Row({"+": "add", "-": "remove"}.get(line[0], "same"), line[1:]))
    return rows


def _guides(request: Request) -> dict[str, Guide]:
    return request.app.state.guides()


def _settings(request: Request) -> Settings:
    return request.app.state.settings


def _found(guides: Iterable[Guide], tim: str) -> list[Guide]:
    words = fold(tim).split()
    return [g for g in guides if all(w in fold(f"{g.title} {g.id} {TOPICS[g.topic]}") for w in words)]


def _path(request: Request, topic: str, guide_id: str) -> str:
    guide = _guides(request).get(guide_id)
    if guide is None or guide.topic != topic:
        raise HTTPException(404, "Không có hướng dẫn này.")
    return f"guides/{topic}/{guide_id}.md"


def _doubt(request: Request, sheet: str, local: str) -> Doubt:
    found = doubts(_guides(request)).get(f"{sheet}:{local}")
    if found is None:
        raise HTTPException(404, "Sự thật này không còn gì phải xác nhận.")
    return found


def _known(records: Records, number: int) -> Change:
    try:
        return records.changes.get(number)
    except RecordError as error:
        raise HTTPException(404, "Không có thay đổi này.") from error


def _text(settings: Settings, path: str) -> str:
    file = Path(corpus_in_use(settings)) / path
    if not file.is_file():
        raise HTTPException(404, _GONE)
    return file.read_text(encoding="utf-8")


def _base(settings: Settings, path: str) -> str:
    return file_digest(corpus_in_use(settings), path)


def _as_written(text: str) -> str:
    """Return a form's text as files have it: one sort of line ends, composed letters, one newline at the end."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).rstrip() + "\n"


def _problems(settings: Settings, drafts: Sequence[Draft]) -> list[str]:
    return [in_words(problem) for problem in problems_of(settings, {d.path: d.text for d in drafts})] if drafts else []


def _faults(entered: Typed, must_be_official: bool = False) -> list[str]:
    """Return what is missing beside the text itself."""
    faults = [entered.fault] if entered.fault else []
    if len(entered.reason) < 10:
        faults.append("Bạn ghi vì sao cần sửa, ít nhất một câu ngắn.")
    if not entered.publisher or not entered.title:
        faults.append("Nguồn cần có nơi công bố và tên văn bản hoặc bài viết.")
    if not _is_day(entered.date):
        faults.append("Bạn chọn ngày công bố của nguồn, không muộn hơn hôm nay.")
    if entered.url and not _HTTPS.fullmatch(entered.url):
        faults.append("Địa chỉ của nguồn phải bắt đầu bằng https://")
    if not entered.url and not entered.kept:
        faults.append("Nguồn cần có địa chỉ trang hoặc tệp đính kèm.")
    if must_be_official and not entered.official:
        faults.append("Chỉ nguồn chính thức của cơ quan nhà nước mới xác nhận được.")
    return faults


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text) <= date.today()
    except ValueError:
        return False


def _confirmation(
    settings: Settings, doubt: Doubt, evidence: Evidence, wording: str, kind: str, said: dict[str, str]
) -> list[Draft]:
    """Return the sheet and the guides as they would be."""
    path = f"facts/{doubt.sheet}.yaml"
    kind = kind if kind in FACT_KINDS else "tip"
    sheet, local = confirmed_sheet(_text(settings, path), doubt.local, evidence, " ".join(wording.split()), kind)
    drafts = [Draft(path, _base(settings, path), _as_written(sheet))]
    for guide in {s.guide.id: s.guide for s in doubt.stated}.values():
        path = f"guides/{guide.topic}/{guide.id}.md"
        lines = {
            s.line.number: said.get(f"line:{guide.id}:{s.line.number}", s.line.text)
            for s in doubt.stated
            if s.guide.id == guide.id
        }
        old = _text(settings, path)
        new = _as_written(confirmed_guide(old, guide, doubt.item.id, local, lines))
        if new != old:
            drafts.append(Draft(path, _base(settings, path), new))
    return drafts


def _propose(records: Records, session: Session, drafts: Sequence[Draft], entered: Typed) -> Response | None:
    """Store a proposal and go to it; None when one of the files has an open change."""
    try:
        numbers = records.changes.propose(session.user, drafts, entered.reason, entered.evidence())
    except RecordError:
        return None
    return RedirectResponse(f"{PREFIX}/sua/thay-doi/{numbers[0]}", 303)


def _edit_page(
    records: Records, request: Request, session: Session, draft: Draft, entered: Typed, problems: Sequence[str] = (),
    status: int = 200, checked: bool = False,
) -> HTMLResponse:  # fmt: skip
    guide_id = Path(draft.path).stem
    page = page_html(
        "change_edit.html", session=session, draft=draft, guide=_guides(request)[guide_id], entered=entered, problems=problems,
        checked=checked, open=records.changes.open_for(draft.path), rows=difference(_text(_settings(request), draft.path), draft.text),
    )  # fmt: skip
    return HTMLResponse(page, status)


def _doubt_page(
    records: Records, request: Request, session: Session, doubt: Doubt, entered: Typed, drafts: Sequence[Draft] = (),
    problems: Sequence[str] = (), status: int = 200, wording: str = "", kind: str = "tip", said: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    settings = _settings(request)
    page = page_html(
        "doubt.html", session=session, doubt=doubt, entered=entered, problems=problems, wording=wording or doubt.item.text,
        kind=kind, kinds=FACT_KINDS, said=said or {}, open=records.changes.open_for(f"facts/{doubt.sheet}.yaml"),
        files=[(d.path, difference(_text(settings, d.path), d.text)) for d in drafts],
    )  # fmt: skip
    return HTMLResponse(page, status)


def _change_page(
    records: Records, request: Request, session: Session, found: Change, problem: str = "", status: int = 200
) -> HTMLResponse:
    settings = _settings(request)
    files, shelved = [], []
    for other in map(records.changes.get, found.together):
        if other.draft.path.startswith(f"{FOLDER}/"):
            said = read_shelved(other.draft.text, other.draft.path)
            shelved.append((said, relation_rows(said.relations), records.documents.by_file(said.file)))
            continue
        fresh = _base(settings, other.draft.path) == other.draft.base
        rows = difference(_text(settings, other.draft.path), other.draft.text) if fresh else None
        files.append((other.draft, rows))
    page = page_html(
        "change.html", session=session, change=found, files=files, shelved=shelved, topics=TOPICS, states=STATES, problem=problem,
        own=found.proposer_id == session.user.id, own_text=_OWN,
    )  # fmt: skip
    return HTMLResponse(page, status)
