"""Personal data is replaced before anything is logged, stored, embedded or sent to a model.

Recognisers are of Vietnam's forms. A citizen number is any 12 digits: its province prefix is no rule any
more. Hotlines (1900…, 1800…, 069…, three-digit numbers), fees, dates and document numbers are left alone.
Nothing here does I/O.
"""

import re

from rag.text import clean

_GAP = r"[ .\-]?"


def _digits(count: str) -> str:
    return rf"\d(?:{_GAP}\d){{{count}}}"


# fmt: off
_RULES: tuple[tuple[str, str], ...] = (
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "[thư điện tử]"),
    (rf"(?:(?<=otp)|(?<=otp là)|(?<=mã xác nhận)|(?<=mã xác thực)|(?<=mật khẩu)|(?<=passcode)|(?<=mã pin))[ :=]*(?:là |la )?{_GAP}\d(?:{_GAP}\d){{3,7}}(?![\d/])", " [mã bí mật]"),
    (rf"(?:(?<=stk)|(?<=số tài khoản)|(?<=so tai khoan)|(?<=tài khoản số)|(?<=tai khoan so))[ :=]*(?:là |la )?{_digits('5,18')}(?![\d/])", " [số tài khoản]"),
    (rf"(?<![\d/])(?:\+84|84|0){_GAP}[35789](?:{_GAP}\d){{8,9}}(?![\d/])", "[số điện thoại]"),
    (rf"(?<![\d/])(?!1[89]00){_digits('12,18')}(?![\d/])", "[số thẻ]"),
    (rf"(?<![\d/])(?!1[89]00){_digits('11')}(?![\d/])", "[số căn cước]"),
    (r"(?<![\d/.])(?!1[89]00|069)(?:\d{3}[ .\-]?\d{3}[ .\-]?\d{3}|\d{10}|\d{3}[ .\-]\d{3}[ .\-]\d{4}|\d{4}[ .\-]\d{3}[ .\-]\d{3})(?![\d/]|[ .]?(?:đồng|đ\b|nghìn|triệu|tỷ|vnđ|vnd))", "[số giấy tờ]"),
    (r"(?<![\w/])\d{2}[ -]?[a-zđ]\d?[ -]?\d{3}[.]?\d{2}(?![\w/])", "[biển số xe]"),
)
# fmt: on
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), label) for pattern, label in _RULES)
_FULL_WIDTH = {ord(c): str(i) for i, c in enumerate("０１２３４５６７８９")}


def mask(text: str) -> str:
    """Return cleaned `text` with personal data replaced: "sđt 0912 345 678" → "sđt [số điện thoại]". Idempotent."""
    text = clean(text).translate(_FULL_WIDTH)
    for pattern, label in _PATTERNS:
        text = pattern.sub(label, text)
    return text
