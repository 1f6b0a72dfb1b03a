import pytest

from evals.readability import SHORT, short_share, texts


def test_a_sentence_counts_by_its_words_and_numbers_are_none():
    assert short_share([f"Một {'hai ' * (SHORT - 1)}123. Ba {'bốn ' * SHORT}."]) == (0.5, 2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["guides", "lessons", "practice screens"])
def test_nine_in_ten_sentences_that_learners_read_are_short(kind):
    assert short_share(texts()[kind])[0] >= 0.9
