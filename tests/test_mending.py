import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.documents.language import is_well_formed
from rag.documents.legacy import TCVN3, VNI
from rag.documents.mending import join_hyphenated, join_torn, mend, score_lines
from rag.documents.pages import Fault, PrintedLine
from rag.guides import load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from rag.text import clean

SPLIT, MARKS, DIGITS = Fault.SPLIT_LETTERS, Fault.WRONG_MARKS, Fault.GUESSED_DIGITS


@pytest.fixture(scope="module")
def guide_lines():
    guides = load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts")).values()
    return [line.text for guide in guides for passage in guide.passages for line in passage.lines]


def page(*texts: str, sure: float = 1.0) -> list[PrintedLine]:
    return [PrintedLine(text, sure=sure) for text in texts]


LAW = (
    "Điều 5. Lệ phí cấp thẻ căn cước",
    "1. Công dân được cấp thẻ lần đầu không phải nộp lệ phí theo quy định của pháp luật.",
    "2. Trường hợp đổi thẻ, mức thu là 50.000 đồng, nộp tại cơ quan quản lý căn cước từ ngày 01/7/2026.",
    "3. Ủy ban nhân dân cấp xã có trách nhiệm hướng dẫn người dân thực hiện thủ tục này.",
)


@pytest.mark.parametrize("word", "nghiễm gì giếng quý khuỷu hòa xoong quỳnh thuở".split())
def test_a_vietnamese_syllable_is_well_formed(word):
    assert is_well_formed(word)


@pytest.mark.parametrize("word", ["ngưòi", "đuợc", "lắk", "of", "qúy", "đat", "toà", ""])
def test_a_word_that_vietnamese_cannot_spell_is_not_well_formed(word):
    assert not is_well_formed(word)


@pytest.mark.parametrize(
    ("text", "font", "expected", "fault"),
    [
        ("§iÒu kho¶n thi hµnh", "", "Điều khoản thi hành", Fault.LEGACY_TCVN3),
        ("Céng hoµ x· héi chñ nghÜa ViÖt Nam", "", "Cộng hòa xã hội chủ nghĩa Việt Nam", Fault.LEGACY_TCVN3),
        ("ViÖt Nam;", "", "Việt Nam;", Fault.LEGACY_TCVN3),
        ("mét", ".VnTime", "một", Fault.LEGACY_TCVN3),
        ("ng\xadêi sö dông ®Êt", "VnTime-Bold", "người sử dụng đất", Fault.LEGACY_TCVN3),
        ("ng-êi sö dông ®Êt", ".VnTime", "người sử dụng đất", Fault.LEGACY_TCVN3),
        ("®iÒu kho¶n", "ABCDEF+.VnTimeH", "ĐIỀU KHOẢN", Fault.LEGACY_TCVN3),
        ("th«ng t­ 01", ".VnArialH", "THÔNG TƯ 01", Fault.LEGACY_TCVN3),
        ("\uf0a7\uf069\uf0d2\uf075 5", ".VnTime", "Điều 5", Fault.LEGACY_TCVN3),
        ("Ñieàu khoaûn thi haønh", "", "Điều khoản thi hành", Fault.LEGACY_VNI),
        ("ÑIEÀU KHOAÛN", "VNI-Times", "ĐIỀU KHOẢN", Fault.LEGACY_VNI),
        ("ngöôøi söû duïng ñaát", "BCDEEE+VNI-Helve-Condense", "người sử dụng đất", Fault.LEGACY_VNI),
        ("kyõ thuaät, quyù khaùch, yù kieán, kyø haïn", "", "kỹ thuật, quý khách, ý kiến, kỳ hạn", Fault.LEGACY_VNI),
    ],
)
def test_text_of_an_old_encoding_is_decoded(text, font, expected, fault):
    assert mend(text, font) == (expected, {fault})


@pytest.mark.parametrize(
    "font",
    [
        ".VnTimeH",
        "VnTimeHBook",
        "ABCDEF+VnTimeHBold",
        ".VnTimeH,BoldItalic",
        ".VnArialH-Bold",
        ".VnCentury SchoolbookH",
        ".VNTIMEHBOOK",
        ".VnBook-AntiquaH",
    ],
)
def test_a_font_of_capitals_is_known_by_its_family_whatever_is_added_to_the_name(font):
    assert mend("®iÒu kho¶n", font)[0] == "ĐIỀU KHOẢN"


@pytest.mark.parametrize(
    "font", [".VnTime", "VnTimeBook", ".VnHelvetInsBold", ".VnArial Narrow", ".VnTeknical", ".VNHELVET", ".VnSouthern"]
)
def test_a_font_with_an_h_elsewhere_in_its_name_is_no_font_of_capitals(font):
    assert mend("®iÒu kho¶n", font)[0] == "điều khoản"


@pytest.mark.parametrize(
    ("table", "font", "fault"), [(TCVN3, ".VnTime", Fault.LEGACY_TCVN3), (VNI, "VNI-Times", Fault.LEGACY_VNI)]
)
def test_every_line_of_the_guides_comes_back_from_an_old_encoding(table, font, fault, guide_lines):
    encode = str.maketrans({letter: old for old, letter in table.items() if old != "μ"})
    lines = [
        line for line in guide_lines[::20] if not any(c.isupper() and c not in encode and c > "\xbf" for c in line)
    ]
    assert len(lines) > 100
    assert {mend(line.translate(encode), font) for line in lines} == {(line, frozenset({fault})) for line in lines}


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("và có được người dân", ".VnTime"),  # the file's own table has put it right
        ("ĐIỀU KHOẢN", ".VnTimeH"),
        ("Công hòa xã hội", ""),
        ("hai mét, ba mét", ""),  # by the table of TCVN3 "hai một, ba một"
        ("café olé für São Paulo, naïve, Noël", ""),
        ("«quote» 5 µm ± 3 °C § 12 © 2026", ""),
        ("Điều 5", "VNI-Times"),
        ("Times New Roman", "VNtimes"),
    ],
)
def test_what_only_looks_like_an_old_encoding_is_left_alone(text, font):
    assert mend(text, font) == (text, frozenset())


def test_marks_apart_from_their_letters_are_put_on_them():
    assert mend(unicodedata.normalize("NFD", "Nghị định số 58/2026/NĐ-CP")) == (
        "Nghị định số 58/2026/NĐ-CP",
        {Fault.NFD},
    )
    assert mend("tha \u0301ng") == ("tháng", {Fault.NFD})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\uf0b7 Nộp hồ sơ", "• Nộp hồ sơ"),
        ("\uf02d Nộp hồ sơ \uf0e0 nhận", "- Nộp hồ sơ → nhận"),
        ("Ðiều 5, ﬁle, ４５", "Điều 5, file, 45"),
        ("5 6  7 8", "5 6 7 8"),
        ("Нà Nội, số 12/NĐ-СР", "Hà Nội, số 12/NĐ-CP"),
        ("Москва", "Москва"),
        ("công\xa0an\u200b thu\xad phí", "công an thu phí"),
        ("hoà bình, thuỷ lợi", "hòa bình, thủy lợi"),
    ],
)
def test_characters_that_only_look_right_are_replaced_without_a_fault(text, expected):
    assert mend(text) == (expected, frozenset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ĐIỀ U KHO ẢN THI H ÀNH", "ĐIỀU KHOẢN THI HÀNH"),
        ("ngườ i dân nộ p hồ sơ", "người dân nộp hồ sơ"),
        ("C ộng hòa x ã hội ch ủ nghĩa Vi ệt Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
        ("Nơ i nhận:", "Nơi nhận:"),
        ("ĐƠN PHƯƠNG CHẤM DỨT HỢP ĐỒNG LÀ M VIỆC", "ĐƠN PHƯƠNG CHẤM DỨT HỢP ĐỒNG LÀM VIỆC"),
        ("HÀ NH NGH Ề TH Ú Y", "HÀNH NGHỀ THÚ Y"),
        ("trình Ủ y ban nhân dâ n cấp xã", "trình Ủy ban nhân dân cấp xã"),
        ("T H Ô N G  T Ư", "THÔNG TƯ"),
        ("T H Ô N G T Ư S Ố 1 2", "THÔNG TƯ SỐ 12"),
        ("1 . 0 0 0 đ ồ n g", "1.000 đồng"),
        ("CỘNG HO À XÃ HỘI", "CỘNG HÒA XÃ HỘI"),
        ("hoạ t động củ a t rẻ e m", "hoạt động của trẻ em"),
        ("việc chu yển nhượn g quyền", "việc chuyển nhượng quyền"),
        ("Điều5.Lệphí cấp thẻ", "Điều 5. Lệ phí cấp thẻ"),
        ("Cộnghòaxãhội chủnghĩa ViệtNam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
        ("kinhdoanh vậntải của giađình", "kinhdoanh vận tải của gia đình"),  # without a mark it may be English
    ],
)
def test_spaces_in_the_wrong_places_are_mended(text, expected):
    assert mend(text) == (expected, {SPLIT})


@pytest.mark.parametrize(
    "text",
    [
        "Đắk Lắk, Pác Bó, Krông Pắc, A Lưới, Ea H'leo, K' Ho, Y Ban Niê",
        "cách 20 m ở phía đông, trong 5 m ấy, 5 l xăng, 3 h sáng",
        "theo điểm c khoản 1, điểm d và đ khoản 2 Điều 3",
        "ông A và bà B, nhóm C gồm",
        "a b c d e g h",
        "1 2 3 4 5 6",
        "- Ở Hà Nội, axít, Kitô, Việtcombank, Ôxtrâylia, TP.Hồ Chí Minh, Q.Tân Bình",
        "Hướng dẫn tại https://dichvucong.gov.vn/p/home/dvc-trang-chu.html, thư tới hotro@vneid.gov.vn",
        "The applicant may submit the form at any office in the city, e.g. on Monday.",
        "Mẫu CT01, QH15, H2O, 01/2O, B1I, mã O1l0, OOO.OOl",
        "tên đuợc-2, ĐuỢc, trùợngà",
        "Họ và tên: ......................... Giới tính: ____ □ Nam □ Nữ",
    ],
)
def test_what_is_right_stays_as_it_is(text):
    assert mend(text) == (text, frozenset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ngưòi dân đuợc cấp", "Người dân được cấp"),
        ("TRUỜNG HỢP", "TRƯỜNG HỢP"),
        ("khỏan tiền, tòan quốc, qúy khách, đựơc", "khoản tiền, toàn quốc, quý khách, được"),
        ("cơ quan hoăc tổ chức", "cơ quan hoặc tổ chức"),
        ("mức thu 50.000 đông một lần", "mức thu 50.000 đồng một lần"),
        ("Điêu 5. Lệ phí", "Điều 5. Lệ phí"),
        ("theo khoán 2 Điều 5", "theo khoản 2 Điều 5"),
    ],
)
def test_marks_read_wrongly_are_mended_and_named(text, expected):
    assert mend(text) == (expected, {MARKS})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lệ phí 1O.000 đồng, 5O.0OO đồng", "lệ phí 10.000 đồng, 50.000 đồng"),
        ("ngày 3l/12/2026, số 15/2O20/NĐ-CP", "ngày 31/12/2026, số 15/2020/NĐ-CP"),
    ],
)
def test_letters_read_for_digits_are_mended_and_named(text, expected):
    assert mend(text) == (expected, {DIGITS})


def test_real_words_are_not_changed_into_others():
    text = "thuê khoán 3 người ở phía đông, đống cát 50 đống, sách kề dưới"
    assert mend(text) == (text, frozenset())


def test_a_run_keeps_one_space_at_its_ends():
    assert mend("  Điều ")[0] == " Điều "
    assert mend(" \t")[0] == " "
    assert mend("")[0] == ""


@pytest.mark.slow
def test_no_line_of_the_guides_is_changed(guide_lines):
    assert [line for line in guide_lines if mend(line) != (clean(line), frozenset())] == []


_WORDS = st.sampled_from(
    "Điều khoản người dân nộ p hồ sơ ngườ i th ông tư ĐIỀ U KHO ẢN ngưòi đuợc hoăc hoà a đ m 5 1O.000 3l/12/2026 50.000 đông "
    "§iÒu kho¶n Ñieàu khoaûn Lệphí Điều5.Lệ Đắk Lắk the of . , ; - ) ( 2 NĐ-CP Нà t r \u0301 \uf0b7".split(" ")
)
LINES = st.lists(_WORDS, max_size=14).map(" ".join) | st.text(max_size=40)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@example("hoà \u0301")
@given(LINES)
def test_mending_is_idempotent_and_gives_clean_text(text):
    mended, _ = mend(text)
    assert mend(mended)[0] == mended
    assert clean(mended) == mended.strip()


@settings(max_examples=400, deadline=None)
@given(LINES)
def test_no_digit_is_lost_or_changed_silently(text):
    mended, faults = mend(text)
    before, after = ("".join(c for c in clean(t) if c.isdecimal() and c.isascii()) for t in (text, mended))
    assert before == after or DIGITS in faults or not text.isascii()
    digits = iter(after)
    assert all(c in digits for c in before)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("người dân nộp hồ sơ trự", "c tuyến.", "người dân nộp hồ sơ trực tuyến."),
        ("NGHỊ QUYẾ", "T ĐỊNH", "NGHỊ QUYẾT ĐỊNH"),
        ("theo điểm", "c khoản 2", None),
        ("Bộ", "Y tế", None),
        ("gồm các giấy tờ", "a) Tờ khai", None),
        ("cấp thẻ", "", None),
    ],
)
def test_a_syllable_that_is_torn_between_two_lines_is_whole_again(left, right, expected):
    assert join_torn(left, right) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("đăng ký thường-", "trú tại", "đăng ký thường trú tại"),
        ("ứng dụng VN-", "eID", "ứng dụng VNeID"),
        ("58/2026/NĐ-", "CP ngày", "58/2026/NĐ-CP ngày"),
        ("giai đoạn 2024-", "2025", "giai đoạn 2024-2025"),
        ("ngư-", "ời dân", "người dân"),
        ("Pa-", "ri", "Pa-ri"),
        ("infor-", "mation", "information"),
        ("e-", "mail", "e-mail"),
        ("nộp hồ sơ -", "nhận kết quả", None),
        ("nộp hồ sơ", "nhận kết quả", None),
        ("", "", None),
    ],
)
def test_lines_that_end_in_a_hyphen_are_joined_as_they_were_written(left, right, expected):
    assert join_hyphenated(left, right) == expected


def test_a_page_of_law_scores_near_one():
    assert score_lines(page(*LAW)) == (pytest.approx(1.0, abs=0.02), frozenset())
    assert score_lines(page(*LAW, sure=0.96))[0] >= 0.9


def test_what_recognition_always_leaves_open_is_no_doubt():
    """A page of few words with a name that nobody knows is none that a trainer must see."""
    assert (
        score_lines(page("Ghi chú: Thuê loa và micro mỗi buổi", "Ép nhựa giấy tờ, mỗi tờ", *LAW[:2], sure=0.95))[0]
        >= 0.8
    )
    assert score_lines(page(*LAW, sure=0.97))[0] == score_lines(page(*LAW, sure=1.0))[0]


def test_a_page_whose_recognition_was_not_sure_scores_below_the_bar():
    assert score_lines(page(*LAW, sure=0.85))[0] < 0.8


@pytest.mark.parametrize(
    "lines",
    [
        ("§iÒu 5. LÖ phÝ cÊp thÎ c¨n c­íc", "1. C«ng d©n ®­îc cÊp thÎ lÇn ®Çu kh«ng ph¶i nép lÖ phÝ"),
        ("Ñieàu 5. Leä phí caáp theû caên cöôùc", "1. Coâng daân ñöôïc caáp theû laàn ñaàu khoâng phaûi noäp leä phí"),
        ("Điêu kh0ản nguừi đưực cấpp thêẻ", "Cộng hỏa xả hệi ch# nghĩa Vlệt Nạnm đắng kỷ tạmn trú ớ đâuy"),
    ],
)
def test_a_page_that_is_not_vietnamese_any_more_is_unreadable(lines):
    score, faults = score_lines(page(*lines * 4))
    assert score < 0.5
    assert Fault.UNREADABLE in faults


@pytest.mark.parametrize("bad", ["50.00O đồng", "50.00 đồng", "32/12/2026", "3l.12.2026", "l.500.000 đồng"])
def test_a_sum_or_date_that_cannot_be_sends_the_page_to_a_trainer(bad):
    assert score_lines(page(*LAW * 5, f"Mức thu hoặc thời hạn là {bad}"))[0] < 0.8


def test_a_page_with_a_digit_that_was_guessed_goes_to_a_trainer():
    assert score_lines(page(*LAW * 5), {SPLIT, MARKS})[0] >= 0.8
    assert score_lines(page(*LAW * 5), {DIGITS})[0] < 0.8


def test_vietnamese_without_its_marks_scores_below_the_bar():
    plain = [unicodedata.normalize("NFD", line).replace("đ", "d").replace("Đ", "D") for line in LAW]
    stripped = ["".join(c for c in line if not unicodedata.combining(c)) for line in plain]
    score, faults = score_lines(page(*stripped * 2))
    assert score < 0.8
    assert MARKS in faults


@pytest.mark.parametrize(
    "lines",
    [
        ("The applicant may submit the form to an office in the city, or to the one at home.",) * 6,
        (
            "Họ, chữ đệm và tên: ...................................",
            "Giới tính: ______ Số: ........./......",
            "□ Nam □ Nữ",
        )
        * 4,
        ("STT | Nội dung | Mức thu (đồng)", "1 | Cấp mới | 50.000", "2 | Cấp đổi | 70.000", "3 | Cấp lại | 100.000")
        * 4,
        ("1 234 56,7 12.345 3.000.000 15% 01/01/2026 QĐ-UBND CT01 B2 A-123",) * 6,
        ("Krông Pắc, Đắk Lắk; Ea H'leo; Buôn Ma Thuột; A Lưới; Kbang; Mang Yang",),
        ("Trang 3",),
        (),
    ],
)
def test_pages_with_little_vietnamese_prose_are_no_false_alarms(lines):
    assert score_lines(page(*lines))[0] >= 0.8
