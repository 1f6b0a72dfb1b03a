"""How a voice says a Vietnamese text: numbers, dates, codes, abbreviations, addresses and signs in words. Nothing here does I/O.

`spoken` writes for the ear what `rag.atoms` compares by value: "Nộp 115.000 đồng trước 01/7/2026" becomes "Nộp một trăm mười lăm
nghìn đồng trước ngày một tháng bảy năm hai nghìn không trăm hai mươi sáu". What stands in words already stays as it is. Its limit:
it reads by the shape of a word and its neighbours, so that "1/7" without any is a day, and an unknown abbreviation is spelt.
"""

import re
from collections.abc import Callable, Mapping

from rag.text import clean, fold

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_LETTERS = {
    "a": "a", "ă": "á", "â": "ớ", "b": "bê", "c": "xê", "d": "dê", "đ": "đê", "e": "e", "ê": "ê", "f": "ép", "g": "gờ", "h": "hát",
    "i": "i", "j": "gi", "k": "ca", "l": "lờ", "m": "mờ", "n": "nờ", "o": "o", "ô": "ô", "ơ": "ơ", "p": "pê", "q": "quy", "r": "rờ",
    "s": "ét-xì", "t": "tê", "u": "u", "ư": "ư", "v": "vê", "w": "vê-kép", "x": "ích-xì", "y": "i-dài", "z": "dét",
}  # fmt: skip
# Abbreviations that everybody says in full. A caller's own come first.
_FULL = {
    "CCCD": "căn cước công dân", "CMND": "chứng minh nhân dân", "BHYT": "bảo hiểm y tế", "BHXH": "bảo hiểm xã hội",
    "BHTN": "bảo hiểm thất nghiệp", "UBND": "ủy ban nhân dân", "HĐND": "hội đồng nhân dân", "CSGT": "cảnh sát giao thông",
    "ANTT": "an ninh trật tự", "TTXH": "trật tự xã hội", "QLHC": "quản lý hành chính", "PAKN": "phản ánh, kiến nghị",
    "THPT": "trung học phổ thông", "THCS": "trung học cơ sở", "GPLX": "giấy phép lái xe", "LLTP": "lý lịch tư pháp",
    "TP.HCM": "thành phố Hồ Chí Minh", "TPHCM": "thành phố Hồ Chí Minh", "TP": "thành phố", "TP.": "thành phố", "TX.": "thị xã",
    "VNĐ": "đồng", "VND": "đồng", "USD": "đô la", "MB": "mê ga bai", "GB": "gi ga bai", "KB": "ki lô bai", "km": "ki lô mét",
    "kg": "ki lô gam", "cm": "xen ti mét", "mm": "mi li mét", "m2": "mét vuông", "m²": "mét vuông", "m3": "mét khối",
    "m³": "mét khối", "km2": "ki lô mét vuông",
}  # fmt: skip
# Names and borrowed abbreviations as people say them; the letters' names would give another sound.
_NAMES = {
    "AI": "ây ai", "OTP": "ô tê pê", "QR": "quy rờ", "VietQR": "việt quy rờ", "ID": "ai đi", "VNeID": "vê nờ e ai đi",
    "VssID": "vê ét ét ai đi", "SMS": "ét mờ ét", "ATM": "a tê mờ", "NFC": "nờ ép xê", "PDF": "pê đê ép", "JPG": "gi pê gờ",
    "USB": "u ét bê", "ADN": "a đê nờ", "APK": "a pê ca", "IP": "i pê", "CVV": "xê vê vê", "ADB": "a đê bê", "VOV": "vê ô vê",
    "VNPT": "vê nờ pê tê", "BIDV": "bê i đê vê", "SIMO": "si mô", "NAPAS": "na pát", "VISTIP": "vít típ", "VINAPHONE": "vi na phôn",
    "VinaPhone": "vi na phôn", "MobiFone": "mô bi phôn", "VNeTraffic": "vê nờ e trá phích", "nTrust": "en trớt",
    "iPhone": "ai phôn", "iOS": "ai ô ét", "ChatGPT": "chát gi pi ti", "CafeF": "ca phê ép", "VnExpress": "vi en ếch pét",
    "VietNamNet": "việt nam nét", "VietinBank": "việt tin banh", "ViettelPay": "viết teo pây", "ZaloPay": "da lô pây",
    "YouTube": "diu túp", "TikTok": "tích tóc", "GreenDoctor": "gờ rin đóc tờ", "LawNet": "lo nét", "VietBao": "việt báo",
    "VietTimes": "việt thai", "VietnamFinance": "việt nam phai nan",
}  # fmt: skip
# Borrowed words that a Vietnamese reader of letters would get wrong, in any case of letters.
_LOANS = {
    "app store": "áp sờ to", "ch play": "xê hát pờ lây", "google play": "gu gồ pờ lây", "face id": "phây ai đi", "etax mobile": "i tắc mô bai",
    "mobile money": "mô bai măn ni", "app": "áp", "sim": "sim", "pin": "pin", "zalo": "da lô", "facebook": "phây búc", "google": "gu gồ",
    "android": "an đờ roi", "internet": "in tơ nét", "email": "i meo", "gmail": "gi meo", "website": "oép sai", "web": "oép",
    "wifi": "oai phai", "wi-fi": "oai phai", "online": "on lai", "passcode": "pát cốt", "deepfake": "đíp phây", "etax": "i tắc",
    "vneid": "vê nờ e ai đi", "vssid": "vê ét ét ai đi", "file": "phai", "fax": "phách", "smartphone": "xờ mát phôn",
}  # fmt: skip
# What stands in web addresses in one word.
_LABELS = {
    "dichvucong": "dịch vụ công", "bocongan": "bộ công an", "congan": "công an", "baohiemxahoi": "bảo hiểm xã hội", "csgt": "cảnh sát giao thông",
    "dancuquocgia": "dân cư quốc gia", "tinnhiemmang": "tín nhiệm mạng", "khonggianmang": "không gian mạng", "binhdanhocvuso": "bình dân học vụ số",
    "tongdai": "tổng đài", "chinhphu": "chính phủ", "thongbaorac": "thông báo rác", "dinhdanhdientu": "định danh điện tử", "luyenai": "luyện ây ai",
    "tentinhthanh": "tên tỉnh thành", "quantridvc": "quản trị dịch vụ công", "gplx": "giấy phép lái xe", "dvc": "dịch vụ công", "mps": "mờ pê ét",
    "ais": "a i ét", "ww": "vê-kép vê-kép", "suckhoe": "sức khỏe", "hochieu": "hộ chiếu", "thuedientu": "thuế điện tử", "gdt": "gờ đê tê",
}  # fmt: skip
_KINDS = {
    "NĐ": "nghị định", "TT": "thông tư", "TTLT": "thông tư liên tịch", "QĐ": "quyết định", "NQ": "nghị quyết", "CT": "chỉ thị",
    "KH": "kế hoạch", "TB": "thông báo", "HD": "hướng dẫn", "CV": "công văn", "VBHN": "văn bản hợp nhất",
}  # fmt: skip
_BODIES = {
    "CP": "chính phủ", "TTg": "thủ tướng", "TW": "trung ương", "BCĐTW": "ban chỉ đạo trung ương", "VPCP": "văn phòng chính phủ",
    "BCA": "bộ công an", "BTC": "bộ tài chính", "BYT": "bộ y tế", "BTP": "bộ tư pháp", "BNV": "bộ nội vụ", "BXD": "bộ xây dựng",
    "BGTVT": "bộ giao thông vận tải", "BGDĐT": "bộ giáo dục và đào tạo", "BKHCN": "bộ khoa học và công nghệ",
    "BTTTT": "bộ thông tin và truyền thông", "NHNN": "ngân hàng nhà nước", "UBND": "ủy ban nhân dân", "HĐND": "hội đồng nhân dân",
    "BHXH": "bảo hiểm xã hội",
}  # fmt: skip
_UNITS = {
    "km/h": "ki lô mét một giờ", "kWh": "ki lô oát giờ", "ml": "mi li lít", "ha": "héc ta", "°C": "độ xê", "m": "mét", "g": "gam",
    "l": "lít", "đ": "đồng", "k": "nghìn", "tr": "triệu", "%": "phần trăm", "$": "đô la",
    **{short: _FULL[short] for short in (
        "km2", "km", "kg", "cm", "mm", "m2", "m²", "m3", "m³", "GB", "MB", "KB", "VNĐ", "VND", "USD",
    )},
}  # fmt: skip
_COUNTED = (
    "đồng|nghìn|ngàn|triệu|tỷ|tỉ|ngày|giờ|tháng|năm|tuần|phút|giây|tuổi|lần|người|bước|ký tự|chữ số|thẻ|phiếu|bản|ảnh|trang|điểm|"
    "chiều|nhóm|thủ tục|dịch vụ|xã|phường|tỉnh|lớp|đại biểu|hoạt động|trường hợp|hộ|xe|đơn vị|câu|bài|phần|số người|diện tích"
)
_PER = "ngày|tháng|năm|tuần|giờ|phút|lần|người|bản|trang|giấy|hồ sơ|thẻ|sản phẩm|trường hợp|giao dịch|tin|xe"
_DOCUMENT_WORDS = "nghị định|thông tư|nghị quyết|quyết định|chỉ thị|pháp lệnh|luật|công văn|kế hoạch|hướng dẫn"
_DAY_WORDS = r"ngày|từ|đến|tới|trước|sau|hôm|sáng|chiều|tối|trưa|đêm|hạn|tết|và|lúc|vào|là"
# Numbers that people dial or look for digit by digit; without a unit behind them they are no counts.
_DIALLED = frozenset("111 112 113 114 115 156 247 1022 1900 1800".split())
_GROUPS = {7: (3, 4), 8: (4, 4), 10: (4, 3, 3), 11: (4, 3, 4)}

# A number as Vietnam writes it: dots part thousands, a comma the decimals.
_NUMBER = r"(?:[0-9]{1,3}(?:\.[0-9]{3})+(?![0-9])|[0-9]+)(?:,[0-9]+)?"
_YEAR = r"(?:19|20)[0-9]{2}"
# Signs that go can bring others together ("./."); no text of a long search needed more than three rounds.
_ROUNDS = 6
_APART = r"(?<![\w.,/])"


def spoken(text: str, full: Mapping[str, str] | None = None) -> str:
    """Return cleaned `text` as a voice should say it; what needs nothing comes back unchanged. Idempotent.

    `full` has abbreviations of the caller with their full words ("UBND" → "ủy ban nhân dân"), see `full_words`. Citation marks
    such as [1] and quotation marks are left out.
    """
    text, rules = clean(text), (*_SHAPES, _abbreviations(full) if full else _ABBREVIATIONS, *_SIGNS)
    for _ in range(_ROUNDS):
        said = text
        for pattern, say in rules:
            said = pattern.sub(say, said)
        if said == text:
            break
        text = _tidy(said)
    return text


def full_words(meanings: Mapping[str, str]) -> dict[str, str]:
    """Return the abbreviations in capitals among `meanings` that are the initials of the words they stand for.

    {"CMND": "chứng minh nhân dân, loại giấy tờ cũ"} → {"CMND": "chứng minh nhân dân"}.
    """
    found = {}
    for short, meaning in meanings.items():
        words = re.findall(r"\w+", meaning)[: len(short)]
        if short.isupper() and [word[0] for word in words] == list(short.lower()):
            found[short] = " ".join(words)
    return found


def number_words(number: int, after: bool = False) -> str:
    """Return a whole number from 0 in words: 2026 → "hai nghìn không trăm hai mươi sáu".

    `after` tells that it follows a greater part of the same number, so that its hundreds are said even when there are none.
    """
    for scale, name in ((10**9, "tỷ"), (10**6, "triệu"), (10**3, "nghìn")):
        if number >= scale:
            head, rest = divmod(number, scale)
            return f"{number_words(head, after)} {name}" + (f" {number_words(rest, after=True)}" if rest else "")
    return _hundreds(number) if after or number > 99 else _tens(number)


def _hundreds(number: int) -> str:
    """Return a number below 1000 with its hundreds, also when there are none: 5 → "không trăm linh năm"."""
    hundreds, rest = divmod(number, 100)
    return f"{_DIGITS[hundreds]} trăm" + (
        f" {'linh ' if rest < 10 else ''}{_tens(rest, after=rest < 10)}" if rest else ""
    )


def _tens(number: int, after: bool = False) -> str:
    """Return a number below 100; `after` tells that it follows "linh", where 4 is "tư"."""
    tens, ones = divmod(number, 10)
    if not tens:
        return "tư" if after and ones == 4 else _DIGITS[ones]
    if not ones:
        return "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    last = {5: "lăm", **({1: "mốt", 4: "tư"} if tens > 1 else {})}.get(ones, _DIGITS[ones])
    return f"mười {last}" if tens == 1 else f"{_DIGITS[tens]} mươi {last}"


def _digits(run: str) -> str:
    """Return digits one by one, in the groups in which people say them: "0339035656" → 4, 3, 3."""
    sizes = _GROUPS.get(len(run), (3,) * (len(run) // 3 + 1) if len(run) > 4 else (len(run),))
    if len(run) == 11 and run.startswith("02"):
        sizes = (3, 4, 4)
    groups, at = [], 0
    for size in sizes:
        groups.append(" ".join(_DIGITS[int(c)] for c in run[at : at + size]))
        at += size
    return ", ".join(filter(None, groups))


def _phone(match: re.Match[str]) -> str:
    written = match.group().replace("(", "").replace(")", " ").strip()
    plus = "cộng " if written.startswith("+") else ""
    groups = re.findall(r"[0-9]+", written)
    return " " * match.group().startswith(" ") + plus + ", ".join(map(_digits, groups))


def _decimal(written: str) -> str:
    """Return a number as it is written in Vietnam: "1.500" → "một nghìn năm trăm", "0,05" → "không phẩy không năm"."""
    whole, _, part = written.replace(".", "").partition(",")
    said = number_words(int(whole)) if len(whole) <= 15 else _digits(whole)
    if not part:
        return said
    return f"{said} phẩy {number_words(int(part)) if len(part) < 3 and part[0] != '0' else _one_by_one(part)}"


def _one_by_one(run: str) -> str:
    return " ".join(_DIGITS[int(c)] for c in run)


def _ordinal(number: int) -> str:
    """Return a number of a month, weekday or quarter: 4 is "tư"."""
    return "tư" if number == 4 else number_words(number)


def _before(match: re.Match[str], words: str) -> bool:
    """Tell whether one of `words` (a pattern) stands right before the match."""
    return bool(
        re.search(
            rf"(?<!\w)(?:{words})\s?\(?$", match.string[max(0, match.start() - 30) : match.start()], re.IGNORECASE
        )
    )


def _after(match: re.Match[str], words: str) -> bool:
    """Tell whether one of `words` (a pattern) stands right behind the match."""
    return bool(re.match(rf"\s(?:{words})(?!\w)", match.string[match.end() : match.end() + 30], re.IGNORECASE))


def _address(match: re.Match[str]) -> str:
    """Say a mail or web address: its host or name alone, dots as "chấm"."""
    name, at, host = match.group().rpartition("@")
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", host, flags=re.IGNORECASE).partition("/")[0]
    rest = re.search(r"[.,;:!?…]*$", match.group())[0]  # type: ignore[index]
    said = " chấm ".join(map(_label, filter(None, host.rstrip(".,;:!?…").split("."))))
    return (f"{' chấm '.join(map(_label, filter(None, name.split('.'))))} a còng " if at else "") + said + rest


def _label(label: str) -> str:
    """Say one part of an address: "dvc4" → "dịch vụ công bốn"; a hyphen is said, since false addresses live by it."""
    return " ".join(map(_label_run, re.findall(r"[0-9]+|[^\W\d_]+|-", label.lower())))


def _label_run(run: str) -> str:
    if run[0] in "0123456789":
        return _one_by_one(run)
    return "gạch ngang" if run == "-" else _LABELS.get(run) or _LOANS.get(run, run)


def _document(match: re.Match[str]) -> str:
    """Say the number of a document: "59/2019/NĐ-CP" → "năm mươi chín năm hai nghìn không trăm mười chín của chính phủ"."""
    said = " chấm ".join(number_words(int(run)) for run in match["number"].split("."))
    said += f" năm {number_words(int(match['year']))}" if match["year"] else ""
    before = match.string[max(0, match.start() - 40) : match.start()].lower()
    for part in re.findall(r"\w+", match["tail"] or ""):
        if part in _KINDS:
            said += "" if _KINDS[part] in before else f", {_KINDS[part]}"
        elif part in _BODIES:
            said += f" của {_BODIES[part]}"
        elif parliament := re.fullmatch(r"QH([0-9]{1,2})", part):
            said += f" của quốc hội khóa {number_words(int(parliament[1]))}"
        else:
            said += f", {_FULL.get(part) or _code_words(part)}"
    return said


def _number_of_year(match: re.Match[str]) -> str:
    """Say "144/2021": a document's number, or the month and year that it can be."""
    month, year = int(match[1]), number_words(int(match[2]))
    if not 1 <= month <= 12 or _before(match, rf"(?:{_DOCUMENT_WORDS})(?: số)?"):
        return f"{number_words(month)} năm {year}"
    return f"{'' if _before(match, 'tháng') else 'tháng '}{_ordinal(month)} năm {year}"


def _date(match: re.Match[str]) -> str:
    year, month, day = (
        match["iso"].split("-") if match["iso"] else match["date"].replace("-", "/").replace(".", "/").split("/")[::-1]
    )
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return ", ".join(number_words(int(run)) for run in re.findall("[0-9]+", match.group()))
    return f"{_day_and_month(match, int(day), int(month))} năm {number_words(int(year))}"


def _day_and_month(match: re.Match[str], day: int, month: int) -> str:
    return f"{'' if _before(match, 'ngày|hôm|mùng') else 'ngày '}{number_words(day)} tháng {_ordinal(month)}"


def _slashed(match: re.Match[str]) -> str:
    """Say "1/7": a day, unless it is counted or everybody knows it as a part ("3/4 số người", "24/7")."""
    first, second = int(match[1]), int(match[2])
    dated = _before(match, _DAY_WORDS) and not _after(match, _COUNTED)
    if (
        not dated
        and 0 < first < second <= 10
        and (_after(match, _COUNTED) or (first, second) in {(1, 2), (1, 3), (2, 3), (1, 4), (3, 4)})
    ):
        return f"{number_words(first)} phần {_ordinal(second)}"
    is_day = 1 <= first <= 31 and 1 <= second <= 12 and (first, second) != (24, 7) and not _after(match, _COUNTED)
    if is_day or (dated and (first, second) == (24, 7)):
        return _day_and_month(match, first, second)
    return f"{number_words(first)} trên {number_words(second)}"


def _time(match: re.Match[str]) -> str:
    minutes = int(match["minutes"] or 0)
    short = " phút" if 0 < minutes < 10 and not _after(match, "phút") else ""
    return f"{number_words(int(match['hours']))} giờ" + (f" {number_words(minutes)}{short}" if minutes else "")


def _quantity(match: re.Match[str]) -> str:
    """Say a number with its unit; one that people dial or type is said digit by digit."""
    written, unit = match["number"], match["unit"]
    if not unit and _is_code(match, written):
        said = _digits(written)
    elif re.fullmatch("0?1", written) and _before(match, "thứ"):
        said = "nhất"
    else:
        said = "tư" if re.fullmatch("0?4", written) and _before(match, "thứ|tháng|quý") else _decimal(written)
    return _apart(match, f"{said} {_UNITS[unit]}" if unit else said)


def _apart(match: re.Match[str], said: str) -> str:
    """Keep words from growing together where digits and letters touch."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return " " * before.isalnum() + said + " " * after.isalnum()


def _is_code(match: re.Match[str], written: str) -> bool:
    if (
        not written.isdigit()
        or _after(match, _COUNTED)
        or _before(match, rf"điều|trang|năm|(?:{_DOCUMENT_WORDS})(?: số)?")
    ):
        return False
    if re.fullmatch(_YEAR, written):
        return written in _DIALLED and _before(match, "đầu số|tổng đài|gọi|số")
    return written in _DIALLED or len(written) > 3 or (len(written) == 3 and written[0] == "0")


def _roman(match: re.Match[str]) -> str:
    values: list[int] = [{"I": 1, "V": 5, "X": 10}[c] for c in match["roman"]]
    number = sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
    return (match["word"] or "") + (
        _ordinal(number) if (match["word"] or "").lower().startswith("quý") else number_words(number)
    )


def _code(match: re.Match[str]) -> str:
    return _FULL.get(match.group()) or _code_words(match.group())


def _code_words(code: str) -> str:
    """Say letters and digits that stand together: "CT01" → "xê tê không một", "TK1-TS" → "tê ca một tê ét-xì"."""
    return " ".join(map(_code_run, re.findall(r"[0-9]+|[^\W\d_]+", code)))


def _code_run(run: str) -> str:
    if run[0] in "0123456789":
        return number_words(int(run)) if len(run) < 3 and run[0] != "0" else _one_by_one(run)
    if run in _NAMES or run.lower() in _LOANS:
        return _NAMES.get(run) or _LOANS[run.lower()]
    return _spelt(run) if run.isupper() or len(run) == 1 else run


def _spelt(letters: str) -> str:
    return " ".join(_LETTERS.get(c, c) for c in letters.lower())


def _abbreviations(full: Mapping[str, str]) -> _Rule:
    """Return the pattern of words that are not said as they are written, and what says them."""
    exact = {**_NAMES, **_FULL, **full}
    words = "|".join(map(re.escape, sorted(filter(None, (*exact, *_LOANS)), key=len, reverse=True)))
    pattern = rf"(?<!\w)(?:(?i:{words})(?!\w)|[A-ZĐ]+(?!\w))"

    def say(match: re.Match[str]) -> str:
        word = match.group()
        if word in exact or word.lower() in _LOANS:
            return exact.get(word) or _LOANS[word.lower()]
        return _capitals(match) if re.fullmatch("[A-ZĐ]+", word) else word

    return re.compile(pattern), say


def _capitals(match: re.Match[str]) -> str:
    """Spell an abbreviation; a word of a heading in capitals and a vowel that stands alone stay."""
    word = match.group()
    before = re.search(r"(?:^| )(\w+) $", match.string[max(0, match.start() - 12) : match.start()])
    after = re.match(r" (\w+)", match.string[match.end() : match.end() + 12])
    heading = any(other and _is_heading(other[1]) for other in (before, after))
    return word if heading or word in "AEIOUY" else _spelt(word)


def _is_heading(word: str) -> bool:
    """Tell whether a word is written in capitals and has a Vietnamese vowel: no abbreviation."""
    return len(word) > 1 and word.isupper() and fold(word) != word.lower().replace("đ", "d")


def _dotted(match: re.Match[str]) -> str:
    """Say the number of a version: "2.2.6" → "hai chấm hai chấm sáu"; thousands stay for `_quantity`."""
    if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+", match.group()):
        return match.group()
    return _apart(
        match, " chấm ".join(_one_by_one(run) if run[0] == "0" else _decimal(run) for run in match.group().split("."))
    )


def _repeated(match: re.Match[str]) -> str:
    """Leave out what is said again in brackets: "bảo hiểm y tế (BHYT)"."""
    before = match.string[max(0, match.start() - len(match[1]) - 1) : match.start()]
    return "" if re.fullmatch(rf"(?i:\W?{re.escape(match[1])})", before) else match.group()


def _keys(match: re.Match[str]) -> str:
    return " ".join({"*": "sao", "#": "thăng"}.get(c) or _DIGITS[int(c)] for c in match.group())


def _rules(*rows: tuple[str, str | Callable[[re.Match[str]], str]]) -> tuple[_Rule, ...]:
    return tuple((re.compile(pattern), say) for pattern, say in rows)


# In this order: what is longer comes before what could be a part of it.
_SHAPES = _rules(
    (r" ?\[[0-9]+\]", ""),
    (r"(?:^|(?<=[\s“\"(]))\.(?=[A-Z]{3}(?!\w))", ""),
    (r"(?:^|(?<=[\s“\"(]))\.(?=[a-z0-9])", "chấm "),
    (r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
    (r"(?i:https?://[^\s<>\"'“”()\[\]]+|(?<![\w.@-])(?:[a-z0-9-]+\.)+(?:vn|com|org|net|info|gle|edu)(?![\w-])(?:/[^\s<>\"'“”()\[\]]*)?)", _address),
    (r"\*[0-9][0-9*]*#", _keys),
    (r"(?:(?<=[0-9%])|(?<=[0-9][hđ]))(?: ?[–—] ?| - )(?=[0-9])", " đến "),
    (rf"(?<![\w/,])(?P<number>[0-9]{{1,5}}(?:\.[0-9]{{1,2}})?)(?:/(?P<year>{_YEAR}))?[/-](?P<tail>(?:[A-ZĐ]{{2,}}[0-9]*|TTg)(?:[-/](?:[A-ZĐ]+[0-9]*|TTg))*)(?![\w-])", _document),
    (r"/ ?(km2|m2|m²|m3|m³|kg|km|cm)(?!\w)", lambda match: f" một {_FULL[match[1]]}"),
    (rf"(?:(?<=đồng)|(?<=[0-9]đ))/(?=\w)|/(?=(?:{_PER})(?!\w))", " một "),
    (r"(?<![\w.-])(?=[A-Za-zĐđ]+[0-9])[A-Za-zĐđ0-9]+(?:-[A-Za-zĐđ0-9]+)*(?!\w)", _code),
    (rf"(?<![\w.,/-])(?:(?P<iso>{_YEAR}-[0-9]{{2}}-[0-9]{{2}})(?![\w-])|(?P<date>[0-9]{{1,2}}([/.-])[0-9]{{1,2}}\3[0-9]{{4}})(?![\w/]))", _date),
    (rf"{_APART}([0-9]{{1,5}})/({_YEAR})(?![\w/])", _number_of_year),
    (r"(?<![\w.,])(?:\+84|\(0[0-9]{1,3}\)|0)(?:[ .-]?[0-9]){7,10}(?!\w)|(?<![\w.,])1[89]00(?:[ .]?[0-9]){4,6}(?!\w)", _phone),
    (r"(?:(?<=[0-9%])|(?<=[0-9][hđ]))-(?=[0-9]|ngày |tháng )", " đến "),
    (r"(?<![\w.,:/])(?P<hours>[01]?[0-9]|2[0-4])(?: ?h ?| ?g ?(?=[0-5][0-9])|:(?=[0-5][0-9]))(?P<minutes>[0-5][0-9])?(?::[0-5][0-9])?(?![\w:])", _time),
    (rf"{_APART}([0-9]{{1,2}})/([0-9]{{1,2}})(?![\w/]|[.,][0-9])", _slashed),
    (rf"{_APART}([0-9]{{1,3}})/(?=[0-9]{{1,3}}(?![\w/]|[.,][0-9]))", r"\1 trên "),
    (r"(?<=[0-9]) ?[x×] ?(?=[0-9])", " nhân "),
    (r"(?<=[^\W\d_])-(?=[0-9])|(?<=[0-9])-(?=[^\W\d_])", " "),
    (r"(?<![0-9])[0-9]+(?:\.[0-9]+)+", _dotted),
    (rf"(?P<number>{_NUMBER})(?: ?(?P<unit>{'|'.join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))})(?!\w))?", _quantity),
    (r"(?P<word>(?<!\w)(?i:thế kỷ|quý|chương|phụ lục|phần|mục|khu vực|loại|cấp|khóa|lần thứ|kỳ|vùng) )(?P<roman>X{0,3}(?:IX|IV|VI{0,3}|I{1,3})|X{1,3})(?!\w)", _roman),
    (r"(?P<word>)(?<!\w)(?P<roman>X{0,3}(?:IX|IV|VI{1,3}|I{2,3})|X{2,3})(?!\w)", _roman),
    (r"(?i:((?<!\w)(?:điểm|hạng|loại|nhóm) )([a-zđ])(?!\w))", lambda match: match[1] + _LETTERS[match[2].lower()]),
)  # fmt: skip
_SIGNS = _rules(
    (r"[“”„«»\"]", ""),
    (r"^[-–—•*] +", ""),
    (r"(?:…|\.{2,})(?=\s*$)", "."),
    (r"(?:…|\.{2,})(?=[),;])", ""),
    (r"…|\.{2,}| [-–—] |[–—|/\\]|(?<=[^\W\d_]):(?=[^\W\d_])", ", "),
    (r" ?(?:→|>) ?", ", rồi "),
    *((re.escape(sign), f" {said} ") for sign, said in {
        "&": "và", "+": "cộng", "=": "bằng", "@": "a còng", "#": "thăng", "%": "phần trăm", "$": "đô la", "€": "ơ rô", "°": "độ",
        "~": "khoảng", "≥": "từ", "≤": "tối đa",
    }.items()),
    (r"(?<![*\w])\*(?![*\w])", " sao "),
    (r"_|(?<!\w)-|-(?!\w)|[^\w\s.,;:!?()'\-\u0300-\u036f]", " "),
    (r" *\(([^()\n]{5,60})\)", _repeated),
)  # fmt: skip


_ABBREVIATIONS = _abbreviations({})


def _tidy(said: str) -> str:
    """Mend the spaces and commas round what was replaced."""
    said = re.sub(r"[^\S\n]+(?=[.,;:!?)])|(?<=\()[^\S\n]+", "", said)
    said = re.sub(r",[\s,]*(?=[.,;:!?)])|(?<=\()[,\s]+|^[,\s]+|(?:^|(?<=[\s(]))\.+(?=\w)", "", said)
    return clean(said)
