"""What small models break off into is told from Vietnamese."""

import json

import numpy as np
import pytest

from rag.errors import ModelError
from rag.fluency import Fluency, digests
from rag.settings import PROJECT

QUOTE = "Trẻ dưới 6 tuổi: cha mẹ làm thẻ căn cước cho con trên VNeID, không cần đưa trẻ đi, không mất tiền."


@pytest.fixture(scope="module")
def fluency() -> Fluency:
    return Fluency(PROJECT / "corpus" / "fluency.npy")


def test_a_word_that_is_none_is_named(fluency):
    assert fluency.oddities("Cha mẹ làm thẻ cho con trên VNeID, không nhéru bạn yêu cầu.", QUOTE) == ["nhéru"]


def test_words_in_an_order_that_nobody_writes_are_odd(fluency):
    assert fluency.oddities("Công chức, viên chức còn nếu phép trái lưa có nghiệp lượt.", QUOTE)


def test_other_words_for_the_same_are_not(fluency):
    assert fluency.oddities("Con chưa đủ 6 tuổi thì bố mẹ làm giúp trên VNeID, bé không phải đi cùng.", QUOTE) == []


def test_what_the_quote_has_is_known_however_odd(fluency):
    assert fluency.oddities("Mở xyzzy plugh qwrt trên máy.", "Bạn mở xyzzy plugh qwrt trên máy.") == []


def test_few_rewordings_by_hand_are_odd(fluency):
    rows = [json.loads(line) for line in (PROJECT / "evals/cases/reworded.jsonl").read_text("utf-8").splitlines()]
    odd = [row["id"] for row in rows if fluency.oddities(row["reworded"], row["sentence"])]
    assert len(odd) <= 0.06 * len(rows)


def test_digests_are_read_back(tmp_path):
    np.save(tmp_path / "fluency.npy", digests(["một", "một hai", "hai"]))
    assert Fluency(tmp_path / "fluency.npy").oddities("Hai một.", "Ba.") == ["hai một"]


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(ModelError, match=r"rag\.training"):
        Fluency(tmp_path / "fluency.npy")
