import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pytest

from evals.bench_gaps import agreement
from rag.gaps import Gap, Unanswered, clusters, labels
from rag.text import fold
from rag.vectors import load_embedder

DAY = date(2026, 11, 2)
SUBJECTS = ("hồ sơ nuôi cá lồng bè", "chụp ảnh thẻ thư viện", "xin số nhà mới")


@pytest.fixture(scope="module")
def encode(settings):
    return load_embedder(settings.embedding_model).encode


def _subjects(texts):
    """One axis a subject, and a little of the last axis for those that are asked at length."""
    rows = np.array([[float(fold(s) in fold(t)) for s in SUBJECTS] + [len(t) / 400] for t in texts], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _asked(*rows: tuple[str, int, str | None]) -> list[Unanswered]:
    return [Unanswered(question, DAY + timedelta(days), visitor) for question, days, visitor in rows]


def test_questions_of_one_subject_become_one_gap_with_its_days_and_other_wordings():
    gaps = clusters(
        _asked(
            ("Hồ sơ nuôi cá lồng bè?", 3, "a"),
            ("hồ sơ nuôi cá lồng bè ở đâu", 0, "b"),
            ("ho so nuoi ca long be gom nhung gi va nop cho ai vay ban", 9, None),
            ("Chụp ảnh thẻ thư viện ở đâu", 1, None),
        ),
        _subjects,
        lambda names: [("nuoi-ca", 0.5) if "cá" in name else None for name in names],
    )
    assert gaps == [
        Gap(
            "hồ sơ nuôi cá lồng bè ở đâu", 3,
            ("ho so nuoi ca long be gom nhung gi va nop cho ai vay ban", "Hồ sơ nuôi cá lồng bè?"),
            DAY, DAY + timedelta(9), "nuoi-ca", 0.5,
        ),
        Gap("Chụp ảnh thẻ thư viện ở đâu", 1, (), DAY + timedelta(1), DAY + timedelta(1), None, None),
    ]  # fmt: skip


def test_one_visitor_who_repeats_the_same_words_counts_once_and_others_each():
    rows = [
        ("Xin số nhà mới?", 0, "a"),
        ("xin so nha MOI", 4, "a"),
        ("Xin số nhà mới", 1, "b"),
        ("xin số nhà mới", 2, None),
    ]
    gap = clusters(_asked(*rows, rows[3]), _subjects)[0]
    assert (gap.count, gap.examples, gap.first, gap.last) == (4, (), DAY, DAY + timedelta(4))


def test_examples_are_five_and_gaps_are_ordered_by_count_then_latest_day():
    gaps = clusters(
        _asked(
            *((f"xin số nhà mới {n}", 0, None) for n in range(9)),
            ("chụp ảnh thẻ thư viện", 1, None),
            ("hồ sơ nuôi cá lồng bè", 2, None),
        ),
        _subjects,
    )
    assert [(gap.count, gap.last.day) for gap in gaps] == [(9, 2), (1, 4), (1, 3)]
    assert len(set(gaps[0].examples) | {gaps[0].name}) == 6


def test_no_question_and_questions_of_unknown_words_only_are_gaps_of_their_own(encode):
    assert clusters([], encode) == []
    assert [
        gap.count for gap in clusters(_asked(("☃", 0, None), ("☂☂", 0, None)), lambda t: np.zeros((len(t), 4)))
    ] == [1, 1]


def test_the_order_of_what_was_asked_does_not_change_the_gaps(encode):
    rows = [Unanswered(f"{subject} {end}", DAY) for subject in SUBJECTS for end in ("ở đâu", "mấy tiền", "cần gì")]
    forward, backward = clusters(rows, encode), clusters(rows[::-1], encode)
    assert [(g.name, g.count, sorted(g.examples)) for g in forward] == [
        (g.name, g.count, sorted(g.examples)) for g in backward
    ]
    assert sorted(gap.count for gap in forward) == [3, 3, 3]


def test_no_two_groups_are_nearer_than_the_threshold():
    vectors = np.array([[1, 0], [0.96, 0.28], [0.8, 0.6], [0, 1]])
    assert len(set(labels(vectors, 0.1))) == 3
    assert len(set(labels(vectors, 0.25))) == 2


def test_agreement_is_as_worked_by_hand():
    precision, recall, f1, rand, groups = agreement([0, 0, 0, 1, 1], [1, 1, 2, 2, 2])
    assert (precision, recall, f1, groups) == (0.5, 0.5, 0.5, 1.0)
    assert rand == pytest.approx((2 - 1.6) / (4 - 1.6))


@pytest.mark.slow
def test_two_thousand_questions_take_seconds_and_no_torch():
    program = (
        "import sys, time\nfrom datetime import date\nfrom rag.settings import Settings\nfrom rag.gaps import *\n"
        "from rag.vectors import load_embedder\n"
        "encode = load_embedder(Settings().embedding_model).encode\n"
        "rows = [Unanswered(f'xin giấy {n % 97} của xã {n} nộp {n % 13}', date(2026, 11, 2)) for n in range(2000)]\n"
        "started = time.perf_counter()\nassert sum(g.count for g in clusters(rows, encode)) == 2000\n"
        "print(time.perf_counter() - started, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split()[1] == "False"
