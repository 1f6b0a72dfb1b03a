"""`binhdan doctor`: what the program needs on this machine, each with the way to mend it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rag.answers import Citation
from rag.compose import Draft
from rag.errors import BinhDanError
from rag.factlock import MARK
from rag.index import current_generation, verify_generation
from rag.llm import ChatModel, Completion, open_model
from rag.serving import open_writer, serving_state
from rag.settings import Settings
from rag.text import syllables
from rag.vectors import load_embedder

_NEEDED_DISK_BYTES = 500 * 2**20
_SET_MODEL = "set BINHDAN_MODEL, for example ollama:NAME, or openai:NAME with BINHDAN_MODEL_URL"
_MEND_MODEL = "see BINHDAN_MODEL_URL, BINHDAN_MODEL_KEY, BINHDAN_MODEL_FIRST_S and BINHDAN_MODEL_TOTAL_S"
_NAMESPACES = (
    "a reader is not kept from network and processes, and old Word files are refused: the kernel grants no user namespaces; "
    "set kernel.apparmor_restrict_unprivileged_userns=0 or kernel.unprivileged_userns_clone=1 with sysctl; "
    "a container needs a seccomp profile that allows unshare and mount"
)
_LANDLOCK = (
    "a reader is not kept from other files: the kernel has no Landlock; "
    "it needs Linux 5.13 or newer with landlock in /sys/kernel/security/lsm"
)
_SET_VOICE = "apt-get install espeak-ng and set BINHDAN_VOICE=espeak"
_SET_HEARING = "pip install -c constraints.txt 'binh-dan-hoc-ai[listening]' and set BINHDAN_LISTEN=viet-asr"
_MEND_OFFICE = "apt-get install libreoffice-writer, and see the row sandbox"
# One question about one passage, the same for every model and every corpus.
_QUESTION = "Làm định danh mức 2 ở đâu, có mất tiền không?"
_PASSAGE = (
    "Làm mức 2 không mất tiền: không thu phí, không thu lệ phí.\n"
    "Bạn cầm thẻ căn cước đến Công an xã, phường để làm mức 2."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it passed, what was found (with the way out when it did not), and whether the program answers without it."""

    name: str
    ok: bool
    finding: str
    optional: bool = False

    @property
    def mark(self) -> str:
        """What stands before it in a list, four letters wide."""
        return "ok  " if self.ok else "note" if self.optional else "FAIL"


def checks(settings: Settings, model: bool = False) -> Iterator[Finding]:
    """Run every check, cheapest first; `model` has the configured language model answer a question, too."""
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
    yield _sandbox()
    yield _recognition()
    yield _office()
    yield _voice(settings)
    yield _hearing(settings)
    if model:
        yield from _model(settings)


def _embedding(settings: Settings) -> Finding:
    try:
        size = load_embedder(settings.embedding_model).encode(["xin chào"]).shape[1]
        return Finding("embedding", True, f"{settings.embedding_model}, {size} dimensions")
    except BinhDanError as error:
        return Finding("embedding", False, str(error))


def _index(settings: Settings) -> Finding:
    if reason := serving_state(settings):
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


def _sandbox() -> Finding:
    """Tell what this kernel grants to the readers of documents, by starting one."""
    from rag.documents.limits import DocumentError
    from rag.documents.sandbox import confinement

    try:
        granted = confinement()
    except (DocumentError, RuntimeError, OSError) as error:
        return Finding("sandbox", False, f"no document can be read: {error}", optional=True)
    lacks = [way for given, way in ((granted.namespaces, _NAMESPACES), (granted.landlock, _LANDLOCK)) if not given]
    whole = "documents are read without network, other processes and other files"
    return Finding("sandbox", not lacks, "; ".join(lacks) or whole, optional=True)


def _recognition() -> Finding:
    from rag.documents.readers.ocr import is_installed

    if is_installed():
        return Finding("recognition", True, "tesseract with Vietnamese")
    return Finding(
        "recognition",
        False,
        "scans and photos are refused; apt-get install tesseract-ocr tesseract-ocr-vie",
        optional=True,
    )


def _office() -> Finding:
    """Have LibreOffice read a line: it may be installed in part, or not start in the sandbox."""
    from rag.documents.limits import DocumentError
    from rag.documents.sandbox import read_safely

    with TemporaryDirectory() as folder:
        path = Path(folder, "thu.rtf")
        path.write_bytes(rb"{\rtf1 Xin chao.}")
        try:
            read_safely(path)
        except (DocumentError, RuntimeError) as error:
            return Finding(
                "office", False, f"old Word files are refused: a trial file {error}; {_MEND_OFFICE}", optional=True
            )
    return Finding("office", True, "LibreOffice reads old Word files")


def _voice(settings: Settings) -> Finding:
    """Have the configured voice say two words."""
    from rag.voices import open_voice

    try:
        voice = open_voice(settings)
        if voice is None:
            return Finding(
                "voice", False, f"only browsers with a Vietnamese voice read aloud; {_SET_VOICE}", optional=True
            )
        voice.wav("Xin chào.")
    except (BinhDanError, RuntimeError, OSError) as error:
        return Finding("voice", False, str(error))
    return Finding("voice", True, f"{settings.voice} speaks")


def _hearing(settings: Settings) -> Finding:
    """Have the configured recogniser listen to a second of silence."""
    from rag.hearing import RATE_HZ, open_hearing

    try:
        hearing = open_hearing(settings)
        if hearing is None:
            return Finding(
                "hearing", False, f"spoken questions are the browser's matter; {_SET_HEARING}", optional=True
            )
        hearing.text(bytes(2 * RATE_HZ))
    except (BinhDanError, RuntimeError, OSError) as error:
        return Finding("hearing", False, str(error))
    return Finding("hearing", True, f"{settings.listen} listens")


class _Watched:
    """A model that keeps what it wrote, and when it began."""

    def __init__(self, model: ChatModel) -> None:
        self.name = model.name
        self.completion = Completion("", 0)
        self.first_s: float | None = None
        self._model = model

    def complete(
        self, system: str, user: str, visitor: str = "", on_text: Callable[[str], None] = lambda _: None
    ) -> Completion:
        """See `ChatModel.complete`."""
        started = perf_counter()

        def timed(text: str) -> None:
            if text and self.first_s is None:
                self.first_s = perf_counter() - started
            on_text(text)

        self.completion = self._model.complete(system, user, visitor, timed)
        return self.completion


def _model(settings: Settings) -> Iterator[Finding]:
    """Have the model word one answer: whether it is set up, whether it answers, and what the fact lock lets through."""
    try:
        opened = open_model(settings)
        if opened is None:
            yield Finding("model", False, f"none is configured, answers are composed without one; {_SET_MODEL}")
            return
        model = _Watched(opened)
        writer = open_writer(model, load_embedder(settings.embedding_model), settings)
    except BinhDanError as error:
        yield Finding("model", False, str(error))
        return
    yield Finding("model", True, f"{settings.model}{f' at {settings.model_url}' if settings.model_url else ''}")
    citation = Citation(1, "muc-2", "muc-2#doctor", "Làm tài khoản định danh mức 2", _PASSAGE, ())
    shown: list[str] = [""]
    started = perf_counter()
    try:
        written = writer.write(_QUESTION, Draft(f"{_PASSAGE} [1]", None, (citation,), ()), on_text=shown.append)
    except BinhDanError as error:
        yield Finding("model answers", False, f"{error}; {_MEND_MODEL}")
        return
    first, total = model.first_s or 0.0, perf_counter() - started
    tokens = model.completion.tokens
    yield Finding("model answers", True, f"first text after {first:.1f} s, all after {total:.1f} s, {tokens} tokens")
    wrote = _plain(model.completion.text)
    kept = sum(_plain(line) in wrote for line in shown[-1].split("\n") if line)
    lost = f", {len(written.dropped)} dropped" if written else "; another model may keep to the passage better"
    yield Finding("fact lock", kept > 0, f"{kept} sentences of the model kept{lost}")


def _plain(text: str) -> str:
    return " ".join(syllables(MARK.sub("", text)))
