"""The door to language models against a server on this machine that fails in every usual way."""

import threading
import time
from importlib.util import find_spec

import pytest
from model_proxy import FAULTS, Proxy
from pydantic import SecretStr

from rag.errors import ModelError
from rag.llm import BoundedModel, Chunk, open_model
from rag.settings import Settings

LIMITS = {"model_first_s": 1.0, "model_total_s": 2.0, "model_rest_s": 0.6, "model_calls": 2}


@pytest.fixture
def proxy():
    proxy = Proxy(text="Bạn đến Công an xã. [1]")
    yield proxy
    proxy.close()


def opened(proxy, **changes):
    return open_model(
        Settings(model="openai:m", model_url=proxy.url, model_key=SecretStr("khoa-thu"), **{**LIMITS, **changes})
    )


def test_an_answer_comes_whole_and_in_pieces(proxy):
    pieces = []
    completion = opened(proxy).complete("hệ thống", "câu hỏi", on_text=pieces.append)
    assert (completion.text, completion.whole) == ("Bạn đến Công an xã. [1]", True)
    assert len(pieces) > 3
    assert "".join(pieces) == completion.text
    assert proxy.asked[0]["temperature"] == 0
    assert completion.tokens > 0


def test_a_full_answer_is_told_from_a_whole_one(proxy):
    proxy.finish = "length"
    assert not opened(proxy).complete("a", "b").whole


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_time_with_one_line(proxy, fault):
    model = opened(proxy)
    proxy.fault = fault
    started = time.monotonic()
    with pytest.raises(ModelError) as error:
        model.complete("a", "b")
    assert time.monotonic() - started < LIMITS["model_total_s"] + 1
    assert "\n" not in str(error.value)
    assert "khoa-thu" not in str(error.value)


def test_what_may_pass_is_tried_once_more(proxy):
    proxy.fault, proxy.times = "500", 1
    assert opened(proxy).complete("a", "b").whole
    assert len(proxy.asked) == 2


def test_the_breaker_opens_after_three_failures_and_closes_again(proxy):
    model = opened(proxy)
    proxy.fault = "garbage"
    for _ in range(3):
        with pytest.raises(ModelError, match="failed"):
            model.complete("a", "b")
    asked = len(proxy.asked)
    with pytest.raises(ModelError, match="rests"):
        model.complete("a", "b")
    assert len(proxy.asked) == asked
    proxy.fault = ""
    time.sleep(LIMITS["model_rest_s"] + 0.1)
    assert model.complete("a", "b").whole
    assert model.complete("a", "b").whole


def test_a_failed_trial_opens_the_breaker_again(proxy):
    model = opened(proxy)
    proxy.fault = "garbage"
    for _ in range(3):
        with pytest.raises(ModelError):
            model.complete("a", "b")
    time.sleep(LIMITS["model_rest_s"] + 0.1)
    with pytest.raises(ModelError, match="failed"):
        model.complete("a", "b")
    with pytest.raises(ModelError, match="rests"):
        model.complete("a", "b")


def test_the_budget_of_a_visitor_and_of_the_day(proxy):
    model = opened(proxy, model_visitor_tokens=1)
    model.complete("a", "b", visitor="một")
    with pytest.raises(ModelError, match="budget of 1 tokens"):
        model.complete("a", "b", visitor="một")
    assert model.complete("a", "b", visitor="hai").whole
    day = opened(proxy, model_day_tokens=1)
    day.complete("a", "b", visitor="một")
    with pytest.raises(ModelError, match="budget of 1 tokens"):
        day.complete("a", "b", visitor="hai")


def test_no_more_calls_at_once_than_allowed():
    entered, go = threading.Semaphore(0), threading.Event()

    def stream(_system, _user):
        entered.release()
        go.wait(5)
        yield Chunk("xong", "stop")

    model = BoundedModel("m", stream, Settings(**{**LIMITS, "model_first_s": 5, "model_total_s": 5, "model_calls": 1}))
    first = threading.Thread(target=model.complete, args=("a", "b"))
    first.start()
    entered.acquire()
    with pytest.raises(ModelError, match="busy"):
        model.complete("a", "b")
    go.set()
    first.join()
    assert model.complete("a", "b").text == "xong"


def test_a_model_is_named_fully_or_not_at_all():
    assert open_model(Settings()) is None
    for name in ("gpt", "openai:", "other:m"):
        with pytest.raises(ModelError, match="expected openai:NAME"):
            open_model(Settings(model=name))
    with pytest.raises(ModelError, match=r"pip install|cannot load"):
        open_model(Settings(model="local:/khong/co.gguf"))


@pytest.mark.parametrize(
    ("provider", "package"),
    [("ollama", "langchain_ollama"), ("anthropic", "langchain_anthropic"), ("google", "langchain_google_genai")],
)
def test_another_provider_is_set_up_or_names_its_extra(provider, package):
    settings = Settings(model=f"{provider}:m", model_key=SecretStr("khoa-thu"), **LIMITS)
    if find_spec(package):
        assert open_model(settings).name == "m"
    else:
        with pytest.raises(ModelError, match=rf"\[{provider}\]"):
            open_model(settings)
