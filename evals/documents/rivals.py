"""What a user would otherwise read documents with, as their own guides say: `python -m evals.documents.rivals NAME FILE`.

Prints one JSON line: Markdown or plain text, tables, seconds (without the start of Python and the imports), peak MiB. Imports
are inside the readers, because the libraries live in an environment of their own (`make bench-ingest`).
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from evals.memory import peak_mib

Tables = list[list[list[str]]]
Read = Callable[[Path], tuple[str, Tables]]


def _markitdown() -> Read:
    from markitdown import MarkItDown

    converter = MarkItDown()
    return lambda path: (converter.convert(path).text_content, [])


def _kreuzberg() -> Read:
    from kreuzberg import ExtractionConfig, OcrConfig, extract_file_sync

    config = ExtractionConfig(
        ocr=OcrConfig(backend="tesseract", language="vie"), output_format="markdown", use_cache=False
    )

    def read(path: Path) -> tuple[str, Tables]:
        result = extract_file_sync(path, config=config)
        return result.content, [table.cells for table in result.tables]

    return read


def _pdfplumber() -> Read:
    import pdfplumber

    def read(path: Path) -> tuple[str, Tables]:
        with pdfplumber.open(path) as document:
            text = "\n".join(page.extract_text() for page in document.pages)
            tables = [table for page in document.pages for table in page.extract_tables()]
        return text, [[[cell or "" for cell in row] for row in table] for table in tables]

    return read


RIVALS: dict[str, Callable[[], Read]] = {
    "markitdown": _markitdown,
    "kreuzberg": _kreuzberg,
    "pdfplumber": _pdfplumber,
}
TAKES = {"pdfplumber": ("pdf",)}  # the others take what they take


def main() -> None:
    """Read one file."""
    read = RIVALS[sys.argv[1]]()
    began = time.perf_counter()
    text, tables = read(Path(sys.argv[2]))
    row = {"text": text, "tables": tables, "seconds": time.perf_counter() - began, "peak_mib": peak_mib()}
    print(json.dumps(row))


if __name__ == "__main__":
    main()
