import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.privacy import mask


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("số cccd 001 000 000 000 của tôi", "000 000"),
        ("gọi 0900.000.000 nhé", "0900"),
        ("mã otp là 000111", "000111"),
        ("stk 0000000000000 ngân hàng", "000000"),
        ("thẻ 9704 0000 0000 0000 000", "9704"),
        ("thư a.b@example.org", "example"),
        ("xe 00A-000.00", "000.00"),
        ("số 0\u200b900000000", "900000"),
        ("số ０９０００００００００", "0900"),
        ("CMND 000000000", "000000"),
        ("mã số BHXH 0000000021", "000000"),
    ],
)
def test_mask_hides_personal_data(text, secret):
    assert secret not in mask(text)
    assert "[" in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "tổng đài 1900 0368",
        "gọi 111 hoặc 113",
        "Nghị định 59/2022/NĐ-CP",
        "phí 200.000.000 đồng",
        "từ 01/7/2026",
        "0692196666",
    ],
)
def test_mask_leaves_public_numbers(text):
    assert mask(text) == text


@given(st.text(alphabet="0123456789 .-+abcđotp@/", max_size=60))
def test_mask_is_idempotent(text):
    assert mask(mask(text)) == mask(text)
