import pytest

from evals.agreement import MIN_ITEMS, agreement


def test_kappa_of_two_people_does_not_depend_on_who_was_first():
    rows = [("lan", "right", "mai", "right")] * 20 + [("mai", "wrong", "lan", "right")] * 10 + [("lan", "wrong", "mai", "wrong")] * 20  # fmt: skip
    overall, each = agreement(rows)
    (two,) = each
    assert (two.names, two.n, two.same) == (("lan", "mai"), 50, 40)
    # p0 = 0.8; lan: 30 right, 20 wrong; mai: 20 right, 30 wrong; pe = 0.6*0.4 + 0.4*0.6 = 0.48.
    assert two.kappa.value == pytest.approx((0.8 - 0.48) / 0.52)
    assert two.kappa.interval.low < two.kappa.value < two.kappa.interval.high
    assert (overall.names, overall.n) == ((), 50)


def test_what_cannot_be_scored_says_why():
    few = [("lan", "right", "mai", "wrong")] * (MIN_ITEMS - 1)
    same = [("na", "right", "tam", "right")] * MIN_ITEMS
    overall, each = agreement([*few, *same])
    assert [(row.names, row.kappa, row.unscored) for row in each] == [
        (("lan", "mai"), None, "few"),
        (("na", "tam"), None, "one-label"),
    ]
    assert overall.kappa is not None
    assert agreement([])[0].unscored == "few"
