"""The server's voice, for learners whose browser has no Vietnamese one. There is none by default.

`BINHDAN_VOICE=espeak` speaks with the program espeak-ng, which is small and sounds like a machine; `piper:FILE.onnx` with a Piper
voice that the operator brings (extra `piper`; its FILE.onnx.json lies beside it). Either is a program that gets the text by its
standard input, in the sandbox of `rag.documents`: Linux only, nothing is stored, and a text that is made to harm ends with it.
"""

import importlib.util
import io
import shutil
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

from rag.documents.limits import DocumentError, Limits
from rag.documents.sandbox import in_sandbox
from rag.errors import SpeechError
from rag.settings import Settings

MAX_CHARS = 600  # a long sentence of a guide has 300
# Piper loads its model for every sentence. espeak-ng opens PulseAudio even when it writes to a pipe, and that a file of 64 MiB: files
# may be as large as the readers'.
_LIMITS = Limits(pages=0, memory_bytes=2**30, cpu_s=40, wall_s=20)
_ESPEAK = (
    "espeak-ng",
    "-v",
    "vi",
    "-s",
    "150",
    "-b",
    "1",
    "--stdin",
    "--stdout",
)  # 150 words a minute: an unhurried reader


@dataclass(frozen=True, slots=True)
class Voice:
    """A program that reads a text from its standard input and writes a WAV; `files` are those of its own that it reads."""

    command: tuple[str, ...]
    files: tuple[Path, ...] = ()

    def wav(self, text: str) -> bytes:
        """Return a text of at most MAX_CHARS characters as it sounds: WAV, mono, 16 bit. Raises SpeechError."""
        said = " ".join(text.split())[:MAX_CHARS]
        try:
            return _with_length(in_sandbox(_run, self.command, said, *self.files, limits=_LIMITS))
        except (DocumentError, EOFError, wave.Error) as error:
            raise SpeechError(f"{self.command[0]} did not speak: {error}") from error


def open_voice(settings: Settings) -> Voice | None:
    """Return the configured voice, or None when none is. Raises SpeechError, saying what to install or to bring."""
    kind, _, file = settings.voice.partition(":")
    if kind == "piper":
        return _piper(Path(file).absolute())
    if kind == "espeak":
        if shutil.which(_ESPEAK[0]) is None:
            raise SpeechError("BINHDAN_VOICE is espeak, and espeak-ng is not installed; apt-get install espeak-ng")
        return Voice(_ESPEAK)
    return None


def _piper(file: Path) -> Voice:
    if importlib.util.find_spec("piper") is None:
        raise SpeechError("BINHDAN_VOICE is piper, and its package is missing; pip install 'binh-dan-hoc-ai[piper]'")
    files = (file, file.with_name(f"{file.name}.json"))
    if missing := [path for path in files if not path.is_file()]:
        raise SpeechError(
            f"BINHDAN_VOICE needs {missing[0]}, which is no file; a Piper voice is FILE.onnx and FILE.onnx.json"
        )
    return Voice((sys.executable, "-m", "piper", "-m", str(file), "-f", "-"), files)


def _run(command: tuple[str, ...], text: str, *_files: Path) -> bytes:
    """Run the program in this process's place, the sandbox; `_files` are what it may read there."""
    return subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def _with_length(wav: bytes) -> bytes:
    """Return a WAV that says how long it is: a program that writes to a pipe cannot know it beforehand."""
    with wave.open(io.BytesIO(wav)) as spoken:
        shape, sound = spoken.getparams(), spoken.readframes(len(wav))
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setparams(shape)
        file.writeframes(sound)  # and corrects the length
    return whole.getvalue()
