"""Differences of two readings: what a trainer must see, and what is none."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.differences import ChangeKind, changed_atoms, text_changes

PAGE = [
    "Cấp đổi thẻ căn cước",
    "Lệ phí cấp đổi thẻ: 50.000 đồng một thẻ, nộp khi nhận thẻ.",
    "Thời hạn giải quyết là 7 ngày làm việc kể từ ngày nhận đủ hồ sơ.",
    "Nơi nộp: Công an cấp xã nơi cư trú.",
    "Liên hệ 1900 0000 để được hỗ trợ.",
]


def kinds(old, new):
    return [(change.kind, change.before, change.after) for change in text_changes(old, new)]


def facts(old, new):
    return [str(change) for change in changed_atoms(old, new)]


def test_a_changed_fee_is_named_with_its_words_and_its_values():
    new = [*PAGE[:1], PAGE[1].replace("50.000", "70.000"), *PAGE[2:]]
    (change,) = text_changes(PAGE, new)
    assert (change.kind, change.old_at, change.new_at) == (ChangeKind.CHANGED, 1, 1)
    assert [(run.before, run.after) for run in change.words if not run.same] == [("50.000", "70.000")]
    assert [str(fact) for fact in change.facts] == ["50.000 đồng → 70.000 đồng"]


def test_added_and_removed_paragraphs_are_named_where_they_stand():
    new = [PAGE[0], "Mang theo thẻ cũ khi đến làm thủ tục.", PAGE[1], PAGE[2], PAGE[4]]
    assert kinds(PAGE, new) == [
        (ChangeKind.ADDED, "", "Mang theo thẻ cũ khi đến làm thủ tục."),
        (ChangeKind.REMOVED, PAGE[3], ""),
    ]
    assert [str(fact) for fact in text_changes(PAGE, PAGE[:4])[0].facts] == ["1900 0000 → ∅"]


@pytest.mark.parametrize(
    "new",
    [
        list(PAGE),
        [f"  {text}\n " for text in PAGE],
        [text.replace(" ", "\u00a0 \n") for text in PAGE],
        [unicodedata.normalize("NFD", text) for text in PAGE],
        [*PAGE, "Cập nhật lúc 08:30 ngày 01/07/2026"],
        ["Thứ hai, ngày 24/11/2026", *PAGE, "Lượt xem: 1.234", "Trang 1/3", "- 2 -", "", "Chia sẻ"],
        [*PAGE, "Ngày đăng: 24/11/2026 | 08:30", "Lần cập nhật cuối: 24/11/2026, 08:30 GMT+7", "Đang truy cập: 15"],
        [*PAGE[:4], PAGE[4] + " (Cập nhật: 01/07/2026)"],
        [PAGE[3], PAGE[4], *PAGE[:3]],
        [*PAGE[:2], PAGE[2][:20], PAGE[2][20:], *PAGE[3:]],
        [PAGE[0], PAGE[1] + " " + PAGE[2], *PAGE[3:]],
    ],
    ids=["same", "spaces", "line breaks", "NFD", "stamp", "counters", "dates", "stamp at the end", "moved", "split", "joined"],
)  # fmt: skip
def test_what_is_no_change_is_not_shown(new):
    assert text_changes(PAGE, new) == ()
    assert text_changes(new, PAGE) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Cập nhật lúc thay đổi nơi cư trú.",
        "Có hiệu lực từ ngày 01/7/2026.",
        "Ngày cấp: 01/07/2026, thẻ có giá trị 10 năm.",
        "Nộp 2 ảnh, 1 bản sao.",
        "Lượt xem: 5 ngày",
        "30",
        "1/2",
        "Hạn nộp: 17 giờ ngày 31/12/2026",
    ],
)
def test_a_date_or_number_that_says_something_is_no_furniture(text):
    assert [change.kind for change in text_changes(PAGE, [*PAGE, text])] == [ChangeKind.ADDED]


def test_the_reworded_form_of_a_paragraph_is_found_where_it_moved_to():
    new = [PAGE[2].replace("7 ngày", "5 ngày"), PAGE[0], PAGE[1], PAGE[3], PAGE[4]]
    (change,) = text_changes(PAGE, new)
    assert (change.old_at, change.new_at, [str(fact) for fact in change.facts]) == (
        2,
        0,
        ["7 ngày làm việc → 5 ngày làm việc"],
    )


def test_of_two_paragraphs_that_are_alike_each_is_compared_with_its_own():
    old = [f"Trường hợp {n}: thu {n}0.000 đồng cho mỗi thẻ căn cước được cấp." for n in range(1, 6)]
    new = [text.replace("0.000", "5.000") for text in old]
    assert [(change.old_at, change.new_at) for change in text_changes(old, new)] == [(n, n) for n in range(5)]


def test_paragraphs_that_share_all_their_words_with_many_others_are_compared_with_the_nearest():
    old, new = ["Nộp hồ sơ tại Công an xã."] * 100, ["Nộp hồ sơ tại Công an phường."] * 100
    assert [(c.kind, c.old_at == c.new_at) for c in text_changes(old, new)] == [(ChangeKind.CHANGED, True)] * 100


def test_a_paragraph_with_little_in_common_is_another_one():
    assert [kind for kind, _, _ in kinds([PAGE[1]], [PAGE[3]])] == [ChangeKind.REMOVED, ChangeKind.ADDED]


def test_a_paragraph_that_stands_once_more_or_once_less_is_a_change():
    assert [kind for kind, _, _ in kinds(PAGE, [*PAGE, PAGE[3]])] == [ChangeKind.ADDED]
    assert [kind for kind, _, _ in kinds([*PAGE, PAGE[3]], PAGE)] == [ChangeKind.REMOVED]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Thu 50.000 đồng.", "Thu 70.000 đồng.", ["50.000 đồng → 70.000 đồng"]),
        ("Thu 30 nghìn đồng.", "Thu 30.000 đồng.", []),
        ("Trong 3 ngày.", "Trong 3 ngày làm việc.", ["3 ngày → 3 ngày làm việc"]),
        ("Gọi 1900 0000.", "Gọi 1900 0001.", ["1900 0000 → 1900 0001"]),
        ("Từ 01/7/2025.", "Từ 01/7/2026.", ["01/7/2025 → 01/7/2026"]),
        ("Mẫu CT01.", "Mẫu CT01, mẫu CT02.", ["∅ → CT02"]),
        ("Thu 5.000 đồng, nộp 2 bản.", "Nộp 2 bản.", ["5.000 đồng → ∅"]),
        ("Theo 59/2022/NĐ-CP.", "Theo 69/2024/NĐ-CP.", ["59/2022/NĐ-CP → 69/2024/NĐ-CP"]),
        ("Đổi 50.000 đồng, cấp lại 70.000 đồng.", "Cấp lại 70.000 đồng, đổi 50.000 đồng.", []),
        ("Đổi 50.000 đồng, cấp lại 70.000 đồng.", "Đổi 25.000 đồng, cấp lại 35.000 đồng.", ["50.000 đồng → 25.000 đồng", "70.000 đồng → 35.000 đồng"]),
        ("Trực tiếp 10.000 đồng, qua mạng 5.000 đồng.", "Trực tiếp 20.000 đồng, qua mạng 10.000 đồng.", ["10.000 đồng → 20.000 đồng", "5.000 đồng → 10.000 đồng"]),
        ("", "", []),
    ],
)  # fmt: skip
def test_facts_are_compared_by_value_and_paired_by_kind(old, new, expected):
    assert facts(old, new) == expected


words = st.lists(
    st.sampled_from("lệ phí cấp đổi thẻ căn cước 50.000 70.000 đồng 7 ngày , . nộp tại công an".split()), max_size=12
)
pages = st.lists(words.map(" ".join), max_size=8)


@given(pages)
def test_a_reading_does_not_differ_from_itself(page):
    assert text_changes(page, page) == ()


@given(pages, pages)
def test_the_words_of_a_change_join_to_its_two_texts_and_nothing_is_lost(old, new):
    changes = text_changes(old, new)
    for change in changes:
        if change.kind is ChangeKind.CHANGED:
            assert "".join(run.before for run in change.words) == change.before
            assert "".join(run.after for run in change.words) == change.after
            assert change.before != change.after
    assert len({change.old_at for change in changes} - {None}) == sum(c.old_at is not None for c in changes)
    assert len({change.new_at for change in changes} - {None}) == sum(c.new_at is not None for c in changes)


@pytest.mark.slow
def test_a_long_document_that_was_rewritten_is_compared_in_seconds():
    old = [
        f"Điều {n}. Mức thu phí của thủ tục thứ {n} là {n}.000 đồng cho mỗi hồ sơ, nộp tại cơ quan giải quyết."
        for n in range(2000)
    ]
    new = [text.replace("Mức thu phí", "Mức phí phải nộp").replace(".000", ".500") for text in old]
    begun = time.thread_time()
    assert len(text_changes(old, new)) == 2000
    assert time.thread_time() - begun < 10
