"""What tests of speech share: whether its parts are here, and sounds made on this machine (nobody's voice is recorded)."""

import importlib.util
import io
import shutil
import wave

import numpy as np
import pytest

from rag.hearing import RATE_HZ
from rag.settings import Settings
from rag.voices import open_voice

has_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="the voice is missing: apt-get install espeak-ng"
)
has_recogniser = pytest.mark.skipif(
    importlib.util.find_spec("vietasr") is None, reason="the recogniser is missing: pip install '.[listening]'"
)


def recorded(samples, rate=RATE_HZ, width=2, channels=1):
    """A WAV of samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((channels, width, rate, 0, "NONE", ""))
        wav.writeframes(np.asarray(samples).astype({1: "u1", 2: "<i2", 4: "<i4"}[width]).tobytes())
    return file.getvalue()


def spoken(text):
    """What espeak-ng says, as the recogniser wants it: samples at 16 kHz."""
    with wave.open(io.BytesIO(open_voice(Settings(voice="espeak")).wav(text))) as wav:
        rate, sound = wav.getframerate(), np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
    times = np.arange(len(sound) * RATE_HZ // rate) * rate / RATE_HZ
    return np.interp(times, np.arange(len(sound)), sound).astype("<i2")


def silence(seconds):
    return np.zeros(int(seconds * RATE_HZ), "<i2")


def noise(seconds, level=800):
    return np.random.default_rng(7).normal(0, level, int(seconds * RATE_HZ)).astype("<i2")
