"""Kill index builds with SIGKILL and see that nothing is lost: `python -m evals.crash [--kills 50]`.

Two of five kills are aimed at the moment when Chroma flushes its vectors, one of five at the switch to the new
generation, the rest fall anywhere. After each kill the index must open and answer, the next build must succeed,
and every known question must find its guide. Exit 3 when one did not.
"""

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rag.index import Index, build_index, current_generation, index_state, open_index, verify_generation
from rag.retrieval import Retriever
from rag.settings import load_settings
from rag.vectors import load_embedder

_DAY = date(2026, 11, 25)
_KNOWN = 20
_TOO_LATE = "the build had finished; once more"
_AIMS = ("flush", "anywhere", "switch", "flush", "anywhere")


def main() -> None:
    """Run the kills and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    settings = load_settings()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="binhdan-crash-") as folder:
        corpus, index_folder = Path(folder) / "corpus", Path(folder) / "index"
        shutil.copytree(settings.corpus, corpus)
        started = time.perf_counter()
        build_index(index_folder, corpus, settings.embedding_model)
        trial = _Trial(corpus, index_folder, settings.embedding_model, time.perf_counter() - started)
        outcomes: Counter[str] = Counter()
        while outcomes.total() < options.kills:
            aim = _AIMS[outcomes.total() % len(_AIMS)]
            outcome = trial.run(aim, chance)
            print(f"{outcomes.total() + 1}/{options.kills} {aim}: {outcome}", file=sys.stderr)
            if outcome != _TOO_LATE:
                outcomes[f"{aim}: {outcome}"] += 1
    for outcome, count in sorted(outcomes.items()):
        print(f"{count:3} {outcome}")
    if any("LOST" in outcome for outcome in outcomes):
        sys.exit(3)


class _Trial:
    """One corpus and index that builds are killed on, again and again."""

    def __init__(self, corpus: Path, index_folder: Path, model: str, build_s: float) -> None:
        self._corpus, self._index, self._model, self._build_s = corpus, index_folder, model, build_s
        self._guides = sorted((corpus / "guides").glob("*/*.md"))
        guides = open_index(index_folder, corpus, model).guides.values()
        self._known = [guide.questions[0] for guide in list(guides)[:: max(1, len(guides) // _KNOWN)]]
        self._expected = self._found()

    def run(self, aim: str, chance: random.Random) -> str:
        """Change a guide, kill the build, check, build again, check again; return what happened in words."""
        guide = chance.choice(self._guides)
        guide.write_text(guide.read_text(encoding="utf-8").rstrip("\n") + "\n" * chance.randint(1, 9), encoding="utf-8")
        before = current_generation(self._index)
        killed = self._kill(self._moment(aim, before, chance))
        switched = current_generation(self._index) != before
        if verify_generation(current_generation(self._index)) or self._found() != self._expected:
            return "LOST: the index in use does not answer"
        build_index(self._index, self._corpus, self._model)
        if index_state(self._index, self._corpus, self._model) or self._found() != self._expected:
            return "LOST: the next build does not answer"
        if not killed:
            return _TOO_LATE
        return f"killed with the {'new' if switched else 'old'} generation in use, all answered"

    def _moment(self, aim: str, before: Path, chance: random.Random) -> Callable[[], bool]:
        """Return a test for the moment to kill at."""
        wait = chance.random()
        if aim == "anywhere":
            end = time.perf_counter() + wait * self._build_s
            return lambda: time.perf_counter() >= end
        if aim == "flush":
            # Chroma writes its vector files (*.bin) while it flushes; a random moment of the milliseconds around.
            return _later(lambda: any(self._index.glob("*.building/chroma-*/*/*.bin")), wait * 0.02)
        new = self._index / f"{int(before.name) + 1:06}"
        return _later(lambda: new.exists() or (self._index / "current.new").exists(), wait * 0.002)

    def _kill(self, moment: Callable[[], bool]) -> bool:
        process = multiprocessing.get_context("spawn").Process(
            target=build_index, args=(self._index, self._corpus, self._model)
        )
        process.start()
        while process.is_alive() and not moment():
            time.sleep(0.0002)
        alive = process.is_alive()
        process.kill()
        process.join()
        return alive and process.exitcode == -9

    def _found(self) -> list[str]:
        """Return the guide found first for each known question. After a kill the index in use is stale by design."""
        retriever = Retriever(Index(current_generation(self._index), load_embedder(self._model)))
        return [next(iter(retriever.search(question, _DAY).guide_ids), "") for question in self._known]


def _later(event: Callable[[], bool], delay_s: float) -> Callable[[], bool]:
    """Return a test that becomes true `delay_s` after `event` first is."""
    seen: list[float] = []

    def test() -> bool:
        if not seen and event():
            seen.append(time.perf_counter())
        return bool(seen) and time.perf_counter() >= seen[0] + delay_s

    return test


if __name__ == "__main__":
    main()
