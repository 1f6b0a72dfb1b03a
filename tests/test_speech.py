import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.glossary import load_glossary
from rag.guides import load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from rag.speech import full_words, number_words, spoken

PIECES = (
    "1 2 5 0 24 113 1900 2026 115.000 , . / - – … ; : ( ) [1] “ ” đ đồng % h giờ ngày tháng m2 kg CT TK1-TS BHYT AI ai VNeID NĐ-CP QH15 "
    "TP. X IV quý thứ điểm b gov.vn https:// @ . & + * # → > A B Ý CẢNH KHÔNG app Zalo trước đến x = _ ' \" ² ½ ٣ 漢 \u0301 🙂 \ud800"
).split()  # fmt: skip
NASTY = st.lists(st.sampled_from([*PIECES, " ", "\n"]), max_size=14).map("".join)


@settings(deadline=None)
@given(NASTY | st.text(max_size=40))
def test_any_text_can_be_said_and_what_is_said_is_said_the_same_way_again(text):
    said = spoken(text)
    assert spoken(said) == said
    assert not re.search("[0-9]", said)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"), (4, "bốn"), (10, "mười"), (14, "mười bốn"), (15, "mười lăm"), (21, "hai mươi mốt"), (24, "hai mươi tư"),
        (40, "bốn mươi"), (55, "năm mươi lăm"), (104, "một trăm linh tư"), (110, "một trăm mười"), (411, "bốn trăm mười một"),
        (1005, "một nghìn không trăm linh năm"), (2026, "hai nghìn không trăm hai mươi sáu"),
        (1_000_005, "một triệu không trăm linh năm"), (1_050_000, "một triệu không trăm năm mươi nghìn"), (2_000_000_000, "hai tỷ"), (10**12, "một nghìn tỷ"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_vietnam_reads_them(number, words):
    assert number_words(number) == words


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("115.000 đồng", "một trăm mười lăm nghìn đồng"),
        ("1,5 triệu", "một phẩy năm triệu"),
        ("0,05", "không phẩy không năm"),
        ("50% hay 0,5 %", "năm mươi phần trăm hay không phẩy năm phần trăm"),
        ("10.000đ/kg", "mười nghìn đồng một ki lô gam"),
        ("30.000 đồng/lần/người", "ba mươi nghìn đồng một lần một người"),
        ("15.000/7.000 đồng", "mười lăm nghìn, bảy nghìn đồng"),
        ("01 bản, 02 ảnh 4x6 cm", "một bản, hai ảnh bốn nhân sáu xen ti mét"),
        ("08 m2, dưới 2 MB", "tám mét vuông, dưới hai mê ga bai"),
        ("3–5 ngày", "ba đến năm ngày"),
        ("300.000-500.000 đồng", "ba trăm nghìn đến năm trăm nghìn đồng"),
        ("từ 14 đến dưới 16 tuổi", "từ mười bốn đến dưới mười sáu tuổi"),
        ("bản 2.2.6", "bản hai chấm hai chấm sáu"),
    ],
)
def test_amounts_and_counts(written, said):
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("từ 01/07/2026", "từ ngày một tháng bảy năm hai nghìn không trăm hai mươi sáu"),
        ("ngày 1/4/2026", "ngày một tháng tư năm hai nghìn không trăm hai mươi sáu"),
        ("2026-07-01", "ngày một tháng bảy năm hai nghìn không trăm hai mươi sáu"),
        ("07/2026", "tháng bảy năm hai nghìn không trăm hai mươi sáu"),
        ("tháng 9-10/2025", "tháng chín đến tháng mười năm hai nghìn không trăm hai mươi lăm"),
        ("1/7", "ngày một tháng bảy"),
        ("ngày 3/4", "ngày ba tháng tư"),
        ("3/4 số người", "ba phần tư số người"),
        ("24/7", "hai mươi tư trên bảy"),
        ("8h30–17h", "tám giờ ba mươi đến mười bảy giờ"),
        ("07:30, 7h05, 17 giờ", "bảy giờ ba mươi, bảy giờ năm phút, mười bảy giờ"),
        ("thứ 4, tháng 4, lần thứ 1", "thứ tư, tháng tư, lần thứ nhất"),
        ("2020-2025", "hai nghìn không trăm hai mươi đến hai nghìn không trăm hai mươi lăm"),
        ("thế kỷ XXI, quý IV, chương II", "thế kỷ hai mươi mốt, quý tư, chương hai"),
    ],
)
def test_days_and_times(written, said):
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tổng đài 1900 0000", "tổng đài một chín không không, không không không không"),
        ("gọi 113 hoặc 114", "gọi một một ba hoặc một một bốn"),
        ("Điều 113, 115 người", "Điều một trăm mười ba, một trăm mười lăm người"),
        ("024.0000.1234", "không hai bốn, không không không không, một hai ba bốn"),
        ("0000000000", "không không không không, không không không, không không không"),
        ("số 000000000012", "số không không không, không không không, không không không, không một hai"),
        ("bấm *101#", "bấm sao một không một thăng"),
        ("CT01, mẫu TK1-TS", "xê tê không một, mẫu tê ca một tê ét-xì"),
        ("hạng B, C1", "hạng bê, xê một"),
        ("điểm b khoản 2 Điều 5", "điểm bê khoản hai Điều năm"),
        ("Nghị định 59/2019/NĐ-CP", "Nghị định năm mươi chín năm hai nghìn không trăm mười chín của chính phủ"),
        ("Thông tư 41/2025/TT-BCA", "Thông tư bốn mươi mốt năm hai nghìn không trăm hai mươi lăm của bộ công an"),
        ("Nghị định 07/2021", "Nghị định bảy năm hai nghìn không trăm hai mươi mốt"),
        ("số 26/2023/QH15", "số hai mươi sáu năm hai nghìn không trăm hai mươi ba của quốc hội khóa mười lăm"),
    ],
)
def test_phones_codes_and_documents(written, said):
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("thẻ CCCD, quét mã QR, mã OTP", "thẻ căn cước công dân, quét mã quy rờ, mã ô tê pê"),
        ("UBND TP.HCM", "ủy ban nhân dân thành phố Hồ Chí Minh"),
        ("bảo hiểm y tế (BHYT) trên VNeID", "bảo hiểm y tế trên vê nờ e ai đi"),
        ("AI hay ai?", "ây ai hay ai?"),
        ("App Store, app Zalo", "áp sờ to, áp da lô"),
        ("mã XYZ", "mã ích-xì i-dài dét"),
        ("CẢNH BÁO CHO BẠN: Y tế", "CẢNH BÁO CHO BẠN: Y tế"),
        ("https://dichvucong.gov.vn/p/home.html.", "dịch vụ công chấm gov chấm vn."),
        ("dichvucong-vn.com", "dịch vụ công gạch ngang vn chấm com"),
        ("đuôi .gov.vn, tệp .APK", "đuôi chấm gov chấm vn, tệp a pê ca"),
        ("a.b@example.com", "a chấm b a còng example chấm com"),
        ("“Gửi yêu cầu” [1].", "Gửi yêu cầu."),
        ("Cài đặt → Bảo mật/riêng tư", "Cài đặt, rồi Bảo mật, riêng tư"),
        ("cha & mẹ (ông, bà…)", "cha và mẹ (ông, bà)"),
        ("Việt – Lào", "Việt, Lào"),
    ],
)
def test_abbreviations_addresses_and_signs(written, said):
    assert spoken(written) == said


def test_text_in_words_comes_back_as_it_is():
    text = "Bạn mang thẻ đến Công an xã, rồi chờ (khoảng một giờ). Xong chưa?"
    assert spoken(text) == text


def test_a_caller_adds_abbreviations_of_its_own():
    assert spoken("Phòng QLDC", {"QLDC": "quản lý dân cư"}) == "Phòng quản lý dân cư"
    meanings = {"CMND": "chứng minh nhân dân, loại giấy tờ cũ", "ATM": "máy rút tiền tự động", "web": "trang trên mạng"}
    assert full_words(meanings) == {"CMND": "chứng minh nhân dân"}


def test_what_the_glossary_explains_by_its_initials_is_said_in_full():
    for short, words in full_words(load_glossary(PROJECT / "corpus").terms).items():
        assert spoken(short).replace(",", "") == words


def test_long_runs_of_one_letter_digit_or_sign_take_no_long_search():
    for run in ("a", "1", "A", ".", "a.", "1.", "-", "(", "[1", "\n", "1/", "A1-"):
        spoken(run * 5000)
    spoken("1/QH" + "1" * 5000)


@pytest.mark.slow
def test_no_line_of_a_guide_keeps_a_digit_an_abbreviation_or_a_sign():
    guides = load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))
    said = [spoken(line.text) for guide in guides.values() for part in guide.passages for line in part.lines]
    assert [text for text in said if re.search(r"[0-9]|(?<!\w)[A-ZĐ]{2,}(?!\w)|[^\w\s.,;:!?()'-]", text)] == []
