import numpy as np

from evals.retrieval import fit, hit_at, rank_of


def test_rank_counts_ties_against_the_right_row():
    assert rank_of(np.array([3.0, 1.0, 3.0]), 2) == 2
    assert rank_of(np.array([3.0, 1.0, 3.0]), 0) == 1
    assert rank_of(np.array([0.0, 1.0, 3.0]), 0) == 3


def test_hit_at_is_the_share_of_ranks_up_to_k():
    assert hit_at([1, 2, 6, 1], 1) == 0.5
    assert hit_at([1, 2, 6, 1], 5) == 0.75


def test_fit_gives_weight_to_the_view_that_knows():
    chance = np.random.default_rng(1)
    right = chance.integers(0, 5, 60)
    views = chance.random((60, 5, 2))
    views[np.arange(60), right, 0] = 1.0
    weights = fit(views, right)
    assert weights[0] > 3 * weights[1]
    ranks = [rank_of(row, target) for row, target in zip(views @ weights, right, strict=True)]
    assert hit_at(ranks, 1) > 0.9
