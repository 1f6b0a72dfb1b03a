"""Every function against a worked example that was published."""

import numpy as np
import pytest

from evals.statistics import (
    Interval,
    bootstrap_means,
    cases_needed,
    cohen_kappa,
    gwet_ac1,
    holm,
    krippendorff_alpha,
    mcnemar_p,
    mean_interval,
    sign_flip_p,
    wilson,
)

# Darwin's maize: crossed minus self-fertilised, in eighths of an inch (Fisher 1935, § 17 and § 21).
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Mouse survival, treatment group (Efron & Tibshirani 1993, tables 2.1 and 2.2).
MICE = [94, 197, 16, 38, 99, 141, 23]


def pairs(table):
    """Unroll a confusion table into two raters' labels."""
    cells = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [i for i, _ in cells], [j for _, j in cells]


def test_permutation_gives_fishers_p_for_darwins_maize():
    assert sign_flip_p(DARWIN, range(15)) == pytest.approx(2 * 863 / 2**15, abs=1e-9)


def test_sampled_permutation_is_near_the_exact_one():
    assert sign_flip_p([*DARWIN, 1], range(16), seed=1) == pytest.approx(0.053, abs=0.01)


def test_permutation_of_no_difference_is_one():
    assert sign_flip_p([0, 0, 0], range(3)) == 1.0


def test_bootstrap_of_the_mean_gives_efrons_standard_error():
    means = bootstrap_means(MICE, range(7), seed=3, rounds=200_000)
    assert means.std() == pytest.approx(23.36, abs=0.15)
    assert means.mean() == pytest.approx(86.86, abs=0.2)


def test_clusters_widen_the_interval():
    values = [1, 1, 1, 0, 0, 0] * 10
    alone = mean_interval(values, range(60))
    together = mean_interval(values, [n // 3 for n in range(60)])
    assert together.high - together.low > 1.4 * (alone.high - alone.low)


def test_mcnemar_gives_the_exact_p_of_the_published_table():
    # Fagerland, Lydersen & Laake 2013: 6 and 16 discordant pairs, exact p = 0.0525.
    assert mcnemar_p(6, 16) == pytest.approx(0.0525, abs=5e-5)
    assert mcnemar_p(0, 0) == 1.0


def test_wilson_gives_the_published_interval():
    # Newcombe 1998, table I: 81 of 263 → 0.2553 to 0.3662; 0 of 20 → 0 to 0.1611.
    assert wilson(81, 263) == Interval(pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert wilson(0, 20) == Interval(pytest.approx(0.0, abs=1e-9), pytest.approx(0.1611, abs=5e-5))


def test_holm_gives_the_published_adjustment():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_kappa_and_its_interval_are_those_published_for_two_dermatologists():
    # SAS/STAT, PROC FREQ, "Cohen's Kappa Coefficient": κ 0.3449, limits 0.2030 and 0.4868.
    one, other = pairs([[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]])
    kappa = cohen_kappa(one, other)
    assert kappa.value == pytest.approx(0.3449, abs=5e-5)
    assert (kappa.interval.low, kappa.interval.high) == pytest.approx((0.2030, 0.4868), abs=1e-4)
    assert kappa.n == 88


def test_ac1_is_that_published_for_the_kappa_paradox():
    # Gwet 2008, table 1: 118, 5, 2, 0 → κ −0.0234, AC1 0.9408.
    one, other = pairs([[118, 5], [2, 0]])
    assert cohen_kappa(one, other).value == pytest.approx(-0.0234, abs=5e-5)
    assert gwet_ac1(one, other) == pytest.approx(0.9408, abs=5e-5)


def test_alpha_is_that_of_krippendorffs_example_with_missing_values():
    # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: nominal α = 0.743.
    n = None
    ratings = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, n, n, n],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, n, 3],
        [n, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, n],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, n],
    ]
    assert krippendorff_alpha(ratings) == pytest.approx(0.743, abs=5e-4)


def test_cases_needed_follows_the_formula():
    # σ² = 0.25 (+1 and 0 in turn, n large), distance 0.1: 7.849 · 0.25 / 0.01 ≈ 197 in all.
    differences = [0, 1] * 50
    needed = cases_needed(differences, range(100), 0.1)
    assert needed == pytest.approx(199 - 100, abs=2)
    assert cases_needed(differences, range(100), 1.0) == 0


def test_intervals_are_the_same_for_the_same_seed():
    values = list(np.random.default_rng(5).random(40))
    assert mean_interval(values, range(40), 7) == mean_interval(values, range(40), 7)
    assert mean_interval(values, range(40), 7) != mean_interval(values, range(40), 8)
