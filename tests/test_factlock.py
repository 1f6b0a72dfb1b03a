import pytest

from rag.answers import Citation
from rag.factlock import lock, objections, unsupported
from rag.settings import load_settings
from rag.vectors import load_embedder

CITATION = Citation(1, "g", "g#le-phi", "Đổi thẻ căn cước – Lệ phí", "Đổi thẻ mất 25.000 đồng tại Công an xã.", ())


def test_lock_drops_a_sentence_with_a_number_its_quote_lacks():
    verified = lock("Đổi thẻ mất 25.000 đồng. [1]\nGọi 1900 9999 để hỏi. [1]", (CITATION,))
    assert verified.text == "Đổi thẻ mất 25.000 đồng. [1]"
    assert verified.dropped == (("Gọi 1900 9999 để hỏi. [1]", "1900 9999"),)


def test_lock_drops_a_fact_without_a_citation():
    assert lock("Mất 25.000 đồng.", (CITATION,)).text == ""


def test_lock_keeps_the_heading_of_a_cited_part_and_no_other():
    citation = Citation(1, "g", "g#cac-buoc/muc-1", "Đăng ký cho con – Các bước: Đăng ký mức 1", "Mở VNeID.", ())
    text = "**Các bước: Đăng ký mức 1**\n\n1. Mở VNeID. [1]"
    assert lock(text, (citation,)).text == text
    assert lock(text.replace("mức 1", "mức 2"), (citation,)).text == "1. Mở VNeID. [1]"


def test_lock_keeps_step_numbers_and_words():
    assert lock("1. Mang thẻ cũ đi. [1]", (CITATION,)).text == "1. Mang thẻ cũ đi. [1]"


def test_unsupported_names_an_authority_the_evidence_lacks():
    assert unsupported("Nộp ở Công an tỉnh.", [CITATION.quote]) == ["công an tỉnh"]


@pytest.fixture(scope="module")
def encode():
    return load_embedder(load_settings().embedding_model).encode


@pytest.mark.parametrize(
    ("claim", "objection"),
    [
        ("Khi đổi thẻ tại Công an xã, bạn đóng 25 nghìn đồng.", []),
        ("Đổi thẻ mất 20.000 đồng tại Công an xã.", ["20.000 đồng"]),
        ("Đổi thẻ mất 25.000 đồng tại Công an huyện.", ["công an huyện"]),
        ("Đổi thẻ không mất 25.000 đồng tại Công an xã.", ["mất 25.000 đồng tại", "không"]),
        ("Bạn nên uống nhiều nước.", [""]),
    ],
)
def test_a_sentence_in_other_words_must_say_what_its_quote_says(claim, objection, encode):
    assert objections(claim, CITATION.title, CITATION.quote, encode) == objection


def test_an_authority_belongs_to_the_sentence_that_names_it(encode):
    quote = "Trang cũ còn ghi Công an cấp huyện. Nay bạn đến Công an xã."
    assert objections("Nay bạn đến Công an huyện.", "Nơi làm", quote, encode) == ["công an huyện"]


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        (
            "Bạn xin giấy xác nhận số cũ tại Công an cấp xã nơi đang ở, nếu bạn không đủ điều kiện đăng ký cư trú.",
            "Không đủ điều kiện đăng ký cư trú thì nộp xin giấy xác nhận số cũ ở nơi đang ở. Nơi nhận là Công an cấp xã.",
        ),
        (
            "Theo Công an tỉnh Thanh Hóa, xe mất cắp mà không tìm lại được cũng thuộc diện bị thu hồi giấy đăng ký.",
            "Xe mất cắp không tìm được: cũng thuộc diện thu hồi giấy đăng ký. Kết quả báo qua tin nhắn. "
            "Điều này theo Công an tỉnh Thanh Hóa.",
        ),
        (
            "Bây giờ không còn cấp huyện, bạn nộp tại Trung tâm Phục vụ hành chính công cấp xã hoặc nộp trên mạng.",
            "Trước đây lên UBND huyện nộp hồ sơ. Nay cấp huyện đã bỏ. Bạn làm ở Trung tâm Phục vụ hành chính công cấp xã "
            "hoặc qua mạng.",
        ),
    ],
)
def test_a_sentence_that_goes_on_with_another_is_of_one_statement(claim, quote, encode):
    assert objections(claim, "", quote, encode) == []


def test_a_value_of_the_past_is_not_todays(encode):
    quote = "Trước đây đổi bằng lái nộp trực tiếp 135.000 đồng. Nay một mức 115.000 đồng."
    assert "135.000 đồng" in objections("Nay đổi bằng lái một mức 135.000 đồng.", "", quote, encode)
    assert objections("Trước đây đổi bằng lái nộp trực tiếp 135.000 đồng.", "", quote, encode) == []


def test_two_lines_from_one_office_are_not_alike_by_that(encode):
    office = " Điều này theo Công an tỉnh Thanh Hóa."
    quote = f"Đổi hoặc cấp lại giấy đăng ký xe thì giữ nguyên biển định danh.{office}"
    assert objections(f"Xe mất cắp cũng thuộc diện thu hồi giấy đăng ký xe.{office}", "", quote, encode) == [""]


@pytest.mark.parametrize(
    ("claim", "quote", "liberty"),
    [
        ("Tôi nộp hồ sơ ở Công an cấp tỉnh.", "Nộp hồ sơ ở Công an cấp tỉnh.", "tôi"),
        (
            "Giấy ủy quyền nhận lương hưu dùng được lâu dài.",
            "Trước đây giấy ủy quyền nhận lương hưu dùng được lâu dài. Nay phải lập lại.",
            "trước đây",
        ),
        ("Phiếu này mất 200.000 đồng.", "Theo báo chí, phiếu này mất 200.000 đồng.", "theo báo chí"),
        ("Phiếu này mất 200.000 đồng.", "Phiếu này mất 200.000 đồng. Điều này theo báo chí.", "theo báo chí"),
        (
            "VNeID chỉ cấp tài khoản cho cá nhân, tổ chức.",
            "VNeID cấp tài khoản cho cá nhân và tổ chức.",
            "chỉ",
        ),
        (
            "Đổi số VNeID tại Công an xã, phường là nhanh nhất.",
            "Đổi số VNeID tại Công an xã, phường.",
            "nhanh nhất",
        ),
        (
            "Bạn nộp trực tiếp hoặc qua bưu chính.",
            "Chưa có tài khoản định danh thì nộp trực tiếp hoặc qua bưu chính.",
            "điều kiện",
        ),
        (
            "Đăng nhập VNeID bằng số căn cước, rồi xem thử lúc nào nên quay về chỗ ban đầu hay không.",
            "Đăng nhập VNeID bằng số căn cước và mật khẩu.",
            "…",
        ),
    ],
)
def test_what_a_small_model_adds_or_leaves_out_is_an_objection(claim, quote, liberty, encode):
    assert liberty in objections(claim, "", quote, encode)
    assert objections(quote, "", quote, encode) == []
