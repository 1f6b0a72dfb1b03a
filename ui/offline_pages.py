"""What makes the learners' pages an app: its description and icon, the worker that keeps pages, and the page without network.

Reads `app.state.own_files`, the folder of our static files.
"""

import json
from hashlib import blake2b
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from ui.rendering import page_html
from ui.wording import NOTICE

PAGE = "/ngoai-tuyen"
_KEPT_TYPES = {".css", ".js", ".svg", ".woff2"}
# Files of pages that need the network: the chat's and the desks'.
_ELSEWHERE = {"chat", "classmate", "classroom", "desk", "picker", "publishing", "review", "sw"}

router = APIRouter()


@router.get("/manifest.webmanifest")
def _manifest(request: Request) -> FileResponse:
    return FileResponse(request.app.state.own_files / "manifest.webmanifest", media_type="application/manifest+json")


@router.get("/favicon.ico")
def _favicon(request: Request) -> FileResponse:
    return FileResponse(request.app.state.own_files / "favicon.ico", media_type="image/x-icon")


@router.get("/sw.js")
def _worker(request: Request) -> Response:
    return Response(worker_script(request.app.state.own_files), media_type="text/javascript")


@router.get(PAGE)
def _offline() -> HTMLResponse:
    return HTMLResponse(offline_html())


def offline_html() -> str:
    """Return the page that a browser shows where it has neither network nor a kept copy."""
    return page_html("offline.html", notice=NOTICE)


def worker_script(folder: Path) -> str:
    """Return the worker with the files that learners' pages need and a version that changes with any of our files."""
    digest = blake2b(offline_html().encode(), digest_size=8)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    files = [PAGE, *(f"/own/{name}" for name in learners_files(folder))]
    script = (folder / "sw.js").read_text(encoding="utf-8")
    return script.replace("__VERSION__", digest.hexdigest()).replace('"__FILES__"', json.dumps(files))


def learners_files(folder: Path) -> list[str]:
    """Return the paths, within the folder of static files, of what learners' pages need."""
    found = (path for path in folder.rglob("*") if path.suffix in _KEPT_TYPES and path.stem not in _ELSEWHERE)
    return sorted(path.relative_to(folder).as_posix() for path in found)
