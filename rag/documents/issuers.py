"""Who issues documents in Vietnam, read from a letterhead or a number's letters, and for which province. No I/O."""

import re
from collections.abc import Iterable

from rag.text import fold, has_marks, syllables

# Before and after the mergers of 2025: older documents name provinces that are no more.
PROVINCES = (
    "An Giang", "Bà Rịa - Vũng Tàu", "Bắc Giang", "Bắc Kạn", "Bạc Liêu", "Bắc Ninh", "Bến Tre", "Bình Định", "Bình Dương", "Bình Phước",
    "Bình Thuận", "Cà Mau", "Cần Thơ", "Cao Bằng", "Đà Nẵng", "Đắk Lắk", "Đắk Nông", "Điện Biên", "Đồng Nai", "Đồng Tháp", "Gia Lai",
    "Hà Giang", "Hà Nam", "Hà Nội", "Hà Tĩnh", "Hải Dương", "Hải Phòng", "Hậu Giang", "Hòa Bình", "Hồ Chí Minh", "Hưng Yên", "Khánh Hòa",
    "Kiên Giang", "Kon Tum", "Lai Châu", "Lâm Đồng", "Lạng Sơn", "Lào Cai", "Long An", "Nam Định", "Nghệ An", "Ninh Bình", "Ninh Thuận",
    "Phú Thọ", "Phú Yên", "Quảng Bình", "Quảng Nam", "Quảng Ngãi", "Quảng Ninh", "Quảng Trị", "Sóc Trăng", "Sơn La", "Tây Ninh",
    "Thái Bình", "Thái Nguyên", "Thanh Hóa", "Thừa Thiên Huế", "Huế", "Tiền Giang", "Trà Vinh", "Tuyên Quang", "Vĩnh Long", "Vĩnh Phúc",
    "Yên Bái",
)  # fmt: skip
# What people call some of them.
_CALLED = ("Sài Gòn", "HCM", "Vũng Tàu")
_KIND_OF_PLACE = re.compile(r"^(?:tỉnh|thành phố|thị xã|huyện|quận|phường|xã|thị trấn|đặc khu) ", re.IGNORECASE)
# The letters at the end of numbers; "TTg" as printed.
_OF_LETTERS = {
    "CP": "Chính phủ", "TTg": "Thủ tướng Chính phủ", "UBTVQH": "Ủy ban Thường vụ Quốc hội", "CTN": "Chủ tịch nước",
    "BCA": "Bộ Công an", "BQP": "Bộ Quốc phòng", "BTC": "Bộ Tài chính", "BTP": "Bộ Tư pháp", "BNV": "Bộ Nội vụ", "BYT": "Bộ Y tế",
    "BGDĐT": "Bộ Giáo dục và Đào tạo", "BKHCN": "Bộ Khoa học và Công nghệ", "BTTTT": "Bộ Thông tin và Truyền thông",
    "BGTVT": "Bộ Giao thông vận tải", "BXD": "Bộ Xây dựng", "BCT": "Bộ Công Thương", "BNG": "Bộ Ngoại giao",
    "BLĐTBXH": "Bộ Lao động - Thương binh và Xã hội", "BTNMT": "Bộ Tài nguyên và Môi trường",
    "BNNPTNT": "Bộ Nông nghiệp và Phát triển nông thôn", "BNNMT": "Bộ Nông nghiệp và Môi trường",
    "BVHTTDL": "Bộ Văn hóa, Thể thao và Du lịch", "BKHĐT": "Bộ Kế hoạch và Đầu tư", "BDTTG": "Bộ Dân tộc và Tôn giáo",
    "NHNN": "Ngân hàng Nhà nước Việt Nam", "BHXH": "Bảo hiểm xã hội Việt Nam", "TANDTC": "Tòa án nhân dân tối cao",
    "VKSNDTC": "Viện kiểm sát nhân dân tối cao", "KTNN": "Kiểm toán nhà nước", "TTCP": "Thanh tra Chính phủ",
    "VPCP": "Văn phòng Chính phủ", "UBDT": "Ủy ban Dân tộc", "UBND": "Ủy ban nhân dân", "HĐND": "Hội đồng nhân dân",
}  # fmt: skip
_PARLIAMENT = re.compile(r"QH\d{0,2}$")
_PROPER = {fold(name): name for name in (*_OF_LETTERS.values(), *PROVINCES, "Việt Nam", "Quốc hội", "Quân đội")}
_PROPER_WORDS = re.compile(
    "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(_PROPER, key=len, reverse=True))
)
_BODIES = re.compile(
    r"(?:QUỐC HỘI|CHÍNH PHỦ|THỦ TƯỚNG|CHỦ TỊCH NƯỚC|[ỦU][YỶ] ?BAN|UBND|HĐND|HỘI ĐỒNG|BỘ|SỞ|CÔNG AN|TỔNG CỤC|CỤC|NGÂN HÀNG|BẢO HIỂM|TÒA ÁN|"
    r"VIỆN|KIỂM TOÁN|THANH TRA|VĂN PHÒNG|BAN|TỔNG LIÊN ĐOÀN|CHI CỤC|PHÒNG|THUẾ|KHO BẠC)(?!\w)"
)
_SPOKEN = re.compile(r"\w*[AEIOUYÀ-Ỹ]\w*")  # "QLHC" has no vowel and stays
_HEADED = re.compile(r"(?<!\w)(Bộ|Sở|Cục|Chi cục|Tổng cục|Vụ|Ban|Viện|Phòng|Văn phòng) (\w)")
_PLACE = re.compile(
    r"(?<!\w)(?:tỉnh|thành phố|thị xã|huyện|quận|phường|xã(?! hội)|thị trấn|đặc khu) ((?:[^\W\d]+ ?){1,5})"
)
_LOCAL = re.compile(
    r"(?:ủy ban nhân dân|hội đồng nhân dân|sở|phòng|công an (?:tỉnh|thành phố|xã|phường)|chi cục|ban quản lý)(?!\w)",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"hội đồng nhân dân và|cấp tỉnh", re.IGNORECASE)
_SHORT = {
    "UBND": "ỦY BAN NHÂN DÂN",
    "HĐND": "HỘI ĐỒNG NHÂN DÂN",
    "UỶ BAN": "ỦY BAN",
    "TP.": "THÀNH PHỐ ",
    "TP ": "THÀNH PHỐ ",
}


def place_name(territory: str) -> str:
    """Return what people call a place: "thành phố Hạ Long" → "Hạ Long"."""
    return _KIND_OF_PLACE.sub("", territory)


def is_elsewhere(question: str, territory: str) -> bool:
    """Tell whether a question names a province and not this place: what holds in one place is no answer about another."""
    marked = has_marks(question)
    asked = _spaced(question, marked)
    named = [name for name in (*PROVINCES, *_CALLED) if _spaced(name, marked) in asked]
    return bool(named) and not any(_spaced(name, marked) in asked for name in (place_name(territory), territory))


def _spaced(text: str, marked: bool) -> str:
    return f" {' '.join(syllables(text if marked else fold(text)))} "


def issuer_of(lines: Iterable[str], number: str) -> str:
    """Return the issuer: the last body that the lines above the number name, else the one of the number's letters.

    "ỦY BAN NHÂN DÂN", "TỈNH QUẢNG NINH" → "Ủy ban nhân dân tỉnh Quảng Ninh"; below a province's committee, a department's
    name gets the province: "Sở Y tế tỉnh Quảng Ninh".
    """
    bodies: list[str] = []
    for line in lines:
        for short, long in _SHORT.items():
            line = line.replace(short, long)
        line = line.strip(" -_*.:")
        if _BODIES.match(line):
            bodies.append(line)
        elif bodies:
            bodies[-1] = f"{bodies[-1]} {line}"
    if not bodies:
        return _of_letters(number)
    own = cased(bodies[-1])
    above = _PLACE.search(cased(bodies[-2])) if len(bodies) > 1 else None
    return f"{own} {above.group()}" if above and _LOCAL.match(own) and not _PLACE.search(own) else own


def _of_letters(number: str) -> str:
    if _PARLIAMENT.search(number):
        return _OF_LETTERS["UBTVQH"] if "UBTVQH" in number else "Quốc hội"
    return next((_OF_LETTERS[part] for part in reversed(re.split(r"[-/\d]+", number)) if part in _OF_LETTERS), "")


def cased(capitals: str) -> str:
    """Write a line of capitals as names are written: "BỘ CÔNG AN" → "Bộ Công an"."""
    text = _SPOKEN.sub(lambda m: m.group().lower(), capitals[:400])
    text = _PLACE.sub(lambda m: m.group()[: m.start(1) - m.start()] + m[1].title(), text)
    text = text[:1].upper() + text[1:]
    text = _HEADED.sub(lambda m: f"{m[1]} {m[2].upper()}", text)
    folded = fold(text)  # of the same length: one letter for one
    for match in _PROPER_WORDS.finditer(folded):
        name = _PROPER[match.group()]
        if name.lower() == text[match.start() : match.end()].lower():
            text = text[: match.start()] + name + text[match.end() :]
    return text[:1].upper() + text[1:]


def territory_of(issuer: str, head: str) -> str:
    """Return the province that a local issuer is of, "" for an issuer of the whole country."""
    if not _LOCAL.match(issuer):
        return ""
    for text in (issuer, head):
        named = [m for m in _PROPER_WORDS.finditer(fold(text[:2000])) if _PROPER[m.group()] in PROVINCES]
        if named:
            return _PROPER[named[0].group()]
    place = _PLACE.search(issuer)
    return place.group() if place else ""
