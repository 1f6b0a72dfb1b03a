import pytest

from rag.glossary import Glossary

GLOSSARY = Glossary({"OTP": "mã dùng một lần", "App Store": "chợ ứng dụng"}, frozenset({"HCM"}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Nhập mã OTP gửi về điện thoại.", []),
        ("Theo báo Thanh Niên, nghiêng, quyết, giường, khuỷu.", []),
        ("Mở dichvucong.gov.vn, theo Nghị định 69/2024/NĐ-CP, mẫu TK01.", []),
        ("Ở TP.HCM thì click vào đó.", ["TP", "click"]),
        ("Tải Zalo trên App Store.", []),
    ],
)
def test_unexplained_finds_words_that_are_neither_vietnamese_nor_listed(text, words):
    assert GLOSSARY.unexplained(text) == words


def test_explain_gives_each_term_of_the_text_once():
    assert GLOSSARY.explain("Mã otp, mã OTP.") == [("OTP", "mã dùng một lần")]
    assert GLOSSARY.explain("OTPX") == []
