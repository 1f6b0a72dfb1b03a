"""Checking answers at /huong-dan-vien/kiem-tra: the queue, one item with all that its answer rested on, and how far reviewers agree."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from evals.agreement import MIN_ITEMS, agreement
from rag.answers import Answer, Citation, read_answer
from rag.assistant import Assistant
from rag.clock import VIETNAM
from rag.corrections import CheckedLine, CheckedText, check, cite, masked
from rag.curated import CuratedCitation
from rag.glossary import Glossary
from rag.guides import TOPICS, Passage
from rag.privacy import mask
from rag.records import Records
from rag.records.accounts import Session, User
from rag.records.reviews import (
    MAX_CORRECTION_CHARS,
    MAX_MARKED_CHARS,
    MAX_NOTE_CHARS,
    PAGE,
    Filters,
    NotHeld,
    QueueItem,
    Review,
    ReviewDraft,
    Verdict,
)
from rag.records.tasks import LAPSED, THIRD
from rag.serving import Serving
from rag.settings import Settings
from rag.text import clean
from ui.rendering import page_html, turn_html
from ui.sign_in import At, Trainer, TrainerWrites
from ui.wording import LEVELS

PREFIX = "/huong-dan-vien/kiem-tra"
VERDICTS = {
    Verdict.RIGHT: "Đúng",
    Verdict.INCOMPLETE: "Thiếu",
    Verdict.WRONG: "Sai",
    Verdict.DANGEROUS: "Nguy hiểm",
    Verdict.OUT_OF_SCOPE: "Không thuộc phạm vi",
}
REASONS = {
    "not-asked": "Không đúng điều được hỏi",
    "false": "Nói sai sự thật",
    "outdated": "Thông tin đã cũ",
    "missing": "Thiếu điều người học cần",
    "source": "Nguồn không nói như vậy",
    "unclear": "Khó hiểu, khó làm theo",
    "harm": "Làm theo dễ mất tiền, lộ thông tin",
    "refused": "Có tài liệu mà không trả lời",
}
STATUSES = {
    "answered": "Đã trả lời",
    "partial": "Trả lời một phần",
    "declined": "Từ chối trả lời",
    "safety": "Cảnh báo an toàn",
    "error": "Bị lỗi",
}
THUMBS = {"up": "Người học thấy có ích", "down": "Người học thấy chưa ổn", "none": "Chưa có góp ý"}
TICKS = frozenset({"serve", "case"})
MAX_CHARS = {"Câu sửa": MAX_CORRECTION_CHARS, "Phần đánh dấu": MAX_MARKED_CHARS, "Ghi chú": MAX_NOTE_CHARS}
_NEED_REASON = frozenset({Verdict.INCOMPLETE, Verdict.WRONG, Verdict.DANGEROUS})
_FOUND_PASSAGES = 6
_TAKEN = "Câu này đang có người khác kiểm tra, hoặc đã xong rồi. Bạn nhận câu khác nhé."
_LOST = "Bạn không còn giữ câu này nên kết luận chưa được lưu. Phần bạn đã viết ở ngay dưới đây, bạn chép lại nếu cần."
_NO_VERDICT = "Bạn chọn một kết luận: đúng, thiếu, sai, nguy hiểm hoặc không thuộc phạm vi."
_NO_REASON = "Bạn chọn ít nhất một lý do, đánh dấu câu sai, viết câu sửa hoặc ghi chú, để người sau hiểu vì sao."
_STALE = "Một nguồn bạn chọn vừa được sửa trong tài liệu. Bạn bỏ nguồn đó rồi chọn lại nhé."
_MASKED = "Có thông tin riêng của ai đó trong câu sửa. Khi lưu, chỗ đó được che đi."
_BAD_SOURCES = "Phần nguồn gửi lên không đọc được. Bạn tải lại trang rồi chọn lại nguồn nhé."

AfterReview = Callable[[User, Review, QueueItem, frozenset[str]], list[str]]


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """What the pages work with besides the records."""

    serving: Serving
    glossary: Glossary
    settings: Settings

    @property
    def assistant(self) -> Assistant:
        """The assistant that answers now."""
        return self.serving.assistant

    def passages(self) -> dict[str, Passage]:
        """Return every passage of the index that is open now, by id."""
        return self.assistant.passages

    @property
    def today(self) -> date:
        """The day on which lines must be true."""
        return self.assistant.today()


def open_reviews(app: FastAPI, serving: Serving, glossary: Glossary, settings: Settings, after: AfterReview) -> None:
    """Add the pages to the application. `after` is called with who decided, the stored review, its item and
    which of `TICKS` were ticked, and returns in Vietnamese what went wrong.
    """
    app.state.review_desk = ReviewDesk(serving, glossary, settings)
    app.state.after_review = after
    app.include_router(router)


def _desk_of(request: Request) -> ReviewDesk:
    return request.app.state.review_desk


Desk = Annotated[ReviewDesk, Depends(_desk_of)]
_Blank = BeforeValidator(lambda value: None if value == "" else value)
_Percent = Annotated[int | None, _Blank, Field(ge=0, le=100)]
_Day = Annotated[date | None, _Blank]


class Wanted(BaseModel):
    """The queue's filters as its form sends them; confidence in per cent, days as the calendar in Vietnam has them."""

    status: str = ""
    level: str = ""
    topic: str = ""
    locality: str = ""
    classroom: Annotated[int | None, _Blank] = None
    thumbs: str = ""
    least: _Percent = None
    below: _Percent = None
    model: str = ""
    since: _Day = None
    until: _Day = None
    text: Annotated[str, Field(max_length=200)] = ""
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    done: bool = False
    saved: bool = False

    def filters(self, desk: ReviewDesk) -> Filters:
        """Return the filters as the records have them."""
        guides = desk.assistant.index.guides.values()
        return Filters(
            self.status, self.level, frozenset(g.id for g in guides if g.topic == self.topic) if self.topic else None,
            self.locality or None, self.classroom, self.thumbs,
            None if self.least is None else self.least / 100, None if self.below is None else self.below / 100,
            self.model, _midnight(self.since), _midnight(self.until, 1), clean(self.text),
        )  # fmt: skip

    def query(self, **more: object) -> str:
        """Return the filters that are set as the end of an address: "?status=partial", or ""."""
        given = {
            name: value
            for name, value in self.model_dump(exclude={"page", "done", "saved"}).items()
            if value not in ("", None)
        }
        return f"?{urlencode(given | more)}" if given or more else ""


class Cited(BaseModel):
    """A citation as the editor sends it: lines of a passage by their places from 0, as of `digest`."""

    number: Annotated[int, Field(ge=1, le=99)]
    passage_id: str
    digest: str
    rows: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=60)]


_CITED = TypeAdapter(Annotated[list[Cited], Field(max_length=20)])
Filtered = Annotated[Wanted, Query()]
# A browser counts a line break as one character and sends two: what is too long is told in words, below.
Text = Annotated[str, Form(max_length=20_000)]


@dataclass(frozen=True, slots=True)
class Typed:
    """The review form as it was sent; what is refused is shown again as it is."""

    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()
    marked: str = ""
    correction: str = ""
    citations: str = "[]"
    note: str = ""
    serve: bool = False
    case: bool = False

    @property
    def ticked(self) -> frozenset[str]:
        """Which of `TICKS` were ticked, where there is something to make of it."""
        useful = self.verdict is Verdict.RIGHT or self.correction.strip()
        return frozenset(name for name in TICKS if getattr(self, name)) if useful else frozenset()


def _typed(
    verdict: Annotated[Verdict | None, Form()] = None, reasons: Annotated[list[str] | None, Form()] = None,
    marked: Text = "", correction: Text = "", citations: Text = "[]", note: Text = "",
    serve: Annotated[bool, Form()] = False, case: Annotated[bool, Form()] = False,
) -> Typed:  # fmt: skip
    return Typed(verdict, tuple(reasons or ()), marked, correction, citations, note, serve, case)


router = APIRouter(prefix=PREFIX)


@router.get("")
def queue(records: At, desk: Desk, session: Trainer, wanted: Filtered) -> HTMLResponse:
    """Show what waits for a verdict."""
    return _queue_html(records, desk, session, wanted)


@router.post("/tiep")
def take_next(
    records: At, desk: Desk, session: TrainerWrites, wanted: Filtered, after: Annotated[int | None, Form()] = None
) -> Response:
    """Give the next item to the reviewer, and the one that they skip back."""
    item = records.reviews.take_next(session.user, wanted.filters(desk), after)
    if item and after:
        records.reviews.give_back(session.user, after)
    if item is None and after and records.reviews.held(session.user, after):
        return _item_html(records, desk, session, wanted, after, note="Không còn câu nào khác đang chờ bạn.")
    return _to(item, wanted)


@router.get("/tim")
def search(desk: Desk, _: Trainer, q: Annotated[str, Query(max_length=300)] = "") -> JSONResponse:
    """Return the passages that fit some words, with the lines that are true today."""
    if not q.strip():
        return JSONResponse([])
    query = desk.assistant.reader.read(mask(q)).query
    found = desk.assistant.retriever.search(query, desk.today).hits[:_FOUND_PASSAGES]
    return JSONResponse([_pickable(hit.passage, desk.today) for hit in found])


@router.post("/soat")
def check_correction(desk: Desk, _: TrainerWrites, correction: Text = "", citations: Text = "[]") -> JSONResponse:
    """Tell line by line whether a correction may be kept."""
    read = _read_correction(desk, correction, citations)
    rows = [{"text": line.text, "problem": _line_problem(line)} for line in read.checked.lines]
    return JSONResponse({"lines": rows, "problems": read.problems, "notice": _MASKED if read.masked else ""})


@router.get("/do-dong-thuan")
def agreement_page(records: At, session: Trainer) -> HTMLResponse:
    """Show how far reviewers agree."""
    overall, each = agreement(records.reviews.pairs(session.user))
    shown = {user.name: user.shown for user in records.accounts.all()}
    page = page_html(
        "review_agreement.html", session=session, overall=overall, each=each, shown=shown, least=MIN_ITEMS, prefix=PREFIX
    )  # fmt: skip
    return HTMLResponse(page)


@router.get("/{task_id}")
def item_page(records: At, desk: Desk, session: Trainer, wanted: Filtered, task_id: int) -> HTMLResponse:
    """Show an item to the one who holds it."""
    return _item_html(
        records, desk, session, wanted, task_id, note="Đã lưu. Đây là câu tiếp theo." if wanted.saved else ""
    )


@router.post("/{task_id}/nhan")
def take(records: At, desk: Desk, session: TrainerWrites, wanted: Filtered, task_id: int) -> Response:
    """Give an item to the reviewer who chose it."""
    try:
        return _to(records.reviews.take(session.user, task_id), wanted)
    except NotHeld:
        return _queue_html(records, desk, session, wanted, _TAKEN, 409)


@router.post("/{task_id}/giu")
def keep(records: At, session: TrainerWrites, task_id: int) -> Response:
    """Renew the hold of the one whose page is open; 409 when somebody else has the item."""
    try:
        records.reviews.take(session.user, task_id)
    except NotHeld:
        return Response(status_code=409)
    return Response(status_code=204)


@router.post("/{task_id}/tra")
def give_back(records: At, session: TrainerWrites, wanted: Filtered, task_id: int) -> Response:
    """Let others take the item."""
    records.reviews.give_back(session.user, task_id)
    return RedirectResponse(PREFIX + wanted.query(), 303)


@router.post("/{task_id}")
def decide(
    request: Request, records: At, desk: Desk, session: TrainerWrites, wanted: Filtered, task_id: int,
    typed: Annotated[Typed, Depends(_typed)],
) -> Response:  # fmt: skip
    """Store a verdict and go on to the next item."""
    item = records.reviews.held(session.user, task_id)
    if item is None:
        return _queue_html(records, desk, session, wanted, _LOST, 409, typed)
    draft, problems = _draft(desk, typed)
    if draft is None or problems:
        return _item_html(records, desk, session, wanted, task_id, problems, 422, typed)
    try:
        review = records.reviews.decide(session.user, task_id, draft)
    except NotHeld:
        return _queue_html(records, desk, session, wanted, _LOST, 409, typed)
    if problems := request.app.state.after_review(session.user, review, item, typed.ticked):
        return _queue_html(records, desk, session, wanted, " ".join(["Đã lưu kết luận, nhưng:", *problems]), 409)
    return _to(records.reviews.take_next(session.user, wanted.filters(desk)), wanted, saved=1)


def _to(item: QueueItem | None, wanted: Wanted, **more: object) -> Response:
    """Lead to an item, or to the queue when there is none."""
    at = f"{PREFIX}/{item.task_id}{wanted.query(**more)}" if item else PREFIX + wanted.query(done=1)
    return RedirectResponse(at, 303)


def _queue_html(
    records: Records, desk: ReviewDesk, session: Session, wanted: Wanted, problem: str = "", status: int = 200,
    lost: Typed | None = None,
) -> HTMLResponse:  # fmt: skip
    user = session.user
    items, total = records.reviews.queue(user, wanted.filters(desk), wanted.page)
    within = records.localities.within(user.locality_id)
    places = {key: place for key, place in records.localities.all().items() if within is None or key in within}
    page = page_html(
        "review_queue.html", session=session, prefix=PREFIX, wanted=wanted, items=items, total=total, per_page=PAGE,
        problem=problem, lost=lost, statuses=STATUSES, levels=LEVELS, topics=TOPICS, thumbs=THUMBS,
        places=places, choices=records.reviews.choices(user), active=bool(wanted.query()),
    )  # fmt: skip
    return HTMLResponse(page, status)


def _item_html(
    records: Records, desk: ReviewDesk, session: Session, wanted: Wanted, task_id: int,
    problems: Iterable[str] = (), status: int = 200, typed: Typed | None = None, note: str = "",
) -> HTMLResponse:  # fmt: skip
    item = records.reviews.held(session.user, task_id)
    if item is None:
        return _queue_html(records, desk, session, wanted, _TAKEN, 409)
    answer, passages, typed = read_answer(item.answer), desk.passages(), typed or Typed()
    place = records.localities.all().get(item.locality_id or "")
    page = page_html(
        "review_item.html", session=session, prefix=PREFIX, query=wanted.query(), item=item, problems=list(problems),
        note=note, typed=typed, place=place.name if place else "", answer=answer, statuses=STATUSES, levels=LEVELS,
        turn=turn_html(answer, passages, desk.glossary, masked=False, can_rate=False, read_only=True),
        found=[_found(hit.passage_id, hit.digest, hit.score, answer, passages) for hit in item.hits],
        history=records.reviews.history(item.answer_id) if item.stage == THIRD else [],
        lapsed=records.curated.lapsed_from(item.answer_id) if item.reason == LAPSED else None,
        verdicts=VERDICTS, reasons=REASONS, citations=json.dumps(_shown_again(typed.citations, passages)),
        prefill=json.dumps({"text": answer.text, "citations": _prefilled(answer, passages)}),
        max_chars=MAX_CHARS,
    )  # fmt: skip
    return HTMLResponse(page, status)


def _found(
    passage_id: str, digest: str, score: float, answer: Answer, passages: Mapping[str, Passage]
) -> dict[str, object]:
    """Return a passage that was found: its lines as they are now, the numbers that cite it, whether it has changed since."""
    passage = passages.get(passage_id)
    cited = [citation for citation in answer.citations if citation.passage_id == passage_id]
    quoted = {line for citation in cited for line in citation.quote.split("\n")}
    return {
        "id": passage_id, "score": score, "numbers": [c.number for c in cited], "gone": passage is None,
        "title": f"{passage.guide_title} – {passage.heading}" if passage else passage_id,
        "changed": passage is not None and passage.digest != digest,
        "lines": [(line.text, line.text in quoted) for line in passage.lines] if passage else [],
    }  # fmt: skip


def _pickable(passage: Passage, day: date) -> dict[str, object]:
    """Return a passage for the picker; `lines` are (place, text) of those that are true on `day`."""
    lines = [(row, line.text) for row, line in enumerate(passage.lines) if line.valid_on(day)]
    title = f"{passage.guide_title} – {passage.heading}"
    return {"passage_id": passage.id, "digest": passage.digest, "title": title, "lines": lines}


def _editable(number: int, passage: Passage, rows: list[int]) -> dict[str, object]:
    """Return a citation for the editor."""
    lines = [passage.lines[row].text for row in rows]
    title = f"{passage.guide_title} – {passage.heading}"
    return {"number": number, "passage_id": passage.id, "digest": passage.digest, "title": title, "rows": rows, "lines": lines}  # fmt: skip


def _prefilled(answer: Answer, passages: Mapping[str, Passage]) -> list[dict[str, object]]:
    """Return what the shown text cites, as far as the passages still say it."""
    made = []
    for citation in answer.citations:
        passage, quoted = passages.get(citation.passage_id), set(citation.quote.split("\n"))
        rows = [row for row, line in enumerate(passage.lines) if line.text in quoted] if passage else []
        if passage and rows and f"[{citation.number}]" in answer.text:
            made.append(_editable(citation.number, passage, rows))
    return made


def _shown_again(sent: str, passages: Mapping[str, Passage]) -> list[dict[str, object]]:
    """Return the citations that came with a refused form, those whose lines are still there."""
    try:
        cited = _CITED.validate_json(sent)
    except ValidationError:
        return []
    return [
        _editable(c.number, passage, c.rows)
        for c in cited
        if (passage := passages.get(c.passage_id)) and max(c.rows) < len(passage.lines)
    ]


def _draft(desk: ReviewDesk, typed: Typed) -> tuple[ReviewDraft | None, list[str]]:
    """Return what is stored of a form, and in Vietnamese what must be mended before."""
    if typed.verdict is None:
        return None, [_NO_VERDICT]
    reasons = tuple(reason for reason in REASONS if reason in typed.reasons)
    draft = ReviewDraft(typed.verdict, reasons, clean(typed.marked), note=clean(typed.note))
    problems: list[str] = []
    if clean(typed.correction):
        read = _read_correction(desk, typed.correction, typed.citations)
        problems = [*read.problems, *(f"“{line.text}”: {why}" for line in read.checked.lines if (why := _line_problem(line)))]  # fmt: skip
        draft = replace(draft, correction=clean(typed.correction), citations=read.quotes)
    if draft.verdict in _NEED_REASON and not (reasons or draft.marked or draft.correction or draft.note):
        problems.append(_NO_REASON)
    lengths = {"Câu sửa": draft.correction, "Phần đánh dấu": draft.marked, "Ghi chú": draft.note}
    problems += [f"{name} dài quá, tối đa {MAX_CHARS[name]} chữ cái." for name, text in lengths.items() if len(text) > MAX_CHARS[name]]  # fmt: skip
    return draft, problems


@dataclass(frozen=True, slots=True)
class _Correction:
    """A correction as it was read: its quotes, what the lock says of it, what else is wrong, whether something is masked."""

    quotes: tuple[CuratedCitation, ...]
    checked: CheckedText
    problems: list[str]
    masked: bool


def _read_correction(desk: ReviewDesk, typed: str, sent: str) -> _Correction:
    text, (cited, problems) = clean(typed), _citations(desk.passages(), sent)
    citations = [citation for citation, _ in cited]
    said = masked(text, [citation.quote for citation in citations])
    checked = check(said, citations)
    unused = [f"Nguồn [{n}] chưa được dùng. Bạn ghi [{n}] vào câu dựa trên nguồn đó, hoặc bỏ nguồn." for n in checked.unused]  # fmt: skip
    quotes = tuple(CuratedCitation(c.number, c.passage_id, digest, c.quote) for c, digest in cited)
    return _Correction(quotes, checked, [*problems, *unused], said != text)


def _citations(passages: Mapping[str, Passage], sent: str) -> tuple[list[tuple[Citation, str]], list[str]]:
    """Return the citations of a form, each with its passage's digest, and what is wrong with the others."""
    try:
        rows = _CITED.validate_json(sent or "[]")
    except ValidationError:
        return [], [_BAD_SOURCES]
    if len({row.number for row in rows}) < len(rows):
        return [], [_BAD_SOURCES]
    good = [row for row in rows if (p := passages.get(row.passage_id)) and p.digest == row.digest and max(row.rows) < len(p.lines)]  # fmt: skip
    made = [(cite(row.number, passages[row.passage_id], sorted(set(row.rows))), row.digest) for row in good]
    return made, [_STALE] if len(good) < len(rows) else []


def _line_problem(line: CheckedLine) -> str:
    """Return in Vietnamese what a line needs; "" when the lock keeps it."""
    if line.unknown:
        return f"chưa có nguồn {_marks(line.unknown)}. Bạn chọn nguồn hoặc bỏ số này."
    if line.lacks and not line.marks:
        return f"nêu “{line.lacks}” mà chưa ghi nguồn. Bạn chọn nguồn rồi ghi số [n] vào cuối câu."
    if line.lacks:
        return f"nguồn {_marks(line.marks)} không nói “{line.lacks}”."
    return ""


def _marks(numbers: Iterable[int]) -> str:
    return ", ".join(f"[{number}]" for number in numbers)


def _midnight(day: date | None, later: int = 0) -> datetime | None:
    """Return when a day begins in Vietnam, or the one `later` days after it."""
    return datetime.combine(day + timedelta(days=later), time.min, VIETNAM).astimezone(UTC) if day else None
