"""What the keys meant, on a handful of words and on everything the guides say."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.variants import no_diacritics, telex, vni
from rag.spelling import Speller, load_syllables, telex_keys, vni_keys
from rag.text import clean, syllables


@pytest.fixture(scope="module")
def real(settings):
    return load_syllables(settings.corpus)


@pytest.fixture(scope="module")
def speller(real) -> Speller:
    counts = {
        "tạm": 9,
        "trú": 9,
        "tạm_trú": 9,
        "đường": 3,
        "dương": 3,
        "căn": 8,
        "cước": 8,
        "căn_cước": 8,
        "vneid": 5,
        "giá": 4,
    }
    return Speller(counts, real, {"cccd", "đt", "dt", "clip"})


def test_telex_and_vni_keys_spell_the_same_word():
    assert telex_keys("dduwowngf") == vni_keys("d9u7o7ng2") == ("duong", frozenset({"d", "w"}), "f")
    assert telex_keys("duong") is None
    assert vni_keys("ct01") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lamf laji ther cawn cuowcs", "làm lại thẻ căn cước"),
        ("la2m la5i the3 ca8n cu7o7c1", "làm lại thẻ căn cước"),
        ("tạm trúuuu", "tạm trú"),
        ("căn cưcớ", "căn cước"),
        ("LAMF LAJI VNEID", "làm lại VNEID"),
        ("dang ky tma tru", "dang ky tam tru"),
        ("mở khoá vneid cccd", "mở khóa vneid cccd"),
    ],
)
def test_read_mends_what_was_mistyped(speller, typed, meant):
    assert speller.read(clean(typed)) == meant


@pytest.mark.parametrize(
    "right",
    [
        "mua trâu ở chợ",
        "xem clip",
        "số 0 đồng",
        "59/2022/NĐ-CP",
        "Dương hay đường",
        "đt của má",
        "muc 2",
        "khúc khuỷu",
        "lốm đốm đen trắng",
        "đi Cuba và Pháp",
    ],
)
def test_read_leaves_a_right_word_alone_however_rare(speller, right):
    assert speller.read(right) == right


def test_every_syllable_comes_back_from_raw_keys(speller, real):
    """The keyboard switched off loses next to nothing: some rare syllables share their keys with another."""
    marked = [word for word in real if no_diacritics(word) != word]
    for write in (telex, vni):
        lost = [word for word in marked if clean(speller.read(write(word))) != clean(word)]
        assert len(lost) <= 0.005 * len(marked), lost[:20]


def test_no_line_of_the_guides_is_changed(assistant):
    changed = [
        line.text
        for p in assistant.index.passages
        for line in p.lines
        if assistant.reader.speller.read(line.text) != line.text
    ]
    assert changed == []


@given(st.text(max_size=60))
def test_read_never_fails_and_is_stable(text):
    speller = Speller({"tạm": 2, "trú": 2, "tạm_trú": 2}, ("là", "và"), ())
    once = speller.read(clean(text))
    assert speller.read(once) == once
    assert len(syllables(once)) <= len(syllables(clean(text)))
    assert unicodedata.is_normalized("NFC", once)
