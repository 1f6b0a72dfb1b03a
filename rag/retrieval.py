"""From a question to ranked guides and passages: several views of the corpus, fused by a weighted sum.

Whole guides, passages and the guides' own questions are scored by BM25 with and without diacritics, passages
also by their vectors. A view is divided by its best score and weighted (`evals/retrieval.py` fits the weights
on the development set; DECISIONS.md has the ablation). Rank fusion is not used: with a weak dense view it
lost 3 to 11 points on four of six public sets.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from rag.answers import Hit
from rag.guides import Guide, Section
from rag.index import Index
from rag.text import fold, has_marks, syllables

_DENSE_NEIGHBOURS = 50
_STOPWORDS = frozenset(
    "a ai anh ban bac bao bi bo bay cai cac can cho chi chu chua co con cua cung da dang de den di do duoc em gi gio hay "
    "ho hong khi khong la lai lam len ma may minh mot muon nao nay neu nen ngay nguoi nhu nhung noi o oi on phai qua ra "
    "roi sao sau se the theo thi toi tren trong tu tui va van vao ve viec vay voi xin xong nhe nha a vay thua gium nhieu "
    "bao biet hoi moi nha giup".split()
)


# The views of the corpus. "exact" keeps diacritics, "folded" drops them; a view scores every guide in [0, 1].
VIEWS = (
    "guide-exact", "guide-folded", "passage-exact", "passage-folded", "question-exact", "question-folded", "dense",
)  # fmt: skip
# Fitted on the development set by `python -m evals.retrieval --fit`.
WEIGHTS = (0.26, 0.34, 0.08, 0.26, 0.08, 0.29, 0.39)
# Below this share of syllables with diacritics a question was typed without them, and the exact views know nothing.
_MARKED_SHARE = 0.3
# What a guide for foreigners, children or firms keeps of its score when the question names none of them.
_FOR_OTHERS = 0.7


@dataclass(frozen=True, slots=True)
class Found:
    """What retrieval found: guides best first with their fused scores, the best passages, and how sure it is.

    `coverage` is the share (by rarity) of the question's content words that the best guide contains;
    `similarity` is the cosine of the question with the best guide's nearest passage; `strengths` are the best keyword
    scores of a whole guide, a passage and a guide's question, unscaled; `length` counts the question's content words;
    `views` is what each view alone would have said, shape (guides, len(VIEWS)).
    """

    guide_ids: tuple[str, ...]
    scores: tuple[float, ...]
    hits: tuple[Hit, ...]
    coverage: float
    similarity: float
    question_match: float
    strengths: tuple[float, float, float] = (0.0, 0.0, 0.0)
    length: int = 0
    views: np.ndarray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Views:
    """How well everything fits a query. `guides`: every guide in every view, shape (guides, len(VIEWS)), each view divided
    by its best; `similarities`: the cosine of every passage; `passages`: the keyword score of every passage; `strengths`:
    the best folded keyword score of a guide, a passage and a question, before dividing.
    """

    guides: np.ndarray
    similarities: np.ndarray
    passages: np.ndarray
    strengths: tuple[float, float, float]


NOTHING = Found((), (), (), 0.0, 0.0, 0.0)


class Retriever:
    """Searches one open index. `search` is pure: the same query and day give the same result."""

    def __init__(self, index: Index, retrieved: int = 10, weights: tuple[float, ...] = WEIGHTS) -> None:
        self.index = index
        self.retrieved = retrieved
        self.weights = np.asarray(weights, dtype=np.float32)
        self.guide_ids = list(index.guides)
        row = {guide_id: n for n, guide_id in enumerate(self.guide_ids)}
        self._guide_rows = {
            "guide": np.arange(len(row)),
            "passage": np.array([row[p.guide_id] for p in index.passages]),
            "question": np.array([row[guide_id] for guide_id, _ in index.questions]),
        }
        self._words = [_guide_words(guide) for guide in index.guides.values()]
        self._only_for = [[fold(word) for word in guide.only_for] for guide in index.guides.values()]
        self._question_words = [[content_words(q) for q in guide.questions] for guide in index.guides.values()]
        counts = Counter(word for words in self._words for word in words)
        self._rarity = {word: float(np.log(1 + len(self._words) / n)) for word, n in counts.items()}

    def search(self, query: str, day: date) -> Found:
        """Rank guides and passages for an expanded query, at most `retrieved` of each; passages with no line true on
        `day` are left out.
        """
        views = self.views(query)
        scores = views.guides @ self.weights
        order = [int(n) for n in np.argsort(-scores, kind="stable")[: self.retrieved] if scores[n] > 0]
        if not order:
            return NOTHING
        passage_rows = self._guide_rows["passage"]
        current = np.array([any(line.valid_on(day) for line in p.lines) for p in self.index.passages])
        fused = np.where(current, views.passages + scores[passage_rows], 0)
        best = order[0]
        return Found(
            tuple(self.guide_ids[n] for n in order),
            tuple(float(scores[n]) for n in order),
            tuple(
                Hit(self.index.passages[n], float(fused[n]))
                for n in np.argsort(-fused, kind="stable")[: self.retrieved]
            ),
            self._coverage(query, best),
            float(views.similarities[passage_rows == best].max(initial=0.0)),
            self._question_match(query, best),
            views.strengths,
            len(content_words(query)),
            views.guides,
        )

    def views(self, query: str) -> Views:
        """Return how well every guide and passage fits an expanded query."""
        columns: dict[str, np.ndarray] = {}
        marked = _is_marked(query)
        by_passage = np.zeros(len(self.index.passages), dtype=np.float32)
        strengths: dict[str, float] = {}
        for kind in ("guide", "passage", "question"):
            raw = self.index.keyword[f"{kind}-folded"].scores(query)
            strengths[kind] = float(raw.max(initial=0.0))
            folded = _scaled(raw)
            exact = _scaled(self.index.keyword[f"{kind}-exact"].scores(query)) if marked else folded
            if kind == "passage":
                by_passage = exact + folded
            columns[f"{kind}-exact"] = self._best_per_guide(exact, kind)
            columns[f"{kind}-folded"] = self._best_per_guide(folded, kind)
        similarities = self.index.dense.scores(self.index.embedder.encode([query])[0], _DENSE_NEIGHBOURS)
        columns["dense"] = _scaled(self._best_per_guide(similarities, "passage"))
        scores = np.stack([columns[view] for view in VIEWS], axis=1) * self._for_the_asker(query)[:, np.newaxis]
        return Views(
            scores, similarities, by_passage, (strengths["guide"], strengths["passage"], strengths["question"])
        )

    def _for_the_asker(self, query: str) -> np.ndarray:
        """Return 1 for a guide for everybody or for people whom the question names, less for any other's, shape (guides,)."""
        asked = f" {' '.join(syllables(fold(query)))} "
        return np.array(
            [
                1.0 if not words or any(f" {word} " in asked for word in words) else _FOR_OTHERS
                for words in self._only_for
            ],
            dtype=np.float32,
        )

    def _best_per_guide(self, scores: np.ndarray, kind: str) -> np.ndarray:
        best = np.zeros(len(self.guide_ids), dtype=np.float32)
        np.maximum.at(best, self._guide_rows[kind], scores.astype(np.float32))
        return best

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a folded word over guides; unknown words count most."""
        return self._rarity.get(word, float(np.log(1 + len(self._words))))

    def _coverage(self, query: str, guide_row: int) -> float:
        words = content_words(query)
        total = sum(self.rarity(word) for word in words)
        return sum(self.rarity(w) for w in words if w in self._words[guide_row]) / total if total else 0.0

    def _question_match(self, query: str, guide_row: int) -> float:
        """Return the best rarity-weighted Jaccard overlap of the query with a question of the guide."""
        words = content_words(query)
        best = 0.0
        for other in self._question_words[guide_row]:
            union = sum(self.rarity(w) for w in words | other)
            best = max(best, sum(self.rarity(w) for w in words & other) / union if union else 0.0)
        return best


def content_words(text: str) -> set[str]:
    """Return the folded syllables of `text` that carry its subject."""
    return {unit for unit in syllables(fold(text)) if unit not in _STOPWORDS}


def _guide_words(guide: Guide) -> set[str]:
    texts = [guide.title, *(f"{p.heading} {p.text}" for p in guide.passages if p.section is not Section.UNCLEAR)]
    return content_words(" ".join([*texts, *guide.questions]))


def _is_marked(query: str) -> bool:
    units = syllables(query)
    return sum(map(has_marks, units)) >= _MARKED_SHARE * len(units)


def _scaled(scores: np.ndarray) -> np.ndarray:
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else scores
