"""The door to models and the whole assistant against a real llama.cpp server with a small real model, healthy and failing."""

import threading
import time

import pytest
from model_proxy import FAULTS, Proxy

from evals.model_server import SMALL, LlamaServer
from rag.errors import ModelError
from rag.llm import open_model
from rag.serving import open_assistant
from rag.settings import Settings

pytestmark = [pytest.mark.model, pytest.mark.slow]

LIMITS = {"model_first_s": 20.0, "model_total_s": 60.0, "model_rest_s": 1.0}
TOTAL_S = 6.0
ASK = ("Answer with one word.", "What colour is the sky?")  # what a model of this size knows


@pytest.fixture(scope="module", autouse=True)
def _installed():
    if not SMALL.exists():
        pytest.skip("the model is missing: make models")


@pytest.fixture(scope="module")
def server():
    server = LlamaServer(SMALL)
    yield server
    server.close()


@pytest.fixture
def proxy(server):
    proxy = Proxy(upstream=server.url)
    yield proxy
    proxy.close()


def opened(url, **changes):
    return open_model(Settings(model="openai:smollm2", model_url=url, **{**LIMITS, **changes}))


def test_a_real_model_writes_and_is_counted(proxy):
    pieces = []
    completion = opened(proxy.url).complete(*ASK, on_text=pieces.append)
    assert completion.text.strip()
    assert len(pieces) > 2
    assert "".join(pieces) == completion.text


def test_a_server_is_told_how_much_may_be_written(proxy):
    completion = opened(proxy.url).complete("You tell long stories.", "Tell a very long story of a dragon and a king.")
    assert not completion.whole


@pytest.mark.parametrize("fault", FAULTS)
def test_the_breaker_opens_on_a_failing_server_and_closes_when_it_is_well_again(proxy, fault):
    model = opened(proxy.url, model_first_s=3.0, model_total_s=TOTAL_S)
    proxy.fault = fault
    for _ in range(3):
        started = time.monotonic()
        with pytest.raises(ModelError):
            model.complete(*ASK)
        assert time.monotonic() - started < TOTAL_S + 1
    asked = len(proxy.asked)
    with pytest.raises(ModelError, match="rests"):
        model.complete(*ASK)
    assert len(proxy.asked) == asked
    proxy.fault = ""
    time.sleep(LIMITS["model_rest_s"] + 0.2)
    assert _healthy(model)


def _healthy(model):
    """A busy machine may need a second try, after the breaker's rest."""
    for _ in range(5):
        try:
            return model.complete(*ASK).text
        except ModelError:
            time.sleep(LIMITS["model_rest_s"] + 0.2)
    return ""


def test_a_server_killed_while_it_writes_costs_nothing_but_its_words():
    server = LlamaServer(SMALL)
    model = opened(server.url)
    written = threading.Event()

    def kill(_):
        written.set()
        server.close()

    with pytest.raises(ModelError):
        model.complete("Viết thật dài.", "Kể một câu chuyện dài.", on_text=kill)
    assert written.is_set()


def test_nothing_personal_reaches_the_server(built, proxy):
    settings = built.model_copy(update={"model": "openai:smollm2", "model_url": proxy.url, "model_first_s": 5.0})
    answer = open_assistant(settings).ask("Tôi số 000000000012, sđt 0900000000, hỏi làm mức 2 có mất tiền không?")
    assert answer.status.group == "answered"
    assert answer.model == "smollm2"
    sent = str(proxy.asked)
    assert "mức 2" in sent
    assert "000000000012" not in sent
    assert "0900000000" not in sent


def test_a_dead_server_leaves_the_composed_answer_in_time(built):
    server = LlamaServer(SMALL)
    server.close()
    settings = built.model_copy(update={"model": "openai:smollm2", "model_url": server.url, "model_total_s": TOTAL_S})
    started = time.monotonic()
    answer = open_assistant(settings).ask("Làm mức 2 có mất tiền không?")
    assert time.monotonic() - started < TOTAL_S + 5
    assert (answer.status.group, answer.mode, answer.model) == ("answered", "composed", "smollm2")
