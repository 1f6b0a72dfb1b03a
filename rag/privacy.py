"""Personal data is replaced before anything is logged, stored, embedded or sent to a model.

Recognisers are of Vietnam's forms and run in order, on a shadow of the text without Vietnamese marks. What one has found is
out of sight of the next, so public numbers (fees, dates, document numbers, links) are found like secrets and left as they
are. A citizen number is any 12 digits: its province prefix is no rule any more. A number that follows the word for it is
masked on that word, any other on its length and grouping. Nothing here does I/O.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.persons import Place, addresses, names
from rag.text import clean

PUBLIC, PHONE = "", "[số điện thoại]"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text and the label that takes its place; `PUBLIC` leaves it as it is."""

    start: int
    end: int
    label: str


Recogniser = Callable[[str, str], Iterator[Span]]

# Every decimal digit of Unicode and full-width ASCII, as pages and phone keyboards of other languages write them.
_PLAIN = {
    n: str(unicodedata.decimal(chr(n))) for n in range(0x80, 0x1FBFA) if unicodedata.decimal(chr(n), None) is not None
}
_PLAIN |= {n: chr(n - 0xFEE0) for n in range(0xFF01, 0xFF5F)}
# One base letter for every letter with marks; unlike `rag.text.fold` it keeps case and length.
_UNMARKED = {
    n: base
    for n in (*range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA))
    if (base := {"Đ": "D", "đ": "d"}.get(chr(n), unicodedata.normalize("NFD", chr(n))[0])).isascii()
}
_HIDDEN = "\0"
_DIGIT = re.compile(r"\d")
_LABEL = re.compile(r"\[[^\[\]\n]{5,24}\]")


def mask(text: str) -> str:
    """Return cleaned `text` with personal data replaced: "sđt 0912 345 678" → "sđt [số điện thoại]". Idempotent."""
    text = _plain(text)
    # Until nothing is found: a label may change what its neighbours look like. The last pass proves idempotence.
    while spans := _secrets(text):
        text = _plain(_replaced(text, spans))
    return text


def _plain(text: str) -> str:
    return clean(text.translate(_PLAIN))


def _shadow(text: str) -> str:
    """Return `text` without Vietnamese marks, of the same length, labels out of sight."""
    return _LABEL.sub(lambda m: _HIDDEN * len(m[0]) if m[0] in LABELS else m[0], text).translate(_UNMARKED)


def _secrets(text: str) -> list[Span]:
    shadow, secrets = _shadow(text), []
    for recognise in _RECOGNISERS if _DIGIT.search(shadow) else _WITHOUT_DIGITS:
        found = list(recognise(text, shadow))
        shadow = _hide(shadow, found)
        secrets += [span for span in found if span.label != PUBLIC]
    return sorted(secrets, key=lambda span: span.start)


def _hide(shadow: str, spans: list[Span]) -> str:
    parts, done = [], 0
    for span in spans:
        parts += [shadow[done : span.start], _HIDDEN * (span.end - span.start)]
        done = span.end
    return "".join([*parts, shadow[done:]])


def _replaced(text: str, spans: list[Span]) -> str:
    parts, done = [], 0
    for span in spans:
        parts += [text[done : span.start], span.label]
        done = span.end
    return "".join([*parts, text[done:]])


def _by_pattern(pattern: str, label: str, wanted: Callable[[str, re.Match[str]], bool] | None = None) -> Recogniser:
    """Return a recogniser of what group "it" (else everything) of `pattern` matches in the shadow, where it is `wanted`."""
    compiled = re.compile(pattern, re.IGNORECASE)
    group = "it" if "it" in compiled.groupindex else 0

    def recognise(text: str, shadow: str) -> Iterator[Span]:
        for found in compiled.finditer(shadow):
            if wanted is None or wanted(text, found):
                yield Span(*found.span(group), label)

    return recognise


def _by_places(places: Callable[[str, str], Iterator[Place]], label: str) -> Recogniser:
    return lambda text, shadow: (Span(*place, label) for place in places(text, shadow))


# An e-mail address. It starts only where a word starts: tried at every letter it would take quadratic time.
_EMAIL = r"(?<![\w.+\-])[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"
# A link or a host of a public site.
_LINK = r"(?<![\w.\-])(?:https?://\S+|(?:[a-z0-9\-]+\.)+(?:vn|com|net|org)(?![\w\-])(?:/\S*)?)"
# "59/2022/NĐ-CP", "1234/BNV-CQDP", "26/2023/QH15".
_DOCUMENT = r"(?<![\w/])\d{1,7}/(?:\d{4}/)?[a-z][a-z0-9\-]*(?!\w)"

# An address of the net or a long version, which would pass for a number of the same length.
_DOTTED = r"(?<![\w.])(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])){3}(?![\w]|\.\d)"

_DATE = (
    r"(?:\d{1,2} ?(?P<sep>[/.\-]) ?\d{1,2} ?(?P=sep) ?(?:\d{4}|\d{2})(?![.\-/]?\d)"
    r"|\d{1,2} thang \d{1,2}(?:,? nam|/|-)? ?\d{4}(?!\d)|\d{1,2} \d{1,2} (?:19|20)\d{2}(?![ .\-]?\d)|[0-3]\d[01]\d(?:19|20)\d{2}(?!\d))"
)
# "sinh ngày 1/2/1960", "ngày sinh của em là: …", not "khai sinh ngày …", "phát sinh ngày …", "sinh trước ngày …".
_NOT_BORN = "".join(rf"(?<!\b{word} )" for word in "khai phat hoc ve thi ky ho tai quan dan giao hy nay y".split())
_BORN = (
    rf"(?<!\w)(?:{_NOT_BORN}sinh|sn|dob)(?: (?:ngay|thang|nam|nhat|vao|hom|cua|toi|tui|em|minh|con|chau|be|me|bo|cha|ong|ba|chong|vo|"
    rf"la|dung|that|ghi|tren|trong|cccd|giay|to|can|cuoc)){{0,6}} ?[:=\-]? ?(?P<it>{_DATE})"
)
# "ngày sinh trên hộ chiếu in …": the words say whose it is, not that a rule begins.
_BIRTHDAY = rf"(?<!\w)ngay sinh(?: (?!(?:tu|truoc|sau|den|ke|cap|het|han|hieu|luat|nghi|ban)(?!\w))[a-z]+){{0,6}} ?[:=]? ?(?P<it>{_DATE})"
# The date before the words: "30 tháng 2 năm 2003 vào ô ngày sinh".
_BORN_BEFORE = rf"(?<![\d/.\-])(?P<it>{_DATE}) (?:vao (?:o )?|la |o o )(?:ngay|nam) (?:thang nam )?sinh(?!\w)"
# Any other date, or two: "01.07.2024 - 31.12.2026", "09/2024".
_ANY_DATE = r"(?<![\d/.\-])(?:[0-3]?\d([/.\-])[01]?\d\1(?:(?:19|20)\d{2}|\d{2})(?: ?[\-–] ?[0-3]?\d[/.\-][01]?\d[/.\-](?:19|20)\d{2})?|[01]?\d/(?:19|20)\d{2})(?![.\-/]?\d)"

# What may stand between the word for a secret and the secret: "mã otp của tôi là", "mật khẩu 6 số mới đặt:".
_FILLER = (
    r"(?:(?: ?[:=(\"'“,] ?| )(?:\d{1,2} (?:chu so|so|ky tu)|la|cua|toi|tui|em|e|minh|con|me|bo|chau|anh|chi|vo|chong|nha|vneid|wifi|dich vu cong|"
    r"tai khoan|ngan hang|app|dat|moi|cu|dang|hien|nay|gui ve|ve|may|nhan|duoc|dung|van|bao|vua|so|nhap|otp|xac nhan|xac thuc|kich hoat)(?!\w)){0,7}"
)
_TO_IT = rf"{_FILLER}(?: ?[:=(\"'“]+ ?| )?"
# A hotline is no code: "otp gửi về 1900 0000".
_NO_HOTLINE = r"(?!1[89]00[ .]?\d{4}(?!\d))"
_SECRET_WORD = (
    r"(?<!\w)(?:otp|ma (?:so )?(?:xac nhan|xac thuc|xac minh|xn|kich hoat|bao mat|bi mat|otp|pin)|pin|code|passcode|pass|password|cvv2?|cvc|"
    r"mat khau|matkhau|mk)"
)
# What tells that a number after such a word is none: "otp hết hạn sau 1000 giây", "mật khẩu 2000 đồng".
_NO_UNIT = r"(?![\d/%]|[ .\-]?\d| ?(?:phut|giay|ky tu|chu|so|lan|dong|ngay|thang|nam|tuoi|k|d|nghin|trieu)(?!\w))"
_CODE = r"\d(?:[ .\-]?\d){3,7}"
_OTP = rf"{_SECRET_WORD}{_TO_IT}{_NO_HOTLINE}(?P<it>{_CODE}){_NO_UNIT}"
# Further away any words may stand between, but none that speaks of a time, a phone or a place; and no year is meant.
_FAR = (
    r"(?:,? (?!(?:gui|sau|trong|nam|ngay|thang|phut|giay|den|tu|goi|tong dai|hotline|dau so|so may|toi so|nhan tin|muc|dieu|tai|phong|tang|"
    r"phi|toi thieu|toi da|it nhat|hon|duoi|tren|het|khoang|ma so|ho so|bien|xe)(?!\w))[a-z]+){1,6}"
)
_OTP_FAR = rf"{_SECRET_WORD}{_FAR}(?: ?[:=(\"'“]+ ?| ){_NO_HOTLINE}(?!(?:19|20)\d\d(?!\d))(?P<it>{_CODE}){_NO_UNIT}"
# The code before the word: "0819 là mã xác nhận", "mã 0128 (OTP ngân hàng)".
_OTP_BEFORE = rf"(?<![\w./\-])(?<!\d )(?P<it>{_CODE}) ?\(? ?(?:(?:day )?(?:chinh |dung )?la |vao (?:o |muc )?)?(?:cai )?(?:ma (?:xac nhan|xac thuc|pin)|(?:ma )?otp)(?!\w)(?! (?:la gi|gui))"
_PASSWORD_WORD = r"(?:mat khau|matkhau|mkhau|mk|password|passwd|passcode|pass|pw)(?![\w\-])"
_PASSWORD = re.compile(
    rf"(?<![\w\-]){_PASSWORD_WORD}{_TO_IT}(?P<after>[!-~]{{5,64}})(?!\w)|(?<!\S)(?P<before>[!-~]{{5,64}}) (?:la|vao (?:o |muc )?) ?{_PASSWORD_WORD}",
    re.IGNORECASE,
)
_SPECIAL = frozenset("@#$%&*_!+=^~")
_CLOSING = ".,?;:)\"'"
# What people have passwords for; no syllable is so long.
_SERVICES = re.compile(
    r"bank|facebook|dichvucong|internet|mobile|smart|google|e-?mail|wi-?fi|http|etax|samsung|dinhdanh|\.(?:vn|com)$",
    re.IGNORECASE,
)


def _passwords(_: str, shadow: str) -> Iterator[Span]:
    """Yield passwords after the words for them, or before "vào ô mật khẩu", closing punctuation left out."""
    for found in _PASSWORD.finditer(shadow):
        group = "after" if found["after"] else "before"
        word = found[group].rstrip(_CLOSING)
        if _is_password(word):
            yield Span(found.start(group), found.start(group) + len(word), "[mã bí mật]")


def _is_password(word: str) -> bool:
    """Tell a password from the next word of a question: digits among letters, signs, or longer than any syllable.

    "nghiêng" has seven letters and no Vietnamese syllable has more, so that eight letters in a row or with signs between
    them are no word.
    """
    letters, digits = sum(c.isalpha() for c in word), any(c.isdigit() for c in word)
    if (letters and digits) or _SPECIAL & set(word):
        return len(word) >= 5 and "://" not in word
    return letters >= 8 and not _SERVICES.search(word)


# A health insurance card: group, benefit level, province, then the ten digits of the social insurance number.
_INSURANCE_CARD = r"(?<![\w/])[a-z]{2}[ .\-]?[1-5][ .\-]?\d[ .\-]?\d(?:[ .\-]?\d){10}(?![ .\-]?\d)"
# A passport: one letter and seven or eight digits. Apart from its letter only in capitals or near the word.
_PASSPORT = r"(?<![\w/])[a-z][ \-]?\d(?:[ .]?\d){6,7}(?!\w| \d|[.\-]?\d)"
_PASSPORT_WORD = re.compile(r"ho chieu|passport|\bhc\b", re.IGNORECASE)


def _is_passport(_: str, found: re.Match[str]) -> bool:
    near = found.string[max(0, found.start() - 60) : found.end() + 60]
    solid = found[0][1:].strip(" -").isdigit()
    return (solid and (found[0][1] != " " or found[0][0].isupper())) or _PASSPORT_WORD.search(near) is not None


# A vehicle's plate: "00A-000.00", "00-F1 000.00", "00K-0000". Apart and without a dot only in capitals or after the word.
_PLATE = r"(?<![\w/.])\d{2}(?P<gap>[ .\-]?)[a-z]{1,2}\d?(?P<gap2> ?[.\-]? ?)(?:\d{3}(?P<dot>[. ]?)\d{2}|\d{4})(?![\w/]|[.,]?\d)"
_PLATE_WORD = re.compile(r"(?:\bxe|bien|bks|o to|wave)(?: \w+){0,4}[ :]*$", re.IGNORECASE)


def _is_plate(_: str, found: re.Match[str]) -> bool:
    if (
        found["dot"] == "."
        or found["gap2"] == "-"
        or (found["gap"] != " " and found["gap2"] == "" and len(found[0]) >= 7)
    ):
        return True
    before = found.string[max(0, found.start() - 30) : found.start()]
    return re.search(r"[A-Z]", found[0]) is not None or _PLATE_WORD.search(before) is not None


# Thousands in groups: "1.200.000.000"; two of them: "4.000.000 - 6.000.000".
_AMOUNT = r"(?<![\w.,+])[1-9]\d{0,2}(?P<sep>[.,])\d{3}(?:(?P=sep)\d{3})*(?![.,\-]?\d| ?[\-–] ?\d{1,2}(?!\d))"
# Looked up in the text itself: without marks "đóng" (to pay) is "đồng".
_UNIT = re.compile(
    r" ?(?:đồng(?! ý)|dong(?! y)|vnđ|vnd|đ|d|k|nghìn|nghin|ngàn|ngan|triệu|trieu|tr|tỷ|ty|tỉ|ti|usd)(?!\w)",
    re.IGNORECASE,
)
_MONEY_WORD = re.compile(
    r"(?:phi|gia|tien|luong|phat|nop|dong|vay|thu|muc|hon|den|tu|vnd|usd|khoang|thue|mat|het)(?: \w+){0,2} ?$",
    re.IGNORECASE,
)
_PAPER_WORD = re.compile(
    r"cccd|cmnd|cmt|chung minh|can cuoc|dinh danh|giay to|bhxh|bhyt|bao hiem|mst|ma so thue|sdt|dien thoai|zalo|lien he",
    re.IGNORECASE,
)
_ACCOUNT_WORD = re.compile(r"stk|\bso tk|so tai khoan|tai khoan so|\bacc\b", re.IGNORECASE)
_BANK_WORD = re.compile(r"\btk|tai khoan|bank|\b(?:vcb|bidv|tcb|mb|acb|vib|momo)\b", re.IGNORECASE)
# The label by the word before; the first that fits, else the label of the length.
_LABEL_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), lengths, label)
    for words, lengths, label in (
        ("bang lai|giay phep lai xe|gplx|so giay phep", {12}, "[số giấy phép lái xe]"),
        ("bhxh|bhyt|bao hiem|vssid", {10, 13, 15}, "[số bảo hiểm]"),
        ("mst|ma so thue|ma thue", {10, 13}, "[mã số thuế]"),
    )
)  # fmt: skip
_BREAK = re.compile(r"[\d,;?!\n\0]")
_SIGHT = 45


def _words_before(shadow: str, start: int) -> str:
    """Return what stands between the last number or break and `start`: the words that tell what follows."""
    return _BREAK.split(shadow[max(0, start - _SIGHT) : start])[-1]


def _is_amount(text: str, found: re.Match[str]) -> bool:
    before, after = _words_before(found.string, found.start()), text[found.end() : found.end() + 8]
    if _PAPER_WORD.search(before) or _ACCOUNT_WORD.search(before):
        return _UNIT.match(after) is not None
    return found[0].endswith("000") or _UNIT.match(after) is not None or _MONEY_WORD.search(before) is not None


# Digits with at most one sign and spaces between them; "(024) 0000 0000" and "+84 (0)900…" too.
_RUN = re.compile(r"\d+(?:(?:\) ?| ?\(0\) ?| ?[.\-–—_] ?| )\d+)*")
_GROUP = re.compile(r"\d+")
_SHORTEST, _LONGEST = 6, 19
# A number that offices gave out though it looks like anybody's: where spam calls are reported.
_OFFICES = frozenset({"0339035656"})
# Mobile, fixed and old 11-digit numbers, from home or abroad.
_PHONE = re.compile(r"(?:(?:00)?840?|0)(?:[35789]\d{8}|2\d{9})|01[2689]\d{8}")


@dataclass(frozen=True, slots=True)
class _Number:
    """Neighbouring groups of digits, and what stands before and after them."""

    groups: tuple[str, ...]
    before: str
    after: str

    @property
    def digits(self) -> str:
        return "".join(self.groups)

    @property
    def even(self) -> bool:
        """Whether the groups look like parts of one number, not like a list ("14 16 18 25 40 60")."""
        first = self.groups[0]
        return len(self.groups) == 1 or first[0] == "0" or all(len(group) >= 3 for group in self.groups)

    @property
    def public(self) -> bool:
        """Whether it is a hotline (1900…, 1800…, 069…), a list of years or an amount."""
        digits = self.digits
        hotline = (digits[:4] in {"1900", "1800"} and len(digits) in {8, 10}) or (
            digits[:3] == "069" and len(digits) == 10
        )
        years = len(self.groups) > 1 and all(re.fullmatch(r"(?:19|20)\d\d", group) for group in self.groups)
        amount = digits[0] != "0" and _UNIT.match(self.after) is not None and not _PAPER_WORD.search(self.before)
        return hotline or years or amount or digits in _OFFICES

    def label(self) -> str | None:
        """Return the label that it deserves, `PUBLIC` for a public one, None for neither."""
        digits, count = self.digits, len(self.digits)
        if _ACCOUNT_WORD.search(self.before) and not (digits[0] != "0" and _UNIT.match(self.after)):
            return "[số tài khoản]" if count >= 6 else None
        if count < 8:
            return "[số tài khoản]" if count >= 6 and digits[0] == "0" and _BANK_WORD.search(self.before) else None
        if self.public:
            return PUBLIC
        if self.before.endswith("+") or _PHONE.fullmatch(digits):
            return PHONE
        if not (self.even or _PAPER_WORD.search(self.before)):
            return None
        if _BANK_WORD.search(self.before):
            return "[số tài khoản]"
        return self._paper() if count >= 9 else None

    def _paper(self) -> str:
        digits, count = self.digits, len(self.digits)
        for word, lengths, label in _LABEL_WORDS:
            if count in lengths and word.search(self.before):
                return label
        if count == 12:
            return "[số căn cước]"
        return "[số thẻ]" if count in {16, 19} and luhn(digits) else "[số giấy tờ]"


def luhn(digits: str) -> bool:
    """Tell whether the last digit checks the others by Luhn's formula (ISO/IEC 7812-1): cards' numbers do."""
    doubled = [int(c) * (1 + n % 2) for n, c in enumerate(reversed(digits))]
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def _numbers(text: str, shadow: str) -> Iterator[Span]:
    """Yield numbers of papers, phones, accounts and cards, the longest that starts at each group of digits."""
    for run in _RUN.finditer(shadow):
        if run.end() - run.start() < _SHORTEST:
            continue
        groups = [m.span() for m in _GROUP.finditer(shadow, run.start(), run.end())]
        first = 0
        while first < len(groups):
            after, label = _longest(text, shadow, groups, first)
            if label is not None:
                yield Span(_with_sign(shadow, *groups[first], label), groups[after - 1][1], label)
            first = after


def _with_sign(shadow: str, start: int, end: int, label: str) -> int:
    """Return where a phone number starts that has its "+" or the "(" of its area code before it."""
    if label == PHONE:
        start -= start > 0 and shadow[start - 1] == "+"
        start -= start > 0 and shadow[start - 1] == "(" and shadow[end : end + 1] == ")"
    return start


def _longest(text: str, shadow: str, groups: list[Place], first: int) -> tuple[int, str | None]:
    """Return the index after the longest number that starts with group `first`, and its label; None if there is none."""
    start = groups[first][0]
    last, count = first, 0
    while last < len(groups) and (count := count + groups[last][1] - groups[last][0]) <= _LONGEST:
        last += 1
    if last == first:
        return first + 1, "[số giấy tờ]"
    # Only the first groups of a run have words before them.
    before = _words_before(shadow, start) if first == 0 or shadow[start - 1] == "+" else ""
    head = shadow[start : groups[first][1]]
    if len(head) < 3 and head[0] != "0" and head != "84" and not before:
        return first + 1, None
    for end in range(last, first, -1):
        texts = tuple(shadow[a:b] for a, b in groups[first:end])
        label = _Number(texts, before, text[groups[end - 1][1] : groups[end - 1][1] + 8]).label()
        if label is not None:
            return end, label
    return first + 1, None


_emails, _links = _by_pattern(_EMAIL, "[thư điện tử]"), _by_pattern(_LINK, PUBLIC)
_addresses, _names = _by_places(addresses, "[địa chỉ]"), _by_places(names, "[họ tên]")
# The order matters: an address may hold what looks like a date, an account what looks like a hotline.
_RECOGNISERS: tuple[Recogniser, ...] = (
    _emails,
    _passwords,
    _links,
    _by_pattern(_DOCUMENT, PUBLIC),
    _addresses,
    _by_pattern(_BORN, "[ngày sinh]"),
    _by_pattern(_BIRTHDAY, "[ngày sinh]"),
    _by_pattern(_BORN_BEFORE, "[ngày sinh]"),
    _by_pattern(_OTP, "[mã bí mật]"),
    _by_pattern(_OTP_FAR, "[mã bí mật]"),
    _by_pattern(_OTP_BEFORE, "[mã bí mật]"),
    _by_pattern(_INSURANCE_CARD, "[số bảo hiểm]"),
    _by_pattern(_PASSPORT, "[số hộ chiếu]", _is_passport),
    _by_pattern(_PLATE, "[biển số xe]", _is_plate),
    _by_pattern(_ANY_DATE, PUBLIC),
    _by_pattern(_DOTTED, PUBLIC),
    _by_pattern(_AMOUNT, PUBLIC, _is_amount),
    _numbers,
    _names,
)
# What may be found in a text without any digit, in the same order: most questions are such.
_WITHOUT_DIGITS: tuple[Recogniser, ...] = (_emails, _passwords, _links, _addresses, _names)
LABELS = frozenset(
    "[thư điện tử]|[mã bí mật]|[địa chỉ]|[ngày sinh]|[số bảo hiểm]|[số hộ chiếu]|[biển số xe]|[số tài khoản]|[số điện thoại]|"
    "[số căn cước]|[số giấy phép lái xe]|[mã số thuế]|[số thẻ]|[số giấy tờ]|[họ tên]".split("|")
)
