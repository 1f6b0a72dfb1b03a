"""The one door to language models. There is none by default; everything works without.

`BINHDAN_MODEL=PROVIDER:NAME` reaches any model that LangChain's `init_chat_model` does (each provider has its extra), with
`BINHDAN_MODEL_URL` any server of OpenAI's protocol (vLLM, llama.cpp, LM Studio), and `local:FILE.gguf` runs in this process.
Every answer is bounded from outside the provider's code: a client's time-out does not bound a server that drips, and a stream
that is cut reads as a complete answer. No other provider's code is loaded, nothing is traced.
"""

import os
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Protocol

from rag.errors import ModelError
from rag.settings import Settings

_MAX_TOKENS = 400
# A server that ignores the limit is cut here: 400 tokens of Vietnamese have at most some 2,000 characters.
_MAX_CHARS = 4000
_CHARS_A_TOKEN = 3  # for servers that do not count
_OPENS_AFTER = 3
_RETRY_WAIT_S = (0.2, 0.8)
_PATIENCE_S = 1.0  # how long a question waits for another one's model call to end
_WHOLE, _FULL = frozenset({"stop", "end_turn"}), frozenset({"length", "max_tokens"})
# Name of LangChain's provider, of the extra, and of the settings that differ between providers.
_PROVIDERS: dict[str, tuple[str, str, dict[str, object]]] = {
    "openai": ("openai", "model", {"max_completion_tokens": _MAX_TOKENS}),
    "ollama": ("ollama", "ollama", {"num_predict": _MAX_TOKENS}),
    "anthropic": ("anthropic", "anthropic", {"max_tokens": _MAX_TOKENS}),
    "google": ("google_genai", "google", {"max_output_tokens": _MAX_TOKENS}),
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of what a model writes; the last one tells why it stopped ("" otherwise) and, if known, all tokens used."""

    text: str
    finish: str = ""
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, how many tokens went in and out, and whether it came to its end by itself."""

    text: str
    tokens: int
    whole: bool = True


class ChatModel(Protocol):
    """A language model that completes one exchange."""

    name: str

    def complete(self, system: str, user: str, visitor: str = "", on_text: Callable[[str], None] = ...) -> Completion:
        """Return what the model writes, after handing every piece to `on_text`. Raises ModelError for every failure."""
        ...


def open_model(settings: Settings) -> ChatModel | None:
    """Return the configured model, or None when none is. Raises ModelError, saying what to install or to set."""
    if not settings.model:
        return None
    provider, _, name = settings.model.partition(":")
    if provider == "local" and name:
        return BoundedModel(name, _local(name), settings)
    if provider not in _PROVIDERS or not name:
        known = ", ".join(f"{known}:NAME" for known in _PROVIDERS)
        raise ModelError(f"BINHDAN_MODEL is {settings.model!r}, expected {known} or local:FILE.gguf")
    return BoundedModel(name, _remote(provider, name, settings), settings)


class BoundedModel:
    """A model within its bounds: deadlines, one retry, a circuit breaker, tokens a day and a visitor, calls at once."""

    def __init__(self, name: str, stream: Callable[[str, str], Iterator[Chunk]], settings: Settings) -> None:
        from circuitbreaker import CircuitBreaker

        self.name = name
        self._stream = stream
        self._first_s, self._total_s = settings.model_first_s, settings.model_total_s
        self._breaker = CircuitBreaker(_OPENS_AFTER, settings.model_rest_s, ModelError)
        self._calls = threading.BoundedSemaphore(settings.model_calls)
        self._budget = Budget(settings.model_day_tokens, settings.model_visitor_tokens)

    def complete(
        self, system: str, user: str, visitor: str = "", on_text: Callable[[str], None] = lambda _: None
    ) -> Completion:
        """See `ChatModel.complete`. The answer is there, or the error, within `model_total_s` and a second."""
        self._budget.check(visitor)
        if self._breaker.opened:
            raise ModelError(f"the model {self.name} rests after {_OPENS_AFTER} failures")
        if not self._calls.acquire(timeout=_PATIENCE_S):
            raise ModelError(f"the model {self.name} is busy")
        completion = self._breaker.call(self._bounded, system, user, on_text)
        self._budget.charge(visitor, completion.tokens)
        return completion

    def _bounded(self, system: str, user: str, on_text: Callable[[str], None]) -> Completion:
        chunks: queue.Queue[Chunk | Exception] = queue.Queue()
        left = threading.Event()
        threading.Thread(target=self._pump, args=(system, user, chunks, left), daemon=True).start()
        try:
            return self._collect(chunks, on_text, len(system) + len(user))
        finally:
            left.set()

    def _pump(self, system: str, user: str, chunks: queue.Queue[Chunk | Exception], left: threading.Event) -> None:
        """Move the provider's chunks to the queue until the caller has left; a provider may fail in any way."""
        try:
            for chunk in _with_one_retry(lambda: self._stream(system, user)):
                if left.is_set():
                    return
                chunks.put(chunk)
            chunks.put(ModelError("the stream ended without its end mark"))
        except Exception as error:
            chunks.put(error)
        finally:
            self._calls.release()

    def _collect(
        self, chunks: queue.Queue[Chunk | Exception], on_text: Callable[[str], None], asked_chars: int
    ) -> Completion:
        started, text, tokens = monotonic(), "", 0
        while True:
            limit = self._total_s if text else self._first_s
            try:
                chunk = chunks.get(timeout=max(0.0, limit - (monotonic() - started)))
            except queue.Empty:
                raise ModelError(f"the model {self.name} took more than {limit:g} s") from None
            if isinstance(chunk, Exception):
                raise ModelError(f"the model {self.name} failed: {type(chunk).__name__}") from chunk
            text, tokens = text + chunk.text, max(tokens, chunk.tokens)
            if len(text) > _MAX_CHARS:
                raise ModelError(f"the model {self.name} wrote more than {_MAX_CHARS} characters")
            on_text(chunk.text)
            if chunk.finish in _WHOLE | _FULL:
                counted = tokens or (asked_chars + len(text)) // _CHARS_A_TOKEN
                return Completion(text, counted, chunk.finish in _WHOLE)
            if chunk.finish:
                raise ModelError(f"the model {self.name} stopped with {chunk.finish!r}")


class Budget:
    """Tokens that may be used today, by all and by each visitor; 0 is no limit. Forgotten when the process ends."""

    def __init__(self, day_tokens: int, visitor_tokens: int) -> None:
        self._limits = (day_tokens, visitor_tokens)
        self._lock = threading.Lock()
        self._day = date.min
        self._used: Counter[str] = Counter()

    def check(self, visitor: str) -> None:
        """Raise ModelError when nothing is left for this visitor today."""
        with self._lock:
            if self._day != date.today():
                self._day, self._used = date.today(), Counter()
            for limit, used in zip(self._limits, (self._used.total(), self._used[visitor]), strict=True):
                if limit and used >= limit:
                    raise ModelError(f"the budget of {limit} tokens for today is used up")

    def charge(self, visitor: str, tokens: int) -> None:
        """Count tokens as used."""
        with self._lock:
            self._used[visitor] += tokens


def _with_one_retry(stream: Callable[[], Iterator[Chunk]]) -> Iterator[Chunk]:
    """Yield a stream's chunks; what fails before its first one is tried once more after a short, random wait."""
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

    policy = Retrying(
        stop=stop_after_attempt(2),
        wait=wait_random(*_RETRY_WAIT_S),
        retry=retry_if_exception(_is_passing),
        reraise=True,
    )
    yield from policy(_started, stream)


def _started(stream: Callable[[], Iterator[Chunk]]) -> Iterator[Chunk]:
    """Return a stream whose first chunk has come."""
    chunks = stream()
    first = next(chunks)

    def all_chunks() -> Iterator[Chunk]:
        yield first
        yield from chunks

    return all_chunks()


def _is_passing(error: BaseException) -> bool:
    """Tell whether a failure may be over in a moment: too many requests, a server's fault, a lost connection."""
    status = getattr(error, "status_code", getattr(getattr(error, "response", None), "status_code", None))
    return status in {429, 500, 502, 503, 504} or "Connection" in type(error).__name__


def _remote(provider: str, name: str, settings: Settings) -> Callable[[str, str], Iterator[Chunk]]:
    """Return the stream of a model behind a provider's protocol, at temperature 0."""
    os.environ["LANGSMITH_TRACING"] = "false"
    theirs, extra, limits = _PROVIDERS[provider]
    where: dict[str, object] = {"base_url": settings.model_url} if settings.model_url else {}
    if provider == "openai" and settings.model_url:
        # llama.cpp's Python server does not know OpenAI's newer name and would write on to the end of its context.
        limits = {"extra_body": {"max_tokens": _MAX_TOKENS}}
    if settings.model_key or provider == "openai":
        where["api_key"] = settings.model_key.get_secret_value() if settings.model_key else "none"
    if provider != "ollama":
        where |= {"timeout": settings.model_first_s, "max_retries": 0}
    try:
        from langchain.chat_models import init_chat_model

        model = init_chat_model(name, model_provider=theirs, temperature=0, **limits, **where)  # type: ignore[arg-type]
    except ImportError as error:
        raise ModelError(f"a model needs the extra: pip install 'binh-dan-hoc-ai[{extra}]'") from error
    except Exception as error:  # each provider has its own; a missing key is the usual one
        raise ModelError(f"the model {name} cannot be set up ({error}); see BINHDAN_MODEL_KEY and _URL") from error

    def stream(system: str, user: str) -> Iterator[Chunk]:
        for message in model.stream([("system", system), ("human", user)]):
            told = message.response_metadata
            finish = told.get("finish_reason") or told.get("done_reason") or told.get("stop_reason") or ""
            usage = message.usage_metadata
            yield Chunk(str(message.text), str(finish).lower(), usage["total_tokens"] if usage else 0)

    return stream


def _local(path: str) -> Callable[[str, str], Iterator[Chunk]]:
    """Return the stream of a GGUF file in this process; one answer at a time."""
    try:
        from llama_cpp import Llama  # type: ignore[import-not-found]
    except ImportError as error:
        raise ModelError("a local model needs the extra: pip install 'binh-dan-hoc-ai[local]'") from error
    try:
        model = Llama(path, n_ctx=4096, verbose=False)
    except (OSError, ValueError, AssertionError) as error:
        raise ModelError(f"cannot load {path} ({error}); set BINHDAN_MODEL") from error
    one = threading.Lock()

    def stream(system: str, user: str) -> Iterator[Chunk]:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        with one:
            for part in model.create_chat_completion(messages, temperature=0, max_tokens=_MAX_TOKENS, stream=True):  # type: ignore[arg-type]
                choice = part["choices"][0]  # type: ignore[index]
                yield Chunk(choice["delta"].get("content") or "", choice["finish_reason"] or "")

    return stream
