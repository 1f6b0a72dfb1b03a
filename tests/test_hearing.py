"""Spoken questions on the server: what is taken for a recording, what comes of it, and what is kept of it: nothing."""

import logging
import os
import threading

import numpy as np
import pytest
from people import client
from speaking import has_espeak, has_recogniser, noise, recorded, silence, spoken

from rag import hearing
from rag.errors import SettingsError, SpeechError
from rag.hearing import MAX_S, RATE_HZ, Hearing, open_hearing, samples_of
from rag.serving import Serving
from rag.settings import Settings, load_settings
from ui import hearing_pages
from ui.app import create_app
from ui.doctor import checks
from ui.shield import CHAT, MAX_SPEECH_BYTES

SECOND = silence(1)
WHOLE = recorded(noise(0.5))


def test_nobody_listens_by_default():
    assert open_hearing(Settings()) is None
    with pytest.raises(SettingsError, match="BINHDAN_LISTEN"):
        load_settings(listen="tai-nguoi")


def test_the_samples_of_a_recording_are_taken_as_they_are():
    assert samples_of(WHOLE) == noise(0.5).tobytes()
    longest = recorded(silence(MAX_S))
    assert samples_of(longest) == silence(MAX_S).tobytes()
    assert len(longest) <= MAX_SPEECH_BYTES


@pytest.mark.parametrize(
    "wav",
    [
        b"", b"RIFF", b"\0" * 100, WHOLE[:-2], WHOLE[:40], WHOLE.replace(b"WAVE", b"WEVE"), b"ID3" + WHOLE, b"OggS" + b"\0" * 200,
        recorded([]), recorded(SECOND, rate=8000), recorded(SECOND, rate=44_100), recorded(SECOND, width=1), recorded(SECOND, width=4),
        recorded(SECOND, channels=2), recorded(silence(MAX_S + 0.1)), WHOLE.replace(b"data\x80\x3e", b"data\xff\xff"),
        WHOLE.replace(b"fmt \x10\0\0\0\x01\0", b"fmt \x10\0\0\0\x55\0"),
    ],
)  # fmt: skip
def test_what_is_no_such_recording_is_refused(wav):
    assert wav != WHOLE
    assert samples_of(wav) is None


@pytest.mark.slow
@has_recogniser
@pytest.mark.parametrize("samples", [silence(2), noise(2), noise(2, 8000), silence(0.01), silence(0)], ids=range(5))
def test_silence_and_noise_are_no_words(samples):
    assert Hearing().text(samples.tobytes()) == ""


@pytest.mark.slow
@has_recogniser
@has_espeak
def test_speech_comes_out_as_vietnamese_words():
    """espeak-ng is understood badly: that words come is all that can be said here."""
    text = Hearing().text(spoken("Xin chào, tôi muốn làm định danh mức hai ở đâu?").tobytes())
    assert len(text.split()) >= 4
    assert text == text.lower().strip()


@has_recogniser
def test_a_recogniser_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(hearing, "_LIMITS", hearing.Limits(pages=0, memory_bytes=2**30, cpu_s=1, wall_s=1))
    with pytest.raises(SpeechError, match="takes too long"):
        Hearing().text(np.tile(noise(1, 3000), 30).tobytes())


@has_recogniser
def test_who_comes_when_all_ears_are_busy_waits_and_is_then_told(monkeypatch):
    monkeypatch.setattr(hearing, "_PATIENCE_S", 0.05)
    ears, free = Hearing(), threading.Event()
    monkeypatch.setattr(hearing, "in_sandbox", lambda *_, **__: free.wait(20) and b"")
    busy = [threading.Thread(target=ears.text, args=(b"",)) for _ in range(hearing._AT_ONCE)]
    for thread in busy:
        thread.start()
    with pytest.raises(SpeechError, match="at once"):
        ears.text(b"")
    free.set()
    for thread in busy:
        thread.join()
    assert ears.text(b"") == ""


@pytest.mark.slow
def test_a_package_that_is_missing_is_told_with_what_installs_it(monkeypatch, tmp_path):
    monkeypatch.setattr(hearing.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SpeechError, match=r"binh-dan-hoc-ai\[listening\]"):
        open_hearing(Settings(listen="viet-asr"))
    rows = [
        row
        for listen in ("", "viet-asr")
        for row in checks(Settings(home=tmp_path, listen=listen))
        if row.name == "hearing"
    ]
    assert [row.mark for row in rows] == ["note", "FAIL"]


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built):
    return create_app(Serving(assistant), records, glossary, built.model_copy(update={"listen": "viet-asr"}))


@pytest.fixture
def learner(app, records):
    hearing_pages.limiter.storage.reset()
    return client(app, records)


def say(browser, wav):
    return browser.post("/nghe", content=wav, headers={"content-type": "audio/wav", "accept": "application/json"})


@has_recogniser
@has_espeak
def test_a_spoken_question_comes_back_as_text_and_nothing_is_kept(learner, caplog, built):
    caplog.set_level(logging.DEBUG)
    before = sorted(built.home.rglob("*"))
    reply = say(learner, recorded(spoken("Làm căn cước ở đâu?")))
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json()["text"]
    assert reply.json()["text"] not in caplog.text
    assert sorted(built.home.rglob("*")) == before


@has_recogniser
def test_silence_comes_back_as_no_text(learner):
    assert say(learner, recorded(silence(1))).json() == {"text": ""}


@has_recogniser
@pytest.mark.parametrize("wav", [b"", WHOLE[:-1], b"OggS" + b"\0" * 1000])
def test_a_broken_recording_is_refused_in_words(learner, wav):
    reply = say(learner, wav)
    assert reply.status_code == 422
    assert "nói lại" in reply.json()["detail"]


@has_recogniser
def test_only_this_door_takes_a_recording_and_none_that_is_larger(learner):
    assert say(learner, b"x" * MAX_SPEECH_BYTES).status_code == 422
    assert say(learner, b"x" * (MAX_SPEECH_BYTES + 1)).status_code == 413
    assert learner.post("/doc-len", content=b"x" * 100_000).status_code == 413


@has_recogniser
def test_more_than_anybody_says_is_refused(learner):
    assert [say(learner, b"").status_code for _ in range(31)] == [422] * 30 + [429]


@has_recogniser
def test_a_recogniser_that_fails_is_told_kindly(learner, monkeypatch, caplog):
    monkeypatch.setattr(hearing, "_recognised", os.abort)
    reply = say(learner, WHOLE)
    assert (reply.status_code, reply.json()["detail"]) == (503, hearing_pages._NOT_NOW)
    assert "a recording was not understood: the recogniser failed" in caplog.text


@has_recogniser
def test_only_the_chat_may_use_the_microphone_and_says_who_listens(learner, assistant, records, glossary, built):
    chat = learner.get(CHAT)
    assert "server-hearing" in chat.text
    assert "microphone=(self)" in chat.headers["permissions-policy"]
    for path in ("/", "/huong-dan", "/lop", "/own/listen.js", "/khong-co"):
        assert "microphone=()" in learner.get(path).headers["permissions-policy"], path
    deaf = client(create_app(Serving(assistant), records, glossary, built), records)
    assert "server-hearing" not in deaf.get(CHAT).text
    assert say(deaf, WHOLE).status_code == 404
    assert RATE_HZ * 2 * MAX_S < MAX_SPEECH_BYTES
