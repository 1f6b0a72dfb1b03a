"""Documents that a change rests on: `evidence/<sha256>.<ext>` in the home folder, PDF, JPG or PNG by their first bytes."""

import re
from hashlib import sha256
from pathlib import Path

from rag.disk import replace_bytes
from rag.settings import Settings

_KINDS = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
_NAME = re.compile(r"[0-9a-f]{64}\.(?:pdf|jpg|png)")


def keep_evidence(settings: Settings, data: bytes) -> str | None:
    """Store a document; return its name, None for what is no PDF, JPG or PNG. The same document is stored once."""
    kind = next((kind for first, kind in _KINDS.items() if data.startswith(first)), None)
    if kind is None:
        return None
    path = _folder(settings) / f"{sha256(data).hexdigest()}.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        replace_bytes(path, data)
    return path.name


def find_evidence(settings: Settings, name: str) -> Path | None:
    """Return where a stored document is, None where there is none of that name."""
    path = _folder(settings) / name
    return path if _NAME.fullmatch(name) and path.is_file() else None


def _folder(settings: Settings) -> Path:
    return settings.home / "evidence"
