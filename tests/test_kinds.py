"""The classifier of question kinds."""

import pytest

from rag.errors import ModelError
from rag.kinds import KindClassifier
from rag.linear import runs
from rag.questions import QuestionKind


@pytest.fixture(scope="module")
def classifier(settings) -> KindClassifier:
    return KindClassifier(settings.corpus / "kinds.safetensors")


def test_runs_are_runs_of_folded_syllables_with_both_ends():
    assert runs("Ở đâu?") == {"<", "o", "dau", ">", "< o", "o dau", "dau >", "< o dau", "o dau >"}


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("làm lại thẻ hết bao nhiêu tiền", "fee"),
        ("nop ho so o dau", "where"),
        ("bao lâu thì có thẻ", "how_long"),
        ("đi làm mang theo giấy tờ gì", "papers"),
        ("khong dang ky bi phat bao nhieu", "penalty"),
        ("gọi số nào để báo", "contact"),
    ],
)
def test_plain_questions_have_their_kind(classifier, question, kind):
    assert QuestionKind(kind) in classifier.kinds(question)


def test_chances_sum_to_one_even_for_nothing_known(classifier):
    for question in ("", "zzz qqq", "làm sao"):
        assert sum(classifier.chances(question).values()) == pytest.approx(1)


def test_a_bare_subject_is_not_asking(classifier):
    assert not classifier.is_asking("hộ chiếu")
    assert classifier.is_asking("hộ chiếu làm ở đâu")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ModelError, match=r"run: python -m rag\.training"):
        KindClassifier(tmp_path / "kinds.safetensors")
