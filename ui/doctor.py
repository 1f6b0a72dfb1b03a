"""`binhdan doctor`: what the program needs on this machine, each with the way to mend it."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from rag.errors import BinhDanError
from rag.index import current_generation, index_state, verify_generation
from rag.settings import Settings
from rag.vectors import load_embedder

_NEEDED_DISK_BYTES = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it passed and what was found (with the way out when it did not)."""

    name: str
    ok: bool
    finding: str


def checks(settings: Settings) -> Iterator[Finding]:
    """Run every check, cheapest first."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), f"{version} (3.11 or newer is needed)")
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    yield Finding("disk", free > _NEEDED_DISK_BYTES, f"{free // 2**20} MiB free in {settings.home} (500 are needed)")
    guides = len(list((settings.corpus / "guides").glob("*/*.md")))
    yield Finding("guides", guides > 0, f"{guides} in {settings.corpus} (set BINHDAN_CORPUS if that is not the folder)")
    yield _embedding(settings)
    yield _index(settings)
    yield _records(settings)


def _embedding(settings: Settings) -> Finding:
    try:
        size = load_embedder(settings.embedding_model).encode(["xin chào"]).shape[1]
        return Finding("embedding", True, f"{settings.embedding_model}, {size} dimensions")
    except BinhDanError as error:
        return Finding("embedding", False, str(error))


def _index(settings: Settings) -> Finding:
    reason = index_state(settings.index_folder, settings.corpus, settings.embedding_model)
    if reason:
        return Finding("index", False, reason)
    folder = current_generation(settings.index_folder)
    fault = verify_generation(folder)
    return Finding("index", fault is None, fault or f"generation {folder.name} is whole")


def _records(settings: Settings) -> Finding:
    from rag.records import Records

    try:
        Records.open(settings.records_url).close()
        return Finding("records", True, "the database opens and is up to date")
    except BinhDanError as error:
        return Finding("records", False, str(error))
