"""JSON lines on disk: numbered reading with clear errors, and appending that a kill can interrupt."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from rag.errors import CaseError

Row = TypeVar("Row")


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


def validated(path: Path, rows: TypeAdapter[Row], problems: list[str]) -> Iterator[tuple[int, Row]]:
    """Yield the rows that are as they should be with their line numbers, and add a `path:line: …` for each other one."""
    for number, line in numbered_lines(path):
        try:
            yield number, rows.validate_json(line)
        except ValidationError as error:
            problems.append(f"{path}:{number}: {error.errors()[0]['msg']}")


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one object a line, in place of what is there."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="\n")


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add one object to a file, which is made with its folder when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects written so far, as `whole_lines` finds them: for our own output, never for a file of somebody else's."""
    return [json.loads(line) for line in whole_lines(path)]


def whole_lines(path: Path) -> list[str]:
    """Return the lines written so far; a last line that a kill cut short is taken off the file. No file: none."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if whole != raw:
        path.write_bytes(whole)
    return [line for line in whole.decode("utf-8").split("\n") if line]
