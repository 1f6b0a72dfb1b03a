"""Bytes to text, for files that do not say in which letters they are written, or say it wrongly. Nothing here does I/O."""

import codecs
import re
import unicodedata

from rag.documents.mending import mend

_MARKED = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LOOKED_AT = 4000  # bytes that tell UTF-16, which has a zero in nearly every other one
_WEIGHED = 4000
# Words that no text of a page lacks; read in the wrong letters, none of them comes out.
_COMMON = re.compile(
    r"\b(?:của|và|được|các|người|không|những|điều|định|này|đến|là|từ|tại|việc|phải|hoặc|về|với|có|hồ|sơ|cấp|nộp|thủ|tục|giấy|số)\b",
    re.IGNORECASE,
)


def decoded(data: bytes, *declared: str) -> str:
    """Return `data` as text: by its mark, as UTF-8 when it is that, else as what makes most sense, of `declared` first.

    What is in an old Vietnamese font (TCVN3, VNI) comes back as the letters of Windows that it was typed with, for `mend`.
    """
    for mark, name in _MARKED:
        if data.startswith(mark):
            return data.decode(name, "replace")
    zeros = [data[at:_LOOKED_AT:2].count(0) for at in (0, 1)]
    if max(zeros) > len(data[:_LOOKED_AT]) // 5:
        return data.decode("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le", "replace")
    as_utf8 = _as_utf8(data)
    if as_utf8 is not None:
        return as_utf8
    read = [_as(data, name) for name in (*declared, "windows-1258", "windows-1252")]
    composed = [unicodedata.normalize("NFC", text) for text in read if text]  # Windows parts a letter from its tone
    return max(composed, key=_sense, default="") or data.decode("latin-1")


def told(data: bytes) -> str | None:
    """Return `data` as `decoded` does, None where it is neither marked nor UTF-8 and nothing makes Vietnamese of it."""
    text = decoded(data)
    marked = data.startswith(tuple(mark for mark, _ in _MARKED))
    return text if marked or _as_utf8(data) is not None or _sense(text) else None


def _as_utf8(data: bytes) -> str | None:
    """Return `data` as UTF-8, without half a letter at its end, where a file was cut off."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return None


def _as(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (LookupError, UnicodeError):
        return None


def _sense(text: str) -> int:
    return len(_COMMON.findall(mend(text[:_WEIGHED])[0]))
