"""The one door to language models. There is none by default; everything works without.

`BINHDAN_MODEL=openai:NAME` with `BINHDAN_MODEL_URL` reaches any server that speaks OpenAI's protocol (vLLM, llama.cpp,
LM Studio, Ollama), with the extra `model` installed. No other provider's code is loaded, nothing is traced.
"""

import os
from dataclasses import dataclass
from typing import Protocol

from rag.errors import ModelError
from rag.settings import Settings

_TIMEOUT_S = 60
_RETRIES = 2
_MAX_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, and how many tokens went in and out."""

    text: str
    tokens: int


class ChatModel(Protocol):
    """A language model that completes one exchange."""

    name: str

    def complete(self, system: str, user: str) -> Completion:
        """Return what the model writes. Raises ModelError when the server fails or cuts its answer short."""
        ...


def open_model(settings: Settings) -> ChatModel | None:
    """Return the configured model, or None when none is. Raises ModelError, saying what to install or to set."""
    if not settings.model:
        return None
    provider, _, name = settings.model.partition(":")
    if provider != "openai" or not name:
        raise ModelError(f"BINHDAN_MODEL is {settings.model!r}, expected openai:NAME")
    return _OpenAI(name, settings)


class _OpenAI:
    """A model behind OpenAI's protocol, at temperature 0."""

    def __init__(self, name: str, settings: Settings) -> None:
        os.environ["LANGSMITH_TRACING"] = "false"
        try:
            from langchain_openai import ChatOpenAI
            from openai import OpenAIError
        except ImportError as error:
            raise ModelError("a model needs the extra: pip install 'binh-dan-hoc-ai[model]'") from error
        key = settings.model_key.get_secret_value() if settings.model_key else "none"
        self.name = name
        self._error = OpenAIError
        self._model = ChatOpenAI(
            model=name, base_url=settings.model_url or None, api_key=key, temperature=0, timeout=_TIMEOUT_S,  # type: ignore[arg-type]
            max_retries=_RETRIES, max_completion_tokens=_MAX_TOKENS,
        )  # fmt: skip

    def complete(self, system: str, user: str) -> Completion:
        try:
            message = self._model.invoke([("system", system), ("human", user)])
        except self._error as error:
            raise ModelError(f"the model {self.name} did not answer: {type(error).__name__}") from error
        if message.response_metadata.get("finish_reason") != "stop":
            raise ModelError(f"the model {self.name} was cut short")
        usage = message.usage_metadata
        return Completion(str(message.content), usage["total_tokens"] if usage else 0)
