"""Old Word files (DOC, RTF) by way of LibreOffice, and the pages of any Word file as PDF, to be shown as pictures.

LibreOffice runs with a profile of its own that is thrown away, without macros and without fetching what a file links to. It is
ended, with all that it started, when its time is over; `timeout` does that also when this process is gone.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import olefile

from rag.documents.archives import check_members
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Reading
from rag.documents.readers import docx
from rag.documents.readers.packages import refuse_encrypted

_SETTINGS = {
    "Common/Security/Scripting": {
        "DisableMacrosExecution": "true",
        "DisableActiveContent": "true",
        "MacroSecurityLevel": "3",
        "BlockUntrustedRefererLinks": "true",
    },
    "Writer/Content/Update": {"Link": "0"},  # never
}
_ENDED = (-9, 137)  # what `timeout` ends with when it has killed its group, itself included


def read(path: Path, limits: Limits) -> Reading:
    """Return what a DOC or RTF file prints. Raises DocumentError; NO_OFFICE where LibreOffice is missing."""
    _check_old(path)
    with tempfile.TemporaryDirectory() as folder:
        made = _converted(path, "docx:MS Word 2007 XML", Path(folder), limits)
        return replace(docx.read(made, limits), format="doc")


def to_pdf(path: Path, limits: Limits = Limits()) -> bytes:  # noqa: B008 (frozen)
    """Return a DOCX, DOC or RTF file as PDF, laid out by LibreOffice. Raises DocumentError."""
    if path.read_bytes()[:2] == b"PK":
        check_members(path, limits)
    else:
        _check_old(path)
    with tempfile.TemporaryDirectory() as folder:
        return _converted(path, "pdf:writer_pdf_Export", Path(folder), limits).read_bytes()


def _check_old(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(5)
    if start == rb"{\rtf":
        return
    if not olefile.isOleFile(str(path)):
        raise DocumentError(Refusal.WRONG_NAME, "neither DOC nor RTF")
    refuse_encrypted(path)
    with olefile.OleFileIO(str(path)) as ole:
        if not ole.exists("WordDocument"):
            raise DocumentError(Refusal.WRONG_NAME, "an old office file, but not of Word")


def _converted(path: Path, target: str, folder: Path, limits: Limits) -> Path:
    office, timeout = shutil.which("soffice"), shutil.which("timeout")
    if office is None or timeout is None:
        raise DocumentError(Refusal.NO_OFFICE)
    profile, out = folder / "profile", folder / "out"
    _write_settings(profile)
    told = [
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--convert-to",
        target,
        "--outdir",
        str(out),
        str(path.resolve()),
    ]
    done = subprocess.run(
        [timeout, "--signal=KILL", str(limits.wall_s), office, f"-env:UserInstallation={profile.as_uri()}", *told],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LC_ALL": "C.UTF-8",
        },
        check=False,
    )
    if done.returncode in _ENDED:
        raise DocumentError(Refusal.TOO_SLOW, f"LibreOffice took more than {limits.wall_s} s")
    made = next(out.iterdir(), None) if out.is_dir() else None
    if made is None:
        raise DocumentError(Refusal.CRASHES if done.returncode else Refusal.DAMAGED, "LibreOffice cannot open it")
    return made


def _write_settings(profile: Path) -> None:
    items = "".join(
        f'<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, named in _SETTINGS.items()
        for name, value in named.items()
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>',
        encoding="utf-8",
    )
