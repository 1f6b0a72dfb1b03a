"""What a learner says, as text; for `BINHDAN_LISTEN=viet-asr` (extra `listening`), off by default.

The recogniser comes with its model and reaches nothing. It runs in the sandbox of `rag.documents`, a child for every recording:
Linux only, and nothing is stored. Its text has neither capitals, digits nor punctuation, and may be wrong: the learner corrects it.
"""

import importlib.util
import io
import threading
import wave

from rag.documents.limits import DocumentError, Limits
from rag.documents.sandbox import in_sandbox
from rag.errors import SpeechError
from rag.settings import Settings

MAX_S = 30
MAX_CHARS = 1000  # what a question may have
RATE_HZ, _SAMPLE_BYTES = 16_000, 2
_LIMITS = Limits(pages=0, memory_bytes=2**30, cpu_s=90, wall_s=45)  # 30 s of speech take 9 s on two busy cores, 250 MB
_AT_ONCE = 2  # recordings; a second of speech is a third of a second of both cores
_PATIENCE_S = 20  # how long a recording waits for its turn


class Hearing:
    """The recogniser; any thread may use it."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def text(self, samples: bytes) -> str:
        """Return what is said in samples of 16 bit at 16 kHz, "" where nothing is understood. Raises SpeechError."""
        if not self._turns.acquire(timeout=_PATIENCE_S):
            raise SpeechError("too many recordings at once")
        try:
            heard = in_sandbox(_recognised, samples, limits=_LIMITS)
        except DocumentError as error:
            raise SpeechError(f"the recogniser failed: it {error}") from error
        finally:
            self._turns.release()
        return " ".join(heard.decode("utf-8", "replace").split())[:MAX_CHARS]


def open_hearing(settings: Settings) -> Hearing | None:
    """Return the configured recogniser, or None when none is. Raises SpeechError, saying what to install."""
    if not settings.listen:
        return None
    if importlib.util.find_spec("vietasr") is None:
        missing = f"BINHDAN_LISTEN is {settings.listen}, and its package is missing"
        raise SpeechError(f"{missing}; pip install -c constraints.txt 'binh-dan-hoc-ai[listening]'")
    return Hearing()


def samples_of(wav: bytes) -> bytes | None:
    """Return the samples of a WAV: mono, 16 bit, 16 kHz, at most MAX_S seconds, whole; None for anything else."""
    try:
        with wave.open(io.BytesIO(wav)) as recording:
            shape = (recording.getnchannels(), recording.getsampwidth(), recording.getframerate())
            frames = recording.getnframes()
            if shape != (1, _SAMPLE_BYTES, RATE_HZ) or not 0 < frames <= MAX_S * RATE_HZ:
                return None
            samples = recording.readframes(frames)
    except (wave.Error, EOFError):
        return None
    return samples if len(samples) == frames * _SAMPLE_BYTES else None


def _recognised(samples: bytes) -> bytes:
    """Return the text of samples; runs in the child, which loads the model."""
    import numpy as np
    from vietasr import Pipeline

    # Its own module alone: those for punctuation and digits would fetch models.
    recogniser = Pipeline.new().add("vietasr").build()
    return recogniser.transcribe(np.frombuffer(samples, "<i2"), RATE_HZ).text.encode()
