"""The server's voice: what it says, how it fails, and the page that gives it to browsers."""

import contextlib
import io
import logging
import time
import wave

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from people import client
from speaking import has_espeak

from rag import voices
from rag.documents import sandbox
from rag.errors import SettingsError, SpeechError
from rag.serving import Serving
from rag.settings import Settings, load_settings
from rag.voices import MAX_CHARS, Voice, open_voice
from ui import voice_pages
from ui.app import create_app
from ui.doctor import checks
from ui.rendering import page_html

SAID = "Làm định danh mức hai không mất tiền."


def seconds(wav):
    with wave.open(io.BytesIO(wav)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert len(sound.readframes(sound.getnframes())) == 2 * sound.getnframes()
        return sound.getnframes() / sound.getframerate()


@pytest.fixture
def espeak():
    return open_voice(Settings(voice="espeak"))


def test_there_is_no_voice_by_default():
    assert open_voice(Settings()) is None


@has_espeak
def test_a_sentence_becomes_a_wav_that_says_how_long_it_is(espeak):
    short, long = seconds(espeak.wav(SAID)), seconds(espeak.wav(f"{SAID} {SAID} {SAID}"))
    assert 1 < short < 6
    assert 2 * short < long < 4 * short


@has_espeak
def test_what_looks_like_an_option_or_markup_is_only_text(espeak, tmp_path):
    written = tmp_path / "a.wav"
    for text in (f"-w {written}", "--help", "-f /etc/passwd", "<audio src='/etc/passwd'/>", "\0", "\n\n-x\n"):
        espeak.wav(text)
    assert not written.exists()


@has_espeak
def test_no_more_is_said_than_the_limit(espeak):
    assert espeak.wav("a " * MAX_CHARS) == espeak.wav("a " * (MAX_CHARS // 2))


@has_espeak
@effort(max_examples=15, deadline=None)
@given(st.text(min_size=1, max_size=80))
def test_any_text_is_spoken_or_refused_in_one_way(text):
    with contextlib.suppress(SpeechError):
        seconds(open_voice(Settings(voice="espeak")).wav(text))


@pytest.mark.parametrize(
    "command",
    [("sh", "-c", "exit 3"), ("cat",), ("true",), ("khong-co-chuong-trinh",), ("sh", "-c", "cat; kill -9 $$")],
)
def test_a_program_that_does_not_speak_is_an_error_with_its_name(command):
    with pytest.raises(SpeechError, match=f"{command[0]} did not speak"):
        Voice(command).wav(SAID)


def test_a_program_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(voices, "_LIMITS", sandbox.replace(voices._LIMITS, wall_s=1))
    started = time.monotonic()
    with pytest.raises(SpeechError):
        Voice(("sleep", "60")).wav(SAID)
    assert time.monotonic() - started < 10


@pytest.mark.slow
def test_a_program_that_is_missing_is_told_with_what_installs_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SpeechError, match="apt-get install espeak-ng"):
        open_voice(Settings(voice="espeak"))
    row = next(row for row in checks(Settings(home=tmp_path, voice="espeak")) if row.name == "voice")
    assert (row.mark, "apt-get install espeak-ng" in row.finding) == ("FAIL", True)
    row = next(row for row in checks(Settings(home=tmp_path)) if row.name == "voice")
    assert row.mark == "note"


def test_a_piper_voice_wants_its_package_and_both_files(monkeypatch, tmp_path):
    model = tmp_path / "giong.onnx"
    with pytest.raises(SpeechError, match=r"binh-dan-hoc-ai\[piper\]"):
        open_voice(Settings(voice=f"piper:{model}"))
    (tmp_path / "piper.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    model.touch()
    with pytest.raises(SpeechError, match=r"giong\.onnx\.json, which is no file"):
        open_voice(Settings(voice=f"piper:{model}"))
    model.with_name("giong.onnx.json").touch()
    voice = open_voice(Settings(voice=f"piper:{model}"))
    assert SAID not in " ".join(voice.command)
    assert voice.files == (model, model.with_name("giong.onnx.json"))


@pytest.mark.parametrize("name", ["festival", "piper:", "piper:a.bin", "espeak:vi"])
def test_a_voice_that_nobody_knows_is_a_bad_setting(name):
    with pytest.raises(SettingsError, match="BINHDAN_VOICE"):
        load_settings(voice=name)


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built):
    return create_app(Serving(assistant), records, glossary, built.model_copy(update={"voice": "espeak"}))


@pytest.fixture
def learner(app, records):
    voice_pages.limiter.storage.reset()
    return client(app, records)


@has_espeak
def test_a_browser_gets_a_sentence_as_a_sound_that_nobody_keeps(learner, caplog):
    caplog.set_level(logging.DEBUG)
    reply = learner.post("/doc-len", data={"text": SAID})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "audio/wav")
    assert reply.headers["cache-control"] == "no-store"
    assert seconds(reply.content) > 1
    assert SAID not in caplog.text


@has_espeak
def test_a_sentence_that_was_just_heard_is_not_spoken_again(learner, app):
    before = app._app.state.speak.cache_info()
    assert (
        learner.post("/doc-len", data={"text": "Một câu."}).content
        == learner.post("/doc-len", data={"text": "Một câu."}).content
    )
    after = app._app.state.speak.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 1)


@has_espeak
@pytest.mark.parametrize("form", [{}, {"text": ""}, {"text": "a" * (MAX_CHARS + 1)}, {"loi": "a"}])
def test_a_form_without_a_sentence_is_refused(learner, form):
    assert learner.post("/doc-len", data=form).status_code == 422


@has_espeak
def test_more_than_anybody_listens_to_is_refused(learner):
    replies = [learner.post("/doc-len", data={"text": "Một câu."}).status_code for _ in range(121)]
    assert replies == [200] * 120 + [429]
    assert (
        "đợi mấy phút"
        in learner.post("/doc-len", data={"text": "a"}, headers={"accept": "application/json"}).json()["detail"]
    )


@has_espeak
def test_a_voice_that_fails_is_told_kindly_and_its_text_is_not_logged(app, learner, monkeypatch, caplog):
    monkeypatch.setattr(app._app.state, "speak", Voice(("false",)).wav)
    reply = learner.post("/doc-len", data={"text": SAID}, headers={"accept": "application/json"})
    assert (reply.status_code, reply.json()["detail"]) == (503, "Chưa đọc được câu này. Bạn thử lại sau nhé.")
    assert "false did not speak" in caplog.text
    assert SAID not in caplog.text


@has_espeak
def test_pages_say_that_there_is_a_voice_only_where_there_is_one(learner, assistant, records, glossary, built):
    offer = '<meta name="server-voice" content="/doc-len">'
    silent = client(create_app(Serving(assistant), records, glossary, built), records)
    assert offer in learner.get("/huong-dan").text
    for path in ("/", "/huong-dan"):
        assert "server-voice" in learner.get(path).text
        assert "server-voice" not in silent.get(path).text
    assert silent.post("/doc-len", data={"text": SAID}).status_code == 404
    assert offer not in page_html("guide_missing.html", notice="")
