import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.bench_masking import NOT_PRIVATE, PRIVATE, is_gone
from rag.jsonl import numbered_lines
from rag.privacy import LABELS, luhn, mask

# Numbers that cannot exist: province 000, subscriber numbers of zeros, plates of province 00, days such as 30 February.


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
    ("text", "masked"),
    [
        ("cccd 000-000-000-001", "cccd [số căn cước]"),
        ("số 0000 - 0000 - 0001", "số [số căn cước]"),
        ("cccd000000000001", "cccd[số căn cước]"),
        ("bằng lái số 000 000 000 001", "bằng lái số [số giấy phép lái xe]"),
        ("cmnd 00 000 0001 cũ", "cmnd [số giấy tờ] cũ"),
        ("cmnd 100.000.001", "cmnd [số giấy tờ]"),
        ("gọi +84 900 000 000", "gọi [số điện thoại]"),
        ("gọi +84 (0)900 000 000", "gọi [số điện thoại]"),
        ("gọi (024) 0000 0000", "gọi [số điện thoại]"),
        ("0900000000/0900000001", "[số điện thoại]/[số điện thoại]"),
        ("STK: 000001", "STK: [số tài khoản]"),
        ("tài khoản 0000 0000 00 vietcombank", "tài khoản [số tài khoản] vietcombank"),
        ("stk 1900000000001 agribank", "stk [số tài khoản] agribank"),
        ("thẻ 4000 0000 0000 0002", "thẻ [số thẻ]"),
        ("Mật khẩu là Khongco@000 mà", "Mật khẩu là [mã bí mật] mà"),
        ("mk lacrung0 otp 000111", "mk [mã bí mật] otp [mã bí mật]"),
        ("mat khau la matkhaucuatoi", "mat khau la [mã bí mật]"),
        ("0001 là mã xác nhận", "[mã bí mật] là mã xác nhận"),
        ("mã pin thẻ căn cước 000111 không được", "mã pin thẻ căn cước [mã bí mật] không được"),
        ("biển 00A1 00000", "biển [biển số xe]"),
        ("xe 00k-0000 đâm", "xe [biển số xe] đâm"),
        ("TE 1 00 0000000001 là thẻ", "[số bảo hiểm] là thẻ"),
        ("mst 0000000000-001", "mst [mã số thuế]"),
        ("hộ chiếu Q-0000000", "hộ chiếu [số hộ chiếu]"),
        ("x00000000 hết hạn", "[số hộ chiếu] hết hạn"),
        ("sinh ngày 30/2/1960", "sinh ngày [ngày sinh]"),
        ("30 tháng 2 năm 2003 vào ô ngày sinh", "[ngày sinh] vào ô ngày sinh"),
        ("nhà tôi ở số 0 ngõ 12 phố Huế, phường A", "nhà tôi ở [địa chỉ], phường A"),
        ("o so 00 pho non la ao, xa mau thu", "o [địa chỉ], xa mau thu"),
        ("địa chỉ 0 Hàng Không, xã B", "địa chỉ [địa chỉ], xã B"),
        ("Tôi tên là Nguyễn Văn A, muốn hỏi", "Tôi tên là [họ tên], muốn hỏi"),
        ("ten toi la nguyen van a bi mat the", "ten toi la [họ tên] bi mat the"),
        ("TÔI TÊN LÀ NGUYỄN VĂN A MUỐN HỎI", "TÔI TÊN LÀ [họ tên] MUỐN HỎI"),
        ("tôi tên là Lan", "tôi tên là [họ tên]"),
        ("chủ xe là ông trịnh quang a đã mất", "chủ xe là ông [họ tên] đã mất"),
    ],
)
def test_mask_names_what_it_took_away(text, masked):
    assert mask(text) == masked
    assert mask(unicodedata.normalize("NFD", text)) == masked


@pytest.mark.parametrize(
    "text",
    [
        "tổng đài 1900 0368",
        "gọi 111 hoặc 113",
        "Nghị định 59/2022/NĐ-CP",
        "phí 200.000.000 đồng",
        "từ 01/7/2026",
        "0692196666",
        "báo tin rác tới 0339035656",
        "phạt 4.000.000 - 6.000.000 đồng",
        "lương 1200000000 đồng, 1 200 000 000 đồng",
        "các mốc 14 25 40 60 70 tuổi",
        "các năm 2023 2024 2025",
        "từ 01.07.2024 - 31.12.2026",
        "máy chủ 192.168.100.100",
        "giấy khai sinh ngày 1/2/2020",
        "trẻ sinh trước ngày 1/7/2024",
        "mật khẩu 12 ký tự, otp gửi về 1900 0000",
        "mật khẩu VNeID là gì, mật khẩu dichvucong.gov.vn",
        "đường Nguyễn Văn Cừ ở đâu",
        "tôi là hộ nghèo, em là vợ anh ấy",
        "ten con la do ai dat, doi ten duong thi co phai doi the",
        "số 5 đường dây nóng, tầng 2 phòng 204",
        "nhà tôi ở Hà Nội",
        "mẫu CT01, NA17, mức 2, căn cước 12 chữ số",
    ],
)
def test_mask_leaves_public_numbers(text):
    assert mask(text) == text


@given(st.text(alphabet="0123456789 .-+abcđotp@/", max_size=60))
def test_mask_is_idempotent(text):
    assert mask(mask(text)) == mask(text)


_PHRASES = [
    *"tôi tên là|Nguyễn Văn A|sinh ngày|30/2/2001|stk|otp là|mật khẩu|số 5|ngõ 3|phố Huế|, xã|000000000|0900 000|đồng|hoà|\n|.|:".split(
        "|"
    ),
    *sorted(LABELS),
]


@given(st.lists(st.sampled_from(_PHRASES), max_size=14), st.sampled_from(["", " "]))
def test_mask_of_words_it_knows_is_idempotent(phrases, gap):
    once = mask(gap.join(phrases))
    assert mask(once) == once


def _check_digit(digits: str) -> str:
    return next(digits + c for c in "0123456789" if luhn(digits + c))


def _few(count: int) -> st.SearchStrategy[str]:
    """Zeros and two free digits at the end."""
    return st.integers(0, 99).map(lambda n: "0" * (count - 2) + f"{n:02}")


_SEPARATOR = st.sampled_from(["", " ", ".", "-", " - ", "\u200b", "\u2060", "–"])
_FORMATS = {
    "citizen": _few(12),
    "old identity": _few(9),
    "mobile": _few(8).map(lambda d: "09" + d),
    "fixed": _few(8).map(lambda d: "024" + d),
    "abroad": _few(8).map(lambda d: "+849" + d),
    "card of 16": st.integers(0, 999).map(lambda n: _check_digit(f"400000000000{n:03}")),
    "card of 19": st.integers(0, 999).map(lambda n: _check_digit(f"970400000000000{n:03}")),
    "insurance": _few(10),
}
_OPEN = st.sampled_from(["cho tôi hỏi", "em nhập", "Anh chị kiểm tra giúp", "ho so cua me toi ghi", "HỒ SƠ", "số"])
_CLOSE = st.sampled_from(["có được không ạ", "thì làm sao", "bi loi roi", ", cảm ơn", "?", "đóng thuế ở đâu"])


@given(st.data(), st.sampled_from(sorted(_FORMATS)), _SEPARATOR, st.sampled_from([3, 4]), _OPEN, _CLOSE, st.booleans())
def test_every_format_is_masked_whatever_separates_its_groups(data, kind, separator, size, start, end, full_width):
    number = data.draw(_FORMATS[kind])
    groups = [number[n : n + size] for n in range(0, len(number), size)]
    if len(groups) > 1 and len(groups[-1]) < 3:
        groups[-2:] = ["".join(groups[-2:])]
    written = separator.join(groups)
    if full_width:
        written = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in written)
    masked = mask(f"{start} {written} {end}")
    assert is_gone(number, masked), masked
    assert mask(masked) == masked


_AMOUNTS = st.integers(1, 9_999_999).map(lambda n: f"{n * 1000:,}".replace(",", ".") + " đồng")
_DATES = st.dates().map(lambda d: f"{d.day}/{d.month}/{max(d.year, 1900)}")
_DOCUMENTS = st.tuples(st.integers(1, 999), st.integers(1990, 2030)).map(lambda n: f"{n[0]}/{n[1]}/NĐ-CP")
_HOTLINES = st.integers(0, 9999).map(lambda n: f"1900 {n:04}")
_OFFICES = st.integers(0, 9_999_999).map(lambda n: f"069{n:07}")
_AGES = st.integers(1, 110).map(lambda n: f"{n} tuổi")
_YEARS = st.integers(1930, 2030).map(lambda n: f"sinh năm {n}")
_SHARES = st.integers(0, 100).map(lambda n: f"{n},5%")
_PUBLIC = st.one_of(_AMOUNTS, _DATES, _DOCUMENTS, _HOTLINES, _OFFICES, _AGES, _YEARS, _SHARES)


@given(_PUBLIC, _PUBLIC, _OPEN)
def test_public_numbers_survive(one, other, start):
    text = f"{start} {one}, hay là {other}?"
    assert mask(text) == text


def test_luhn_finds_a_wrong_digit():
    assert luhn("4000000000000002")
    assert not luhn("4000000000000003")


@pytest.mark.parametrize("path", [PRIVATE, NOT_PRIVATE], ids=lambda path: path.stem)
def test_cases_hold_what_they_name(path):
    rows = [json.loads(line) for _, line in numbered_lines(path)]
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert all(part in row["text"] for part in row.get("secrets") or row["kept"]), row["id"]
