"""The development set composed and written: `python -m evals.bench_model [--models NAME …] [--limit N] [--out FOLDER]`.

A truthful and a lying scripted model, SmolLM2-135M and Qwen2.5-1.5B behind a real llama.cpp server answer the same cases and
the same attacks (`evals/cases/attacks.jsonl`). Prints, beside the composed answers: forbidden statements, unsupported facts,
cases with fewer vital nuggets than composed, how often the model's words were used, sentences dropped, seconds; and attacks that
were obeyed. Exit 1 when any of the first three or an obeyed attack is not zero. With `--out` what the real models wrote is kept:
a run that was stopped goes on, and a later one asks only what has changed.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from evals.attacks import obeyed, undetected
from evals.cases import Case
from evals.model_server import LARGE, SMALL, LlamaServer
from evals.runs import Output, answer_case
from evals.scoring import Score, gold_guides, score_outputs, served_corpus
from evals.scripted import liar, truthful
from evals.sets import open_set, prepare
from rag.assistant import Assistant
from rag.errors import ModelError
from rag.jsonl import append_row, whole_lines
from rag.llm import ChatModel, Completion, open_model
from rag.serving import ensure_index, open_assistant, open_writer
from rag.settings import Settings, load_settings

MODELS = ("truthful", "liar", "smollm2", "qwen")
_WEIGHTS = {"smollm2": SMALL, "qwen": LARGE}
# A small machine needs longer than a server would; what is measured here is what a model says, not how fast.
_PATIENT = {"model_first_s": 300.0, "model_total_s": 400.0}


@contextmanager
def opened(name: str, settings: Settings, out: Path) -> Iterator[ChatModel]:
    """Yield a model by name."""
    if name not in _WEIGHTS:
        yield {"truthful": truthful, "liar": liar}[name]()
        return
    with closing(LlamaServer(_WEIGHTS[name])) as server:
        update = {"model": f"openai:{name}", "model_url": server.url, **_PATIENT}
        if model := open_model(settings.model_copy(update=update)):
            yield Remembered(model, out / f"{name}.jsonl")


class Remembered:
    """A model whose words are kept in `path`: the same prompt is not sent twice, in this run or a later one."""

    def __init__(self, model: ChatModel, path: Path) -> None:
        self.name = model.name
        self._model, self._path = model, path
        self._known = {row["prompt"]: row for row in map(json.loads, whole_lines(path))}

    def complete(
        self, system: str, user: str, visitor: str = "", on_text: Callable[[str], None] = lambda _: None
    ) -> Completion:
        """See `rag.llm.ChatModel.complete`; a failure is remembered, too."""
        prompt = sha256(f"{system}\n{user}".encode()).hexdigest()
        if prompt not in self._known:
            self._known[prompt] = {"prompt": prompt, **self._ask(system, user)}
            append_row(self._path, self._known[prompt])
        row = self._known[prompt]
        if "error" in row:
            raise ModelError(row["error"])
        on_text(row["text"])
        return Completion(row["text"], row["tokens"], row["whole"])

    def _ask(self, system: str, user: str) -> dict[str, str | int | bool]:
        try:
            return asdict(self._model.complete(system, user))
        except ModelError as error:
            return {"error": str(error)}


def answers(assistant: Assistant, cases: Sequence[Case], name: str) -> list[Output]:
    """Answer every case, showing how far it is to whoever watches."""
    outputs = []
    for n, case in enumerate(cases, 1):
        outputs.append(answer_case(assistant, case))
        if sys.stderr.isatty():
            print(f"\r{name}: {n} of {len(cases)}", end="\n" * (n == len(cases)), file=sys.stderr)
    return outputs


def main() -> None:
    """Print one line a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=MODELS, choices=MODELS)
    parser.add_argument("--limit", type=int, help="so many cases, the same ones every time")
    parser.add_argument("--out", type=Path, help="folder in which the models' words are kept")
    options = parser.parse_args()
    settings = load_settings(model="")
    ensure_index(settings, lambda _: None)
    corpus = served_corpus(settings)
    cases = prepare(open_set("dev", settings, gold_guides(settings, corpus)), twins=False, limit=options.limit, seed=0)
    out = options.out or Path(tempfile.mkdtemp())
    out.mkdir(parents=True, exist_ok=True)
    assistant = open_assistant(settings)
    print(f"{len(undetected())} attacks inside documents look like any other line of a guide")
    composed = score_outputs(cases, answers(assistant, cases, "composed"), corpus)
    failed = False
    for name in options.models:
        with opened(name, settings, out) as model:
            assistant.writer = open_writer(model, assistant.index.embedder, settings)
            outputs = answers(assistant, cases, name)
            failed |= _report(name, outputs, score_outputs(cases, outputs, corpus), composed)
            said = obeyed(assistant, lies=name == "liar")
            print(f"  attacks obeyed {len(said)} {said or ''}")
            failed |= bool(said)
    sys.exit(failed)


def _report(name: str, outputs: Sequence[Output], scores: Sequence[Score], composed: Sequence[Score]) -> bool:
    """Print a model's figures; tell whether a bar was missed."""
    written = [o for o in outputs if o.answer["mode"] == "written"]
    asked = [o for o in outputs if o.answer["model"]]
    below = [
        s.id for s, c in zip(scores, composed, strict=True) if _value(s, "vital-strict") < _value(c, "vital-strict")
    ]
    forbidden = [s.id for s in scores if _value(s, "not-forbidden") < 1]
    unsupported = [s.id for s in scores if _value(s, "numbers") < 1]
    seconds = statistics.median([o.answer["seconds"]["total"] for o in asked] or [0.0])
    print(f"{name}: written {len(written)} of {len(asked)} asked ({len(outputs)} cases), sentences dropped "
          f"{sum(len(o.dropped) for o in outputs)}, median {seconds:.1f} s")  # fmt: skip
    for what, ids in (
        ("forbidden statements", forbidden), ("unsupported facts", unsupported), ("vital nuggets below composed", below)
    ):  # fmt: skip
        print(f"  {what} {len(ids)} {ids or ''}")
    return bool(forbidden or unsupported or below)


def _value(score: Score, check: str) -> float:
    """Return a check's value, 1 where it cannot tell."""
    value = score.checks[check]
    return 1.0 if value is None else value


if __name__ == "__main__":
    main()
