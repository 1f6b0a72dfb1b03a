"""Progress as it is exchanged, the words of phrases, and how phrases are read."""

import json
import re
import unicodedata
from itertools import combinations

import pytest
from pydantic import ValidationError
from rapidfuzz.distance import Levenshtein

from rag.errors import CorpusError
from rag.progress import MAX_BYTES, MAX_ITEMS, MAX_LESSONS, State, load_phrase_words, new_phrase, read_phrase
from rag.records.classrooms import read_seat
from rag.settings import PROJECT
from rag.text import fold

WORDS = load_phrase_words(PROJECT / "corpus")
ITEM = {"box": 1, "due": "2026-11-28", "right": 3, "wrong": 1}
ALPHABET, TONES = "aăâbcdđeêghiklmnoôơpqrstuưvxy", "\u0300\u0309\u0303\u0301\u0323"


def place(word):
    """Return what a Vietnamese dictionary orders by: syllable by syllable, letters first, then the tone."""
    key = []
    for syllable in word.split():
        bare = "".join(sign for sign in unicodedata.normalize("NFD", syllable) if sign not in TONES)
        tones = [TONES.index(sign) + 1 for sign in unicodedata.normalize("NFD", syllable) if sign in TONES]
        key.append(([ALPHABET.index(letter) for letter in unicodedata.normalize("NFC", bare)], tones))
    return key


def state(lessons=None, items=None):
    return {"lessons": lessons or {}, "items": items or {}}


def test_there_are_640_words_of_two_syllables_in_vietnamese_order():
    assert len(WORDS) == 640
    assert all(re.fullmatch(r"\w+ \w+", word) and word == unicodedata.normalize("NFC", word).lower() for word in WORDS)
    assert sorted(WORDS, key=place) == list(WORDS)


def test_no_two_words_differ_by_less_than_two_letters_without_marks_and_none_begins_another():
    letters = [fold(word).replace(" ", "") for word in WORDS]
    assert [pair for pair in combinations(letters, 2) if Levenshtein.distance(*pair, score_cutoff=1) < 2] == []
    assert [pair for pair in combinations(sorted(letters), 2) if pair[1].startswith(pair[0])] == []


def test_no_word_is_another_turned_round():
    assert len({frozenset(word.split()) for word in WORDS}) == len(WORDS)


def test_without_its_words_no_phrase_can_be_made(tmp_path):
    with pytest.raises(CorpusError, match=r"phrase_words\.txt:1:"):
        load_phrase_words(tmp_path)


@pytest.mark.slow
def test_a_fresh_phrase_has_three_words_and_is_read_as_it_is_shown():
    phrases = {new_phrase(WORDS) for _ in range(300)}
    assert len(phrases) > 298
    assert all(set(phrase.split(", ")) <= set(WORDS) and phrase.count(", ") == 2 for phrase in phrases)
    assert all(read_phrase(phrase, WORDS) == phrase for phrase in phrases)


@pytest.mark.parametrize(
    "typed",
    [
        "hoa sen, con thuyền, bánh chưng", "hoa sen con thuyen banh chung", "HOA SEN - Con Thuyền - BÁNH CHƯNG",
        "  hoa   sen,con thuyen;banh\tchung. ", "hoasen conthuyen banhchung", "1. hoa sen\n2. con thuyền\n3. bánh chưng",
        unicodedata.normalize("NFD", "hoa sen, con thuyền, bánh chưng"), "hoa-sen/con-thuyền/bánh-chưng", "“hoa sen” con thuyền bánh chưng…",
    ],
)  # fmt: skip
def test_a_phrase_is_read_as_people_type_it(typed):
    assert read_phrase(typed, WORDS) == "hoa sen, con thuyền, bánh chưng"


@pytest.mark.parametrize(
    "typed",
    [
        "", "hoa sen", "hoa sen, con thuyền", "hoa sen, con thuyền, bánh chưng, hoa sen", "con thuyền hoa", "hoa sem con thuyền bánh chưng",
        "<script>", "KMRT37 5", "hoa sen con thuyền bánh", "x" * 100,
    ],
)  # fmt: skip
def test_what_is_no_phrase_is_none(typed):
    assert read_phrase(typed, WORDS) is None


@pytest.mark.parametrize(
    ("typed", "seat"),
    [
        ("KMRT37 5", ("KMRT37", 5)), (" kmrt-37, 05 ", ("KMRT37", 5)), ("KMRT37 Bạn 12", ("KMRT37", 12)), ("kmrt37 số 5", ("KMRT37", 5)),
        ("KMRT375", ("KMRT37", 5)), ("KMRT37", None), ("KMRT37 500", None), ("KMRO37 5", None), ("hoa sen con thuyen 5", None), ("", None),
    ],
)  # fmt: skip
def test_a_class_code_with_a_number_is_read_as_people_type_it(typed, seat):
    assert read_seat(typed) == seat


def test_a_state_goes_in_and_out_as_it_is():
    row = state({"vneid-hai-muc": {"card": 2, "done": "2026-11-27"}, "a": {"card": 0, "done": None}}, {"a#12": ITEM})
    assert State.model_validate(row).row() == row
    assert json.loads(State.model_validate(row).model_dump_json()) == row
    assert not State.model_validate(row).empty
    assert State.model_validate(state()).empty


@pytest.mark.parametrize(
    "row",
    [
        {}, {"lessons": {}}, {**state(), "name": "Bà Sáu"}, state({"a": {"card": 1}}), state({"a": {"card": 1, "done": None, "note": "x"}}),
        state({"a": {"card": "1", "done": None}}), state({"a": {"card": -1, "done": None}}), state({"a": {"card": True, "done": None}}),
        state({"Bà Sáu": {"card": 1, "done": None}}), state({"a\n": {"card": 1, "done": None}}), state({"a" * 61: {"card": 1, "done": None}}),
        state({"a": {"card": 1, "done": "2026-02-30"}}), state({"a": {"card": 1, "done": "20261127"}}), state({"a": {"card": 1, "done": 0}}),
        state({"a": {"card": 1, "done": "2026-11-27T00:00:00"}}), state({"a": {"card": 1, "done": "٢٠٢٦-11-27"}}),
        state(items={"a": ITEM}), state(items={"a#0": ITEM}), state(items={"a#100": ITEM}), state(items={"a#1": {**ITEM, "box": 5}}),
        state(items={"a#1": {**ITEM, "box": 0}}), state(items={"a#1": {**ITEM, "right": -1}}), state(items={"a#1": {**ITEM, "wrong": 10000}}),
        state(items={"a#1": {**ITEM, "due": None}}), state(items={"a#1": {**ITEM, "right": 1.5}}),
    ],
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_refused(row):
    with pytest.raises(ValidationError):
        State.model_validate(row)


def test_a_state_has_bounds():
    lesson = {"card": 1, "done": None}
    State.model_validate(
        state({f"a{n}": lesson for n in range(MAX_LESSONS)}, {f"a{n}#1": ITEM for n in range(MAX_ITEMS)})
    )
    for row in (
        state({f"a{n}": lesson for n in range(MAX_LESSONS + 1)}),
        state(items={f"a{n}#1": ITEM for n in range(MAX_ITEMS + 1)}),
        state(items={f"{'a' * 55}{n}#1": ITEM for n in range(MAX_ITEMS)}),
    ):
        with pytest.raises(ValidationError):
            State.model_validate(row)
    assert len(json.dumps(row)) > MAX_BYTES
