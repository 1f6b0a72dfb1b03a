"""From a question to ranked guides and passages: several views of the corpus, fused by a weighted sum.

Whole guides, with the questions that people ask for them, are scored by BM25 with and without diacritics, and by the vectors
of their passages and questions. Passages are ranked by their own words, exact and folded, beside their guide's score. A view
is divided by its best score and weighted (`evals/retrieval.py` fits the weights on the development set; DECISIONS.md has the
ablation). Rank fusion is not used: with a weak dense view it lost 3 to 11 points on four of six public sets.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise

import numpy as np

from rag.answers import Hit
from rag.collection import Collection
from rag.documents.issuers import place_name
from rag.guides import NATIONWIDE, Guide, Section
from rag.text import fold, has_marks, syllables

DENSE_NEIGHBOURS = 50
_KEYWORD_NEIGHBOURS = 200
# Only the likeliest guides by the other views are compared with their questions.
_LIKELY_GUIDES = 25
# A guide is judged by the vectors of this many of its passages and questions: one may be alike by chance.
_BEST_PASSAGES, _BEST_QUESTIONS = 2, 3
_STOPWORDS = frozenset(
    "a ai anh ban bac bao bi bo bay cai cac can cho chi chu chua co con cua cung da dang de den di do duoc em gi gio hay "
    "ho hong khi khong la lai lam len ma may minh mot muon nao nay neu nen ngay nguoi nhu nhung noi o oi on phai qua ra "
    "roi sao sau se the theo thi toi tren trong tu tui va van vao ve viec vay voi xin xong nhe nha a vay thua gium nhieu "
    "bao biet hoi moi nha giup".split()
)

# The views of the corpus. "exact" keeps diacritics, "folded" drops them; a view scores every guide in [0, 1].
VIEWS = ("guide-exact", "guide-folded", "passage-dense", "question-dense")
# Fitted on the development set by `python -m evals.retrieval --fit`.
WEIGHTS = (0.114, 0.32, 0.294, 0.272)
# What exact, folded and dense scores of a passage's own text count for. The vectors know our guides, so the development
# set would give them more; at 0.03 they also help on collections that they were never trained on (DECISIONS.md).
PASSAGE_WEIGHTS = (0.6, 0.37, 0.03)
# Below this share of syllables with diacritics a question was typed without them, and the exact views know nothing.
_MARKED_SHARE = 0.3
# What a guide for foreigners, children, firms or one place keeps of its score when the question names none of them.
_FOR_OTHERS = 0.7


@dataclass(frozen=True, slots=True)
class Found:
    """What retrieval found: guides best first with their fused scores, the best passages, and how sure it is.

    `coverage` is the share (by rarity) of the question's content words that the best guide contains;
    `similarity` is the mean cosine with its nearest questions, `question_match` the best overlap of words with one of them;
    `strengths` are the best keyword scores of a guide and a passage, unscaled; `length` counts the content words;
    `views` is what each view alone would have said, shape (guides, len(VIEWS)).
    """

    guide_ids: tuple[str, ...]
    scores: tuple[float, ...]
    hits: tuple[Hit, ...]
    coverage: float
    similarity: float
    question_match: float
    strengths: tuple[float, float] = (0.0, 0.0)
    length: int = 0
    views: np.ndarray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Views:
    """How well everything fits a query. `guides`: every guide in every view, shape (guides, len(VIEWS)), each view divided
    by its best; `asked`: the mean cosine of every guide's best questions; `passages`: the fused score of every passage's own
    text; `strengths`: the best folded keyword score of a guide and of a passage, before dividing.
    """

    guides: np.ndarray
    asked: np.ndarray
    passages: np.ndarray
    strengths: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Match:
    """How much of a question one passage contains. `share`: of the question's terms by their rarity, in [0, 1]; `mass`: the same
    undivided, in terms that only one passage has; `subject`: the share of its content words that the title of the guide has.
    """

    share: float
    mass: float
    subject: float


NOTHING = Found((), (), (), 0.0, 0.0, 0.0)


class Retriever:
    """Searches one open collection. `search` is pure: the same query and day give the same result."""

    def __init__(self, index: Collection, retrieved: int = 10, weights: Sequence[float] = WEIGHTS) -> None:
        self.index = index
        self.retrieved = retrieved
        self.weights = np.asarray(weights, dtype=np.float32)
        self.guide_ids = list(index.guides)
        guides = list(index.guides.values())
        row = {guide_id: n for n, guide_id in enumerate(self.guide_ids)}
        self._rows = {passage.id: n for n, passage in enumerate(index.passages)}
        self._passage_guides = np.array([row[p.guide_id] for p in index.passages])
        questions = np.array([row[guide_id] for guide_id, _ in index.questions], dtype=np.intp)
        self._question_starts = np.searchsorted(questions, np.arange(len(row) + 1))
        self._words = [_guide_words(guide) for guide in guides]
        self._for_some = {n: words for n, guide in enumerate(guides) if (words := _names_of_the_meant(guide))}
        self._replaced = sorted({row[old] for guide in guides for old in guide.replaces if old in row})
        counts = Counter(word for words in self._words for word in words)
        self._rarity = {word: float(np.log(1 + len(self._words) / n)) for word, n in counts.items()}
        self._current = lru_cache(maxsize=8)(self._current_on)
        self._asked = lru_cache(maxsize=4096)(self._asked_for)

    def search(self, query: str, day: date) -> Found:
        """Rank guides and passages for an expanded query, at most `retrieved` of each. A passage with no line true on
        `day`, a guide without any other, and a guide that another one replaces do not count.
        """
        views = self.views(query, day)
        scores = views.guides @ self.weights
        order = [int(n) for n in np.argsort(-scores, kind="stable")[: self.retrieved] if scores[n] > 0]
        if not order:
            return NOTHING
        fused = np.where(self._current(day), views.passages + scores[self._passage_guides], 0)
        best, words = order[0], content_words(query)
        return Found(
            tuple(self.guide_ids[n] for n in order),
            tuple(float(scores[n]) for n in order),
            tuple(Hit(self.index.passages[n], float(fused[n])) for n in _best_first(fused, self.retrieved)),
            self._coverage(words, best),
            float(views.asked[best]),
            self._question_match(words, best),
            views.strengths,
            len(words),
            views.guides,
        )

    def matches(self, question: str, hits: Sequence[Hit], beside: Collection) -> list[Match]:
        """Return how much of a question each hit's passage contains by its own words and headings; a term is as rare as it is
        here and in the collection `beside`.
        """
        rows = [self._rows[hit.passage.id] for hit in hits]
        found, whole = self.index.keyword["passage-folded"].matched(question, rows, beside.keyword["passage-folded"])
        words = content_words(question)
        weight = self._weight(words) or 1.0
        subjects = [self._weight(words & content_words(hit.passage.guide_title)) / weight for hit in hits]
        return [
            Match(float(mass) / (whole or 1.0), float(mass), subject)
            for mass, subject in zip(found, subjects, strict=True)
        ]

    def views(self, query: str, day: date) -> Views:
        """Return how well every guide and passage fits an expanded query by what is true on `day`."""
        marked = is_marked(query)
        known = self._current(day)
        guide, passage = (self._keyword(view, query, marked) for view in ("guide", "passage"))
        passage = (np.where(known, passage[0], 0), np.where(known, passage[1], 0))
        vector = self.index.embedder.encode([query])[0]
        neighbours = self.index.dense.scores(vector, DENSE_NEIGHBOURS)
        similarities = np.where(known, with_keyword_neighbours(neighbours, passage[1], self.index.vectors, vector), 0)
        columns = [*map(_scaled, guide), _scaled(self._best_passages(similarities))]
        likely = _best_first(np.stack(columns, axis=1) @ self.weights[: len(columns)], _LIKELY_GUIDES)
        asked = self._best_questions(vector, likely)
        strengths = (float(guide[1].max(initial=0.0)), float(passage[1].max(initial=0.0)))
        scores = np.stack([*columns, _scaled(asked)], axis=1)
        scores *= self._share_of(query, known)[:, np.newaxis]
        return Views(scores, asked, fuse(*passage, similarities), strengths)

    def _keyword(self, view: str, query: str, marked: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the exact and the folded scores; a question without diacritics has only the folded ones, twice."""
        folded = self.index.keyword[f"{view}-folded"].scores(query)
        return (self.index.keyword[f"{view}-exact"].scores(query) if marked else folded), folded

    def _share_of(self, query: str, known: np.ndarray) -> np.ndarray:
        """Return what each guide keeps of its score, shape (guides,): all, less when it is for people or a place that the
        question does not name, nothing when it is replaced or none of its passages is known.
        """
        share = np.zeros(len(self.guide_ids), dtype=np.float32)
        share[self._passage_guides[known]] = 1
        share[self._replaced] = 0
        asked = f" {' '.join(syllables(fold(query)))} "
        for n, words in self._for_some.items():
            if not any(f" {word} " in asked for word in words):
                share[n] *= _FOR_OTHERS
        return share

    def _current_on(self, day: date) -> np.ndarray:
        return np.array([any(line.valid_on(day) for line in p.lines) for p in self.index.passages])

    def _best_passages(self, scores: np.ndarray) -> np.ndarray:
        """Return the mean of each guide's best two passage scores, shape (guides,), 0 for a second one that it lacks."""
        rows = np.flatnonzero(scores)
        rows = rows[np.lexsort((-scores[rows], self._passage_guides[rows]))]
        guides = self._passage_guides[rows]
        best = np.arange(len(rows)) - np.searchsorted(guides, guides) < _BEST_PASSAGES
        means = np.bincount(guides[best], scores[rows[best]], len(self.guide_ids)) / _BEST_PASSAGES
        return means.astype(np.float32)

    def _best_questions(self, vector: np.ndarray, guides: np.ndarray) -> np.ndarray:
        """Return the mean cosine of each guide's nearest three questions, shape (guides,), 0 for all but `guides`."""
        means = np.zeros(len(self.guide_ids), dtype=np.float32)
        for n in guides:
            near = self.index.question_vectors[self._question_starts[n] : self._question_starts[n + 1]] @ vector
            means[n] = max(0.0, float(np.sort(near)[-_BEST_QUESTIONS:].sum())) / _BEST_QUESTIONS
        return means

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a folded word over guides; unknown words count most."""
        return self._rarity.get(word, float(np.log(1 + len(self._words))))

    def _weight(self, words: Iterable[str]) -> float:
        return sum(map(self.rarity, words))

    def _coverage(self, words: set[str], guide_row: int) -> float:
        return self._weight(words & self._words[guide_row]) / self._weight(words) if words else 0.0

    def _question_match(self, words: set[str], guide_row: int) -> float:
        """Return the best rarity-weighted Jaccard overlap of a query's words with a question of the guide."""
        weights = {word: self.rarity(word) for word in words}
        weight = sum(weights.values())
        shared = [
            (sum(map(weights.__getitem__, weights.keys() & other)), total) for other, total in self._asked(guide_row)
        ]
        return max((both / (weight + total - both) for both, total in shared if both), default=0.0)

    def _asked_for(self, guide_row: int) -> list[tuple[set[str], float]]:
        """Return the content words of every question of a guide, and what they weigh."""
        rows = range(self._question_starts[guide_row], self._question_starts[guide_row + 1])
        asked = [content_words(self.index.questions[n][1]) for n in rows]
        return [(words, self._weight(words)) for words in asked]


def with_keyword_neighbours(
    similarities: np.ndarray, keyword: np.ndarray, vectors: np.ndarray, vector: np.ndarray
) -> np.ndarray:
    """Return `similarities` (shape (n,), 0 for all but the nearest) with the cosines of the best keyword matches as well:
    a passage must not lose to another only because its vector was not among the nearest.
    """
    rows = _best_first(keyword, _KEYWORD_NEIGHBOURS)
    known = similarities.copy()
    known[rows] = np.clip(vectors[rows] @ vector, 0, 1)
    return known


def fuse(exact: np.ndarray, folded: np.ndarray, similarities: np.ndarray) -> np.ndarray:
    """Return the fused scores of passages, shape (n,), in [0, 1]: each leg divided by its best, and weighted."""
    legs = (exact, folded, similarities)
    return np.sum([weight * _scaled(leg) for weight, leg in zip(PASSAGE_WEIGHTS, legs, strict=True)], axis=0)


def is_marked(query: str) -> bool:
    """Tell whether a question was typed with diacritics."""
    units = syllables(query)
    return sum(map(has_marks, units)) >= _MARKED_SHARE * len(units)


def content_words(text: str) -> set[str]:
    """Return the folded syllables of `text` that carry its subject."""
    return {unit for unit in syllables(fold(text)) if unit not in _STOPWORDS}


def terms(text: str) -> set[str]:
    """Return the folded content words of `text` and all its folded syllable pairs."""
    units = syllables(fold(text))
    return content_words(text) | {f"{a} {b}" for a, b in pairwise(units)}


def _guide_words(guide: Guide) -> set[str]:
    texts = [guide.title, *(f"{p.heading} {p.text}" for p in guide.passages if p.section is not Section.UNCLEAR)]
    return content_words(" ".join([*texts, *guide.questions]))


def _names_of_the_meant(guide: Guide) -> list[str]:
    """Return the folded words by which a question shows that it is about these people or this place."""
    place = [] if guide.territory == NATIONWIDE else [place_name(guide.territory)]
    return [fold(word) for word in (*guide.only_for, *place)]


def _best_first(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the rows of the `k` best positive scores, best first, ties by row."""
    rows = np.argpartition(-scores, k)[:k] if k < len(scores) else np.arange(len(scores))
    rows = rows[scores[rows] > 0]
    return rows[np.lexsort((rows, -scores[rows]))]


def _scaled(scores: np.ndarray) -> np.ndarray:
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else scores
