import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import INVISIBLE, clean, fold, has_marks, sentences, slug, syllables

VIETNAMESE = st.text(
    alphabet=st.sampled_from(list("aăâeêioôơuưyđAĐ àáảãạằắẳẵặềếểễệốồổỗộớờởỡợứừửữựýỳỷỹỵbcghklmnpqrtvx.,?!0123456789\n"))
)


@given(VIETNAMESE)
def test_clean_gives_the_same_for_nfc_and_nfd(text):
    assert clean(unicodedata.normalize("NFD", text)) == clean(unicodedata.normalize("NFC", text))


@given(st.text())
def test_clean_is_idempotent(text):
    assert clean(clean(text)) == clean(text)


@given(st.text())
def test_slug_is_idempotent_and_ascii(text):
    assert slug(slug(text)) == slug(text)
    assert slug(text).isascii()


@given(VIETNAMESE)
def test_sentences_lose_no_word(text):
    cleaned = clean(text)
    assert "".join("".join(sentences(cleaned)).split()) == "".join(cleaned.split())


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hoà", "hòa"),
        ("thuý", "thúy"),
        ("khoẻ", "khỏe"),
        ("quà", "quà"),
        ("hoàn", "hoàn"),
        ("Ðường", "Đường"),
        ("a\u200bb", "ab"),
    ],
)
def test_clean_writes_one_style(typed, expected):
    assert clean(typed) == expected


def test_fold_maps_d_with_stroke_which_unicode_does_not_decompose():
    assert fold("Đường đi") == "duong di"
    assert has_marks("đi")
    assert not has_marks("di")


def test_syllables_keep_document_numbers_and_amounts_whole():
    assert syllables("Theo 59/2022/NĐ-CP, 15.000 đồng") == ["theo", "59/2022/nđ-cp", "15.000", "đồng"]


def test_sentences_split_after_accented_letters_but_not_in_dates():
    assert sentences("Mang thẻ cũ. Đến ngày 1.7.2026 là hạn. Ừ!") == ["Mang thẻ cũ.", "Đến ngày 1.7.2026 là hạn.", "Ừ!"]


def test_clean_drops_exactly_the_invisible_characters():
    invisible = {"Cc", "Cf", "Co", "Cs"}
    unassigned = {"Cn"}  # what a later Unicode makes a format character
    for character in map(chr, range(0x110000)):
        category = unicodedata.category(character)
        if character in "\t\n" or category not in invisible:
            assert not INVISIBLE.match(character) or category in unassigned, hex(ord(character))
        else:
            assert INVISIBLE.match(character), hex(ord(character))
