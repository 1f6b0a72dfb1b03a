"""JSON lines on disk: numbered reading with clear errors, and appending that a kill can interrupt."""

from pathlib import Path

from rag.errors import CaseError


def numbered_lines(path: Path) -> list[tuple[int, str]]:
    """Return the non-empty lines with their numbers. Raises CaseError with `path:line:` (missing file, not UTF-8)."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise CaseError(f"{path}:1: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CaseError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error
    return [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]


def whole_lines(path: Path) -> list[str]:
    """Return the lines written so far; a last line that a kill cut short is taken off the file. No file: none."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if whole != raw:
        path.write_bytes(whole)
    return [line for line in whole.decode("utf-8").split("\n") if line]
