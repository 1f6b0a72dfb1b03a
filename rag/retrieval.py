"""From a question to ranked guides and passages: four views of the corpus, fused by a weighted sum.

Each view (exact BM25, folded BM25, dense vectors, the guides' own questions) scores every passage or guide;
scores are divided by the view's best and summed with weights chosen on the development set
(`evals/retrieval.py`; DECISIONS.md has the ablation). Rank fusion is not used: with a weak dense view it
lost 3 to 11 points on four of six public sets.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from rag.answers import Hit
from rag.guides import Section
from rag.index import Index
from rag.text import fold, has_marks, syllables

GUIDES_RETURNED = 10
_DENSE_NEIGHBOURS = 50
# The question legs' evidence counts where at least this share of the question's own words is known.
_STOPWORDS = frozenset(
    "a ai anh ban bac bao bi bo bay cai cac can cho chi chu chua co con cua cung da dang de den di do duoc em gi gio hay "
    "ho hong khi khong la lai lam len ma may minh mot muon nao nay neu nen ngay nguoi nhu nhung noi o oi on phai qua ra "
    "roi sao sau se the theo thi toi tren trong tu tui va van vao ve viec vay voi xin xong nhe nha a vay thua gium nhieu "
    "bao biet hoi moi nha giup".split()
)


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each view counts. Passage and guide scores are mixed by `guide`."""

    exact: float = 0.5
    folded: float = 0.5
    dense: float = 0.2
    questions: float = 0.6
    guide: float = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """What retrieval found: guides best first with their fused scores, the best passages, and how sure it is.

    `coverage` is the share (by rarity) of the question's content words that the best guide contains;
    `similarity` is the cosine of the question with the best guide's nearest passage.
    """

    guide_ids: tuple[str, ...]
    scores: tuple[float, ...]
    hits: tuple[Hit, ...]
    coverage: float
    similarity: float
    question_match: float

    @property
    def margin(self) -> float:
        """How far the best guide is ahead of the second, as a share of its score."""
        if len(self.scores) < 2 or self.scores[0] <= 0:
            return 1.0 if self.scores and self.scores[0] > 0 else 0.0
        return 1 - self.scores[1] / self.scores[0]


NOTHING = Found((), (), (), 0.0, 0.0, 0.0)


class Retriever:
    """Searches one open index. `search` is pure: the same query and day give the same result."""

    def __init__(self, index: Index, weights: Weights | None = None) -> None:
        self.index = index
        self.weights = weights or Weights()
        self._guide_ids = list(index.guides)
        row = {guide_id: n for n, guide_id in enumerate(self._guide_ids)}
        self._guide_of_passage = np.array([row[p.guide_id] for p in index.passages])
        self._guide_of_question = np.array([row[guide_id] for guide_id, _ in index.questions])
        self._words = [_guide_words(guide, questions=True) for guide in index.guides.values()]
        counts: dict[str, int] = {}
        for words in self._words:
            for word in words:
                counts[word] = counts.get(word, 0) + 1
        self._rarity = {word: float(np.log(1 + len(self._words) / n)) for word, n in counts.items()}

    def search(self, query: str, day: date, passages: int = 12) -> Found:
        """Rank guides and passages for an expanded query; passages with no line true on `day` are left out."""
        weights, index = self.weights, self.index
        passage_scores = self._mix("passage", query)
        vector = index.embedder.encode([query])[0]
        similarities = index.dense.scores(vector, _DENSE_NEIGHBOURS)
        passage_scores = passage_scores + weights.dense * _scaled(similarities)
        guide_scores = weights.guide * self._mix("guide", query)
        guide_scores = guide_scores + _best_per_guide(passage_scores, self._guide_of_passage, len(self._guide_ids))
        question_scores = self._mix("question", query)
        guide_scores = guide_scores + weights.questions * _best_per_guide(
            question_scores, self._guide_of_question, len(self._guide_ids)
        )
        order = np.argsort(-guide_scores, kind="stable")[:GUIDES_RETURNED]
        order = [int(n) for n in order if guide_scores[n] > 0]
        if not order:
            return NOTHING
        current = np.array([any(line.valid_on(day) for line in p.lines) for p in index.passages])
        fused = np.where(current, passage_scores + guide_scores[self._guide_of_passage], 0)
        hits = [
            Hit(index.passages[n], float(fused[n]))
            for n in np.argsort(-fused, kind="stable")[:passages]
            if fused[n] > 0
        ]
        best = order[0]
        return Found(
            tuple(self._guide_ids[n] for n in order),
            tuple(float(guide_scores[n]) for n in order),
            tuple(hits),
            self._coverage(query, best),
            float(similarities[self._guide_of_passage == best].max(initial=0.0)),
            self._question_match(query, best),
        )

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a folded word over guides; unknown words count most."""
        return self._rarity.get(word, float(np.log(1 + len(self._words))))

    def _mix(self, view: str, query: str) -> np.ndarray:
        folded = _scaled(self.index.keyword[f"{view}-folded"].scores(query))
        if not has_marks(query):
            return (self.weights.exact + self.weights.folded) * folded
        return (
            self.weights.exact * _scaled(self.index.keyword[f"{view}-exact"].scores(query))
            + self.weights.folded * folded
        )

    def _coverage(self, query: str, guide_row: int) -> float:
        words = content_words(query)
        total = sum(self.rarity(word) for word in words)
        return sum(self.rarity(w) for w in words if w in self._words[guide_row]) / total if total else 0.0

    def _question_match(self, query: str, guide_row: int) -> float:
        """Return the best rarity-weighted Jaccard overlap of the query with a question of the guide."""
        words = content_words(query)
        best = 0.0
        for question in self.index.guides[self._guide_ids[guide_row]].questions:
            other = content_words(question)
            union = sum(self.rarity(w) for w in words | other)
            best = max(best, sum(self.rarity(w) for w in words & other) / union if union else 0.0)
        return best


def content_words(text: str) -> set[str]:
    """Return the folded syllables of `text` that carry its subject."""
    return {unit for unit in syllables(fold(text)) if unit not in _STOPWORDS}


def _guide_words(guide, questions: bool) -> set[str]:
    texts = [guide.title, *(p.heading + " " + p.text for p in guide.passages if p.section is not Section.UNCLEAR)]
    return content_words(" ".join(texts + (list(guide.questions) if questions else [])))


def _scaled(scores: np.ndarray) -> np.ndarray:
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else scores


def _best_per_guide(scores: np.ndarray, guide_rows: np.ndarray, guides: int) -> np.ndarray:
    best = np.zeros(guides, dtype=np.float32)
    np.maximum.at(best, guide_rows, scores.astype(np.float32))
    return best
