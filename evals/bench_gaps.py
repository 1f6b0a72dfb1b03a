"""Which questions belong together: `python -m evals.bench_gaps` prints what chose the threshold of `rag/gaps.py`.

Each draw takes the questions of some guides, many of one and few of another as people ask, and groups them again without the
guides' names. Learners' questions of the development set were not shown to the embedding, those of `corpus/questions` were:
the first choose, the second are an upper bound. A gap has no guide, so the embedding never saw its subject; expect less there.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from evals.retrieval import load_questions
from rag.asked import load_asked
from rag.gaps import THRESHOLD, labels
from rag.guides import load_guides
from rag.settings import load_settings
from rag.sheets import load_sheets
from rag.vectors import Embedder, load_embedder

_THRESHOLDS = np.round(np.arange(0.3, 0.91, 0.05), 2)
_DRAWS = 20
_GUIDES = 60
_SEED = 20261125


def main() -> None:
    """Print, for both sources and every threshold, pairwise precision, recall and F1, adjusted Rand, and groups a guide."""
    settings = load_settings()
    guides = load_guides(settings.corpus, load_sheets(settings.corpus / "facts"))
    embedder = load_embedder(settings.embedding_model)
    asked = load_asked(settings.corpus, {p.id for guide in guides.values() for p in guide.passages})
    sources = {
        "learners' questions": [(q.sheet_id, q.question) for q in load_questions()],
        "questions of the corpus": [(a.passage.partition("#")[0], a.question) for a in asked],
    }
    for name, rows in sources.items():
        print(
            f"{name} ({len(rows)}), {_DRAWS} draws of {_GUIDES} guides\ndistance  precision  recall     F1     ARI  groups a guide"
        )
        for threshold, figures in scores(_by_guide(rows), embedder).items():
            chosen = "  <- chosen" if threshold == THRESHOLD else ""
            print(f"{threshold:8.2f}{''.join(f'{figure:9.3f}' for figure in figures)}{chosen}")


def scores(by_guide: Mapping[str, Sequence[str]], embedder: Embedder) -> dict[float, np.ndarray]:
    """Return the mean figures of all draws by threshold, in the order of `main`."""
    random = np.random.default_rng(_SEED)
    found: dict[float, list[tuple[float, ...]]] = defaultdict(list)
    for _ in range(_DRAWS):
        truth, questions = _draw(by_guide, random)
        vectors = embedder.encode(questions)
        for threshold in map(float, _THRESHOLDS):
            found[threshold].append(agreement(truth, labels(vectors, threshold)))
    return {threshold: np.mean(rows, axis=0) for threshold, rows in found.items()}


def agreement(truth: Sequence[int], groups: Sequence[int]) -> tuple[float, float, float, float, float]:
    """Return pairwise precision, recall and F1, the adjusted Rand index (Hubert & Arabie 1985), and groups a true one."""
    table = np.zeros((max(truth) + 1, max(groups) + 1))
    np.add.at(table, (truth, groups), 1)
    together, true, found, every = (
        _pairs(n) for n in (table, table.sum(axis=1), table.sum(axis=0), np.array(len(truth)))
    )
    expected = true * found / every
    precision, recall = together / found if found else 1.0, together / true if true else 1.0
    spread = (true + found) / 2 - expected
    f1 = 2 * together / (true + found) if true + found else 1.0
    return precision, recall, f1, (together - expected) / spread if spread else 1.0, len(set(groups)) / len(set(truth))


def _pairs(sizes: np.ndarray) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def _by_guide(rows: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    by_guide: dict[str, list[str]] = defaultdict(list)
    for guide, question in rows:
        by_guide[guide].append(question)
    return by_guide


def _draw(by_guide: Mapping[str, Sequence[str]], random: np.random.Generator) -> tuple[list[int], list[str]]:
    """Draw questions of some guides: the first has up to 20, the second 10, the third 7…: as often as people ask (Zipf)."""
    truth, questions = [], []
    names = random.permutation(sorted(by_guide))[:_GUIDES]
    for number, name in enumerate(names):
        chosen = random.permutation(np.array(by_guide[name], dtype=object))[: max(1, round(20 / (number % 20 + 1)))]
        truth += [number] * len(chosen)
        questions += chosen.tolist()
    return truth, questions


if __name__ == "__main__":
    main()
