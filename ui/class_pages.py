"""A trainer's side of a class: opening it, the page to project, the wall of questions, what is put before all, and the end.

A class that is not the trainer's own is one that does not exist, except for administrators.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import State

from rag.clock import VIETNAM
from rag.errors import RecordError
from rag.guides import TOPICS, Guide
from rag.records import Records
from rag.records.accounts import Session, User
from rag.records.classrooms import Asked, Classroom, Kind, Push, Wall
from rag.records.localities import Locality
from rag.records.movement import AUDIENCES, Audience
from ui.member_pages import class_title, pushed_title
from ui.qr_codes import qr_svg
from ui.rendering import page_html
from ui.sign_in import At, Trainer, TrainerWrites
from ui.steps import ways_of
from ui.wording import local_clock

PREFIX = "/huong-dan-vien/lop"
_LOOK_EVERY_S = 60
_NO_CLASS = "Lớp này đã kết thúc, hoặc không phải lớp của bạn."
_NOT_OPENED = "Bạn chọn lại địa phương, đối tượng và ngày rồi bấm Mở lớp nhé."
_NOT_SWEPT = "Lớp đã kết thúc, nhưng máy chủ chưa dọn hết tệp của lớp. Bạn báo cho người quản trị giúp mình nhé."
_NO_GUIDE = "Bạn chọn một hướng dẫn hoặc một bài học trong danh sách rồi bấm gửi nhé."

_NO_STEPS = "Hướng dẫn này không chia thành từng bước. Bạn gửi cả hướng dẫn nhé."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """A class as it stands in the form that opens one."""

    locality: str
    audience: str
    held_on: date


@asynccontextmanager
async def _ending_overdue(app: FastAPI) -> AsyncIterator[None]:
    """End forgotten classes as long as the application runs."""
    task = asyncio.create_task(_end_overdue(app))
    yield
    task.cancel()


async def _end_overdue(app: FastAPI) -> None:
    while True:
        try:
            for classroom_id in await asyncio.to_thread(app.state.records.classrooms.end_overdue):
                app.state.conversations.end(classroom_id)
        except RecordError:  # tried again in a minute
            log.exception("forgotten classes could not be ended")
        await asyncio.sleep(_LOOK_EVERY_S)


router = APIRouter(prefix=PREFIX, lifespan=_ending_overdue)
Text = Annotated[str, Form(max_length=120)]


@router.get("")
def classes(records: At, session: Trainer, xong: str = "") -> HTMLResponse:
    """List the trainer's open classes, with the form that opens one."""
    return _classes_page(records, session, done=bool(xong))


@router.post("")
def open_class(
    records: At, session: TrainerWrites, held_on: Annotated[date, Form()], locality: Text = "", audience: Text = ""
) -> Response:
    """Open a class."""
    try:
        room = records.classrooms.open(session.user, locality or None, audience, held_on)
    except RecordError:
        return _classes_page(records, session, Draft(locality, audience, held_on), _NOT_OPENED, status=422)
    return RedirectResponse(f"{PREFIX}/{room.id}", 303)


@router.get("/{classroom_id}")
def wall_page(records: At, session: Trainer, request: Request, classroom_id: int) -> HTMLResponse:
    """Show the wall: what is asked, by whom by number, and what the trainer may do about it."""
    return _wall_page(records, session, request, classroom_id)


@router.get("/{classroom_id}/tuong")
def wall(records: At, session: Trainer, request: Request, classroom_id: int) -> Response:
    """Return what the wall shows, as JSON; 304 where nothing has changed."""
    room = _own(records, session.user, classroom_id)
    try:
        state = _wall_state(room, records.classrooms.wall(room.id), request.app.state)
    except RecordError as error:
        raise HTTPException(404, _NO_CLASS) from error
    body = json.dumps(state, ensure_ascii=False).encode()
    headers = {"ETag": f'"{sha256(body).hexdigest()[:32]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/{classroom_id}/chieu")
def projected(records: At, session: Trainer, request: Request, classroom_id: int) -> HTMLResponse:
    """Show the code and its QR image, to project."""
    room = _own(records, session.user, classroom_id)
    root = (request.app.state.settings.public_url or str(request.base_url)).rstrip("/")
    qr, shown = qr_svg(f"{root}/lop/{room.code}"), f"{root.partition('://')[2]}/lop"
    return _page("class_project.html", session=session, room=room, title=class_title(room), qr=qr, address=shown)


@router.post("/{classroom_id}/gui")
def push(
    records: At, session: TrainerWrites, request: Request, classroom_id: int, kind: Annotated[Kind, Form()] = "guide",
    guide_id: Text = "",
) -> Response:  # fmt: skip
    """Put a guide, its steps or practice sheet, or a lesson before the whole class."""
    _own(records, session.user, classroom_id)
    state = request.app.state
    if pushed_title(state, Push(kind, guide_id)) is None:
        return _wall_page(records, session, request, classroom_id, _NO_GUIDE, 422)
    if kind == "steps" and not ways_of(state.guides()[guide_id], state.settings.day):
        return _wall_page(records, session, request, classroom_id, _NO_STEPS, 422)
    try:
        records.classrooms.push(session.user, classroom_id, kind, guide_id)
    except RecordError as error:
        raise HTTPException(404, _NO_CLASS) from error
    return RedirectResponse(f"{PREFIX}/{classroom_id}", 303)


@router.get("/{classroom_id}/ket-thuc")
def before_end(records: At, session: Trainer, classroom_id: int) -> HTMLResponse:
    """Say what the end wipes and what stays, and ask once more."""
    room = _own(records, session.user, classroom_id)
    wall = records.classrooms.wall(room.id)
    return _page("class_end.html", session=session, room=room, title=class_title(room), wall=wall)


@router.post("/{classroom_id}/ket-thuc")
def end(records: At, session: TrainerWrites, request: Request, classroom_id: int) -> Response:
    """End a class and wipe it: from the database, its files and this process; browsers do so when they next ask."""
    _own(records, session.user, classroom_id)
    try:
        records.classrooms.end(session.user, classroom_id)
    except RecordError as error:
        raise HTTPException(503, _NOT_SWEPT) from error
    finally:
        request.app.state.conversations.end(classroom_id)
    return RedirectResponse(f"{PREFIX}?xong=1", 303)


def _own(records: Records, user: User, classroom_id: int) -> Classroom:
    try:
        return records.classrooms.get(user, classroom_id)
    except RecordError as error:
        raise HTTPException(404, _NO_CLASS) from error


def _classes_page(
    records: Records,
    session: Session,
    draft: Draft | None = None,
    problem: str = "",
    done: bool = False,
    status: int = 200,
) -> HTMLResponse:
    draft = draft or Draft(session.user.locality_id or "", Audience.EVERYBODY, datetime.now(VIETNAM).date())
    rooms = [(room, class_title(room)) for room in records.classrooms.mine(session.user)]
    return _page(
        "classes.html", status, session=session, rooms=rooms, draft=draft, audiences=AUDIENCES, problem=problem, done=done,
        localities=_places(records, session.user),
    )  # fmt: skip


def _places(records: Records, user: User) -> dict[str, Locality]:
    """Return the localities where the user may hold a class."""
    scope = records.localities.within(user.locality_id)
    return {key: place for key, place in records.localities.all().items() if scope is None or key in scope}


def _wall_page(
    records: Records, session: Session, request: Request, classroom_id: int, problem: str = "", status: int = 200
) -> HTMLResponse:
    room, guides = _own(records, session.user, classroom_id), request.app.state.guides()
    by_topic = {
        title: sorted((g for g in guides.values() if g.topic == topic), key=lambda g: g.title)
        for topic, title in TOPICS.items()
    }
    return _page(
        "class_wall.html", status, session=session, room=room, title=class_title(room), problem=problem,
        audience=AUDIENCES[room.audience], lessons=request.app.state.course().lessons, topics={title: some for title, some in by_topic.items() if some},
    )  # fmt: skip


def _wall_state(room: Classroom, wall: Wall, state: State) -> dict[str, object]:
    guides, title = state.guides(), pushed_title(state, room.pushed) if room.pushed else None
    return {
        "people": wall.people,
        "stuck": wall.stuck,
        "pushed": title and room.pushed and {"kind": room.pushed.kind, "title": title, "done": wall.finished},
        "most_asked": [
            {"guide_id": guide_id, "title": guides[guide_id].title, "n": n}
            for guide_id, n in wall.most_asked if guide_id in guides
        ],
        "questions": [_question_state(asked, guides) for asked in wall.questions],
    }  # fmt: skip


def _question_state(asked: Asked, guides: dict[str, Guide]) -> dict[str, object]:
    guide = guides.get(asked.guide_id or "")
    return {
        "id": asked.answer_id, "number": asked.number, "at": local_clock(asked.at), "question": asked.question,
        "unverified": asked.unverified, "declined": asked.status.group in {"declined", "error"},
        "danger": asked.status.group == "safety", "unhelpful": asked.helpful is False,
        "guide": guide.title if guide and asked.status.group in {"answered", "partial"} else "",
    }  # fmt: skip


def _page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    return HTMLResponse(page_html(template, **values), status)
