import pytest

from rag.polarity import contradictions


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Làm mức 2 mất tiền.", "Làm mức 2 không mất tiền."),
        ("Làm mức 2 tốn phí.", "Làm mức 2 được miễn phí."),
        ("Bạn mang thẻ cũ.", "Bạn không phải mang thẻ cũ."),
        ("Bạn không mang thẻ cũ.", "Bạn mang thẻ cũ."),
        ("Đọc mã OTP cho cán bộ.", "Đừng đọc mã OTP cho ai."),
        ("Khai báo tạm trú không mất phí.", "Bạn ở đâu thì chủ nhà nơi đó khai báo tạm trú."),
        ("Trẻ đủ 14 tuổi thì cha mẹ đi cùng.", "Trẻ dưới 14 tuổi thì cha mẹ đi cùng."),
        ("Nộp sau hơn 3 ngày.", "Nộp không quá 3 ngày."),
        (
            "Nếu vắng mà đăng ký tạm trú và không khai báo thì bị xóa.",
            "Vắng mà không đăng ký tạm trú, không khai báo thì bị xóa.",
        ),
    ],
)
def test_what_the_evidence_denies_may_not_be_affirmed_nor_the_other_way_round(claim, evidence):
    assert contradictions(claim, evidence)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Bạn được miễn lệ phí làm mức 2.", "Làm mức 2 không mất tiền."),
        ("Máy cũ không còn thì nhờ Công an.", "Không còn máy cũ thì nhờ Công an."),
        ("Tối đa 3 ngày.", "Không quá 3 ngày."),
        ("Chưa tới 14 tuổi thì cha mẹ đi cùng.", "Dưới 14 tuổi thì cha mẹ đi cùng."),
        ("Máy thiếu NFC thì mang thẻ ra quầy.", "Máy không có NFC thì mang thẻ ra quầy."),
        ("Mang thẻ cũ.", "Mang thẻ cũ. Không cần về quê."),
        (
            "Dù qua tin nhắn, mạng xã hội hay trang web, ngân hàng đều không hỏi mã OTP.",
            "Ngân hàng không hỏi mã OTP qua tin nhắn. Ngân hàng cũng không hỏi qua mạng xã hội hay trang web.",
        ),
    ],
)
def test_the_same_in_other_words_is_no_contradiction(claim, evidence):
    assert contradictions(claim, evidence) == []
