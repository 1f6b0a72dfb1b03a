"""Ranking: what must hold for any question, not how good it is (that is measured by `evals.retrieval`)."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from conftest import copy_small_corpus

from evals.retrieval import cross_validated, fit
from rag.index import Index, build_index
from rag.keyword import KeywordIndex, exact_terms, folded_terms
from rag.retrieval import VIEWS, WEIGHTS, Retriever, fuse, is_marked, with_keyword_neighbours
from rag.settings import PROJECT
from rag.text import clean
from rag.vectors import load_embedder

DAY = date(2026, 11, 25)


def ranked(texts: list[str], query: str) -> list[str]:
    exact, folded = KeywordIndex.build(texts, exact_terms), KeywordIndex.build(texts, folded_terms)
    keyword = folded.scores(query)
    scores = fuse(exact.scores(query) if is_marked(query) else keyword, keyword, np.zeros(len(texts), dtype=np.float32))
    return [texts[n] for n in np.argsort(-scores, kind="stable") if scores[n] > 0]


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Index:
    folder = tmp_path_factory.mktemp("small")
    corpus = copy_small_corpus(folder / "corpus")
    model = str(PROJECT / "corpus" / "embedding")
    return Index(build_index(folder / "index", corpus, model), load_embedder(model))


def test_exact_diacritics_win_over_folded_ones():
    texts = ["ông Dương ở phố", "con đường ở phố", "duong o pho"]
    assert ranked(texts, "đường")[0] == "con đường ở phố"
    assert ranked(texts, "dương")[0] == "ông Dương ở phố"


def test_a_question_without_diacritics_finds_every_writing():
    assert set(ranked(["ông Dương", "con đường", "con mèo"], "duong")) == {"ông Dương", "con đường"}


def test_nfd_and_tone_placement_rank_the_same(assistant):
    rank = [
        assistant.retriever.search(assistant.reader.read(clean(q)).query, DAY).guide_ids
        for q in ("Khóa tài khoản ở đâu?", "Khoá tài khoản ở đâu?")
    ]
    assert rank[0] == rank[1]


def test_keyword_scores_are_those_of_bm25s(assistant):
    keyword = assistant.index.keyword["passage-exact"]
    query = "mất thẻ căn cước thì làm lại ở đâu căn cước"
    engine = keyword._engine
    expected = engine.get_scores([term for term in exact_terms(query) if term in engine.vocab_dict])
    assert np.allclose(keyword.scores(query), expected, atol=1e-5)


def test_a_best_keyword_match_keeps_its_cosine_though_it_is_no_near_neighbour():
    vectors = np.eye(3, dtype=np.float32)
    similar = with_keyword_neighbours(
        np.array([0, 0.9, 0], np.float32),
        np.array([5, 0, 0], np.float32),
        vectors,
        np.array([0.4, 0.9, 0.1], np.float32),
    )
    assert similar.tolist() == pytest.approx([0.4, 0.9, 0.0])


def test_search_is_pure_and_ordered(assistant):
    one, two = (assistant.retriever.search("làm lại thẻ căn cước bị mất", DAY) for _ in range(2))
    assert one == two
    assert list(one.scores) == sorted(one.scores, reverse=True)
    assert [h.score for h in one.hits] == sorted((h.score for h in one.hits), reverse=True)


def test_a_passage_that_is_no_longer_true_is_not_found(small):
    passage = small.passages[3]
    expired = replace(passage, lines=tuple(replace(line, valid_until=date(2026, 1, 1)) for line in passage.lines))
    small.passages[3] = expired
    try:
        retriever = Retriever(small)
        asked = f"{passage.heading} {passage.text}"
        assert passage.id in {h.passage.id for h in retriever.search(asked, date(2025, 12, 31)).hits}
        assert passage.id not in {h.passage.id for h in retriever.search(asked, DAY).hits}
    finally:
        small.passages[3] = passage


def test_a_guide_without_a_true_passage_is_not_found(small):
    kept = list(small.passages)
    small.passages[:] = [
        replace(p, lines=tuple(replace(line, valid_until=date(2026, 1, 1)) for line in p.lines)) for p in kept
    ]
    try:
        assert Retriever(small).search("định danh mức 2", DAY).guide_ids == ()
        assert Retriever(small).search("định danh mức 2", date(2025, 1, 1)).guide_ids
    finally:
        small.passages[:] = kept


def test_a_replaced_guide_is_not_found_and_a_local_one_steps_back(assistant):
    index = assistant.index
    question = "thẻ căn cước hết hạn thì đổi ở đâu"
    first, second = assistant.retriever.search(question, DAY).guide_ids[:2]
    guides = dict(index.guides)
    try:
        index.guides[second] = replace(guides[second], replaces=(first,))
        assert first not in Retriever(index).search(question, DAY).guide_ids
        index.guides[second] = guides[second]
        index.guides[first] = replace(guides[first], territory="Cao Bằng")
        before = assistant.retriever.search(question, DAY).scores[0]
        after = dict(zip(*(lambda f: (f.guide_ids, f.scores))(Retriever(index).search(question, DAY)), strict=True))
        assert after[first] == pytest.approx(0.7 * before, rel=1e-4)
        named = Retriever(index).search(f"{question} Cao Bằng", DAY)
        assert named.guide_ids[0] == first
    finally:
        index.guides.update(guides)


def test_one_weight_a_view():
    assert len(WEIGHTS) == len(VIEWS)


def test_fit_finds_the_view_that_tells_guides_apart():
    chance = np.random.default_rng(0)
    right = chance.integers(0, 8, 400)
    views = chance.random((400, 8, 3))
    views[np.arange(400), right, 1] += 0.6
    weights = fit(views, right)
    assert weights[1] > 0.8
    assert weights.sum() == pytest.approx(1)


def test_cross_validation_does_not_see_what_it_scores():
    """Views that say nothing score at chance, however well noise could be learned."""
    chance = np.random.default_rng(1)
    right = chance.integers(0, 10, 300)
    scores = cross_validated(chance.random((300, 10, 6)), right)
    assert np.mean(scores.argmax(axis=1) == right) < 0.2
