"""Official documents at /huong-dan-vien/van-ban: bring files, confirm, propose; a second person decides."""

import re
import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from rag.documents.differences import ParagraphChange, text_changes
from rag.documents.library import Text
from rag.documents.shelf import Shelved, read_shelved, same_number, shelf_path, shelf_text
from rag.documents.units import Description, RelationKind, Unit
from rag.editions import corpus_in_use, file_digest, problems_of
from rag.errors import RecordError
from rag.guides import TOPICS
from rag.records import Records
from rag.records.accounts import Session
from rag.records.changes import Change, ChangeState, Draft, Evidence
from rag.records.documents import Document, DocumentState
from rag.settings import Settings
from rag.text import INVISIBLE
from ui.change_pages import STATES as CHANGE_STATES
from ui.change_pages import difference
from ui.document_edits import drafts_of, impact
from ui.document_form import Entered, FromForm, as_entered, description, evidence, faults, known_as, shelved
from ui.doubtful_pages import (
    DECISIONS,
    FAULTS,
    NOT_WAITING,
    PREFIX,
    known_document,
    library_of,
    read_text,
    readable_document,
    shown,
)
from ui.problem_words import in_words
from ui.quoting import outline
from ui.refusal_words import refusal_words
from ui.rendering import page_html
from ui.shelf import shelf_in_use, text_of
from ui.sign_in import AdminWrites, At, Trainer, TrainerWrites

STATES = {
    DocumentState.WAITING: "chờ xác nhận", DocumentState.PROPOSED: "đã đề xuất, đang dùng", DocumentState.SET_ASIDE: "để riêng",
    DocumentState.REFUSED: "không đọc được",
}  # fmt: skip
_SHOWN = 50
_MAX_NAME = 70
_NO_FILES = "Bạn chọn ít nhất một tệp nhé."
_OPEN_CHANGE = "Văn bản này đang có một thay đổi chờ duyệt hoặc chờ xuất bản. Bạn xem thay đổi đó trước nhé."
_SERVED = "Văn bản đang được dùng để trả lời nên chưa xóa được."
_UNFIT = "Có chỗ ghi chưa đúng mẫu. Bạn xem lại số hiệu và địa chỉ nhé."

router = APIRouter(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file that was brought, in words; `number` leads to its page, 0 where it has none."""

    name: str
    said: str
    good: bool
    number: int = 0


@router.get("")
def documents(
    records: At, request: Request, session: Trainer, trang_thai: str = "", truoc: int | None = None
) -> HTMLResponse:
    """List the documents that were brought, and take new ones."""
    return _list_page(records, request, session, trang_thai, truoc)


@router.post("")
def bring(records: At, request: Request, session: TrainerWrites, files: list[UploadFile] | None = None) -> HTMLResponse:
    """Take files in and say what became of each."""
    named = [file for file in files or () if file.filename]
    if not named:
        return _list_page(records, request, session, problem=_NO_FILES, status=422)
    with library_of(request).workspace() as folder:
        brought = [_put(folder / str(number), file) for number, file in enumerate(named)]
        taken = [_taken(outcome) for outcome in request.app.state.ingest(session.user.name, brought)]
    return _list_page(records, request, session, taken=taken)


@router.get("/{number}")
def document(records: At, request: Request, session: Trainer, number: int, xong: str = "") -> HTMLResponse:
    """Show a document with what is to be confirmed."""
    return _document_page(records, request, session, known_document(records, number), saved=xong == "luu")


@router.post("/{number}")
def confirm(
    records: At,
    request: Request,
    session: TrainerWrites,
    number: int,
    form: FromForm,
    do: Annotated[str, Form()] = "save",
) -> Response:
    """Keep what a person says of a document; with `do=check` say what is missing, with `do=propose` propose it."""
    found = known_document(records, number)
    if found.state is not DocumentState.WAITING:
        return _document_page(records, request, session, found, problems=[NOT_WAITING], status=409)
    records.documents.describe(session.user, number, description(form), form.edits)
    found = records.documents.get(number)
    if do == "save":
        return RedirectResponse(f"{PREFIX}/{number}?xong=luu", 303)
    drafts, problems = _drafts(request, found, form)
    if do == "propose" and not problems:
        try:
            numbers = records.documents.propose(session.user, number, drafts, *_grounds(drafts[0], form.note))
            return RedirectResponse(f"/huong-dan-vien/sua/thay-doi/{numbers[0]}", 303)
        except RecordError:
            problems = [_open_of(records, drafts)]
    status = 422 if do == "propose" else 200
    return _document_page(records, request, session, found, form, problems, status, None if problems else drafts[1:])


@router.get("/{number}/tep")
def original(records: At, request: Request, _: Trainer, number: int) -> FileResponse:
    """Hand out the file as it was brought; a browser saves it and never shows it as a page of ours."""
    found = readable_document(records, number)
    path = library_of(request).original(found.new.file)
    return FileResponse(path, media_type="application/octet-stream", filename=f"van-ban-{number}{path.suffix}")


@router.post("/{number}/de-rieng")
def set_aside(records: At, request: Request, session: TrainerWrites, number: int) -> Response:
    """Note that a document is not wanted."""
    found = readable_document(records, number)
    if found.state is not DocumentState.WAITING:
        return _document_page(records, request, session, found, problems=[NOT_WAITING], status=409)
    records.documents.set_aside(session.user, number)
    return RedirectResponse(PREFIX, 303)


@router.post("/{number}/cho-lai")
def wait_again(records: At, request: Request, session: TrainerWrites, number: int) -> Response:
    """Let a document wait again, once no change of it is open."""
    found = readable_document(records, number)
    if _open_change(records, found):
        return _document_page(records, request, session, found, problems=[_OPEN_CHANGE], status=409)
    records.documents.wait(session.user, number)
    return RedirectResponse(f"{PREFIX}/{number}", 303)


@router.post("/{number}/xoa")
def remove(records: At, request: Request, session: AdminWrites, number: int) -> Response:
    """Remove a document from the records and the library, unless it is served or about to be."""
    found = known_document(records, number)
    served = any(found.new.file == other.file for other in shelf_in_use(request.app.state.settings).values())
    if problem := _SERVED if served else _OPEN_CHANGE if _open_change(records, found) else "":
        return _document_page(records, request, session, found, problems=[problem], status=409)
    records.documents.remove(session.user.name, number)
    library_of(request).remove(found.new.file)
    return RedirectResponse(PREFIX, 303)


def _drafts(request: Request, found: Document, form: Entered) -> tuple[list[Draft], list[str]]:
    """Return the shelf file and what it changes as drafts, and in Vietnamese what is wrong with them."""
    if problems := faults(form):
        return [], problems
    settings: Settings = request.app.state.settings
    try:
        said = shelved(form, found, shelf_in_use(settings), settings.day)
    except ValueError:
        return [], [_UNFIT]
    path = shelf_path(said.id)
    edits, problems = drafts_of(settings, said, _served(request, found), form.edits)
    drafts = [Draft(path, file_digest(corpus_in_use(settings), path), shelf_text(said)), *edits]
    return drafts, problems or list(map(in_words, problems_of(settings, {draft.path: draft.text for draft in drafts})))


def _served(request: Request, found: Document) -> list[Unit]:
    """Return the units that would be served, without those of pages that nobody has read right."""
    return [unit for unit in read_text(request, found).units if unit.page not in found.left_out]


def _put(folder: Path, file: UploadFile) -> tuple[Path, str]:
    """Write a file that was sent into a new folder, piece by piece; return where it is and its name."""
    name = _safe_name(file.filename or "")
    folder.mkdir()
    with (folder / name).open("wb") as target:
        shutil.copyfileobj(file.file, target)
    return folder / name, name


def _safe_name(sent: str) -> str:
    """Return the last part of a file's name without what no name should have, short enough for every disk."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    plain = re.sub(r"[^\w .()\[\],+-]", "_", INVISIBLE.sub("", last)).strip(" .") or "van-ban"
    stem, dot, suffix = plain.rpartition(".")
    return f"{stem[:_MAX_NAME]}.{suffix[:10]}" if dot else plain[:_MAX_NAME]


def _taken(outcome: Any) -> Taken:
    """Return an outcome of `rag.ingestion` in words."""
    if outcome.result == "added":
        looked = f" {outcome.doubtful} trang cần bạn xem lại." if outcome.doubtful else ""
        return Taken(outcome.name, f"Đã nhận, {outcome.pages} trang.{looked}", True, outcome.number)
    if outcome.result == "known":
        return Taken(outcome.name, "Tệp này đã có rồi.", True, outcome.number)
    return Taken(outcome.name, refusal_words(outcome.reason), False)


def _changes(records: Records, found: Document) -> list[Change]:
    return [records.changes.get(number) for number in found.changes]


def _open_change(records: Records, found: Document) -> Change | None:
    open_ = (ChangeState.PROPOSED, ChangeState.APPROVED)
    return next((change for change in _changes(records, found) if change.state in open_), None)


def _open_of(records: Records, drafts: Sequence[Draft]) -> str:
    """Return in words which open change keeps drafts from being proposed."""
    number = next((change.id for draft in drafts if (change := records.changes.open_for(draft.path))), 0)
    if not number:
        return NOT_WAITING
    return f"Thay đổi {number} của cùng văn bản hoặc hướng dẫn đang chờ duyệt hay chờ xuất bản. Bạn xem thay đổi đó trước nhé."


def _grounds(draft: Draft, note: str) -> tuple[str, Evidence]:
    """Return why a document's shelf file is proposed, and what the proposal rests on."""
    said = read_shelved(draft.text, draft.path)
    return f"Đưa {said.name} vào dùng." + (f" {note}" if note else ""), evidence(said)


def _list_page(
    records: Records, request: Request, session: Session, state: str = "", before: int | None = None, problem: str = "",
    taken: Sequence[Taken] = (), status: int = 200,
) -> HTMLResponse:  # fmt: skip
    wanted = [DocumentState(state)] if state in set(DocumentState) else []
    rows = records.documents.all(*wanted, limit=_SHOWN + 1, before=before)
    counts = records.documents.counts()
    page = page_html(
        "documents.html", session=session, rows=rows[:_SHOWN], next=rows[_SHOWN - 1].id if len(rows) > _SHOWN else None,
        states=STATES, state=state if wanted else "", counts=counts, total=sum(counts.values()), problem=problem, taken=taken,
        served={other.file: other.id for other in shelf_in_use(request.app.state.settings).values()}, why=refusal_words,
    )  # fmt: skip
    return HTMLResponse(page, status)


def _document_page(
    records: Records, request: Request, session: Session, found: Document, form: Entered | None = None,
    problems: Sequence[str] = (), status: int = 200, checked: Sequence[Draft] | None = None, saved: bool = False,
) -> HTMLResponse:  # fmt: skip
    settings, readable = request.app.state.settings, found.state is not DocumentState.REFUSED
    shelf, corpus = shelf_in_use(settings), corpus_in_use(settings)
    text = read_text(request, found) if readable else None
    known = known_as(form or as_entered(found), shelf) if readable else None
    form = form or as_entered(found, known)
    said = description(form)
    waits = found.state is DocumentState.WAITING
    page = page_html(
        "document.html", session=session, document=found, form=form, problems=problems, saved=saved, states=STATES,
        decisions=DECISIONS, fault_words=FAULTS, why=refusal_words(found.refusal), topics=TOPICS,
        kinds=[kind.value for kind in RelationKind], known=known, changes=_changes(records, found),
        change_states=CHANGE_STATES, open=_open_change(records, found), alike=records.documents.alike(found),
        served=next((other for other in shelf.values() if other.file == found.new.file), None),
        outline=outline(text.units) if text else [], before=_before(records, request, found, said, shelf) if text else None,
        impact=impact(settings, found, said, _served(request, found), form.edits, settings.day) if waits else None,
        checked=checked, files=[(d.path, difference((corpus / d.path).read_text(encoding="utf-8"), d.text)) for d in checked or ()],
    )  # fmt: skip
    return HTMLResponse(page, status)


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier text: what it is called, the address of its page, and the paragraphs that are not as they were."""

    name: str
    address: str
    changes: Sequence[ParagraphChange]


def _before(
    records: Records, request: Request, found: Document, said: Description, shelf: Mapping[str, Shelved]
) -> Before | None:
    """Return what the same source said before; else the shelved document of the same number, or one that is replaced."""
    replaced = [relation.number for relation in said.relations if relation.kind is RelationKind.REPLACES]
    if found.previous:
        other = known_document(records, found.previous)
        name, address, files = other.new.name, f"{PREFIX}/{other.id}", (other.new.file, other.new.reading)
    elif old := next((
        d for number in (said.number, *replaced) for d in shelf.values()
        if same_number(d.number, number) and d.file != found.new.file
    ), None):  # fmt: skip
        name, address, files = old.name, f"/van-ban/{old.id}", (old.file, old.reading)
    else:
        return None
    changes = text_changes(
        _paragraphs_of(text_of(request.app.state.settings, *files)), _paragraphs_of(read_text(request, found))
    )
    return Before(name, address, changes)


def _paragraphs_of(text: Text) -> list[str]:
    return [shown(block) for block in text.reading.blocks]
