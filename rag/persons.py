"""Where a text names a person or says where somebody lives: spans of names and of house-and-lane addresses.

Functions take a text and its shadow, the same text without Vietnamese marks, letter for letter, case kept. A name needs a
cue ("tôi tên là", "ông") and the form of a name: capitals, or a surname where everything is written small. Of an address
the house, lane, street and hamlet are found, never the commune: what an answer depends on is the commune. Nothing here
does I/O.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

Place = tuple[int, int]

# Surnames of nearly everybody. Those in the second list are everyday words once marks are gone ("trường", "họ", "do"),
# so that in small letters they count only after "tên" and before a middle name.
_SURNAMES = frozenset("nguyen tran pham huynh trinh quach nghiem trieu khuc bui thach".split())
_DOUBTFUL_SURNAMES = frozenset(
    "le vu vo do ho ngo ly hoang phan truong dang duong doan dao dinh vuong luu nong lai tang mac tong tieu phung lam mai ta "
    "chau diep cao ha kim thai luong chu dam tu quan than dau giap ninh kieu hua lo lu han khuong ung vi bach cam on au".split()
)
# As they are written with marks: "vợ" and "hộ" are no surnames, "Võ" and "Hồ" are.
_MARKED_SURNAMES = frozenset(
    "nguyễn trần phạm hoàng huỳnh phan trương trịnh đặng dương đoàn đào quách nghiêm vương triệu khúc lưu bùi nông tăng "
    "mạc tống thạch tiêu phùng lê vũ võ đỗ hồ ngô lý lí đinh tạ diệp tô thái đàm ôn bạch thân đậu giáp khổng ninh kiều "
    "hứa viên".split()
)
_DOUBTFUL_MARKED = frozenset("lại lâm mai châu cao hà kim vi lương chu từ quan an tôn la lò cầm văn mã".split())
_MIDDLE = frozenset(
    "van thi huu duc ngoc minh quang thanh dinh xuan hong thu kim phuc hoang bao anh gia tuan quoc the cong dang trong manh "
    "nhu my phuong thuy thanh tuyet bich cam diem khanh duy tien viet hoai hai ba si tan trung vinh chi".split()
)
_PERSONS = frozenset(
    "tôi tui em e mình mik con cháu bé chồng vợ mẹ má bố ba cha ông bà anh chị cô chú bác dì cậu trai gái nội ngoại".split()
)
# In a text without marks only: "chi" may be "chị", in one with marks it is "to pay".
_BARE_PERSONS = frozenset("toi minh chau be chong vo me ma bo ong chi co chu bac di cau gai noi ngoai".split())
# Between a cue and the name: "họ và tên của con trai tôi là: …".
_BETWEEN = (
    _PERSONS
    | _BARE_PERSONS
    | frozenset("là la của cua đầy day đủ du thật that ơi oi trên tren khai sinh nhà nha đó do này nay".split())
)
_SURE_MIDDLE = frozenset(
    "van thi huu duc ngoc quang thanh dinh xuan hong phuc tuan quoc dang manh tuyet bich duy".split()
)
# What follows a name written small: "nguyễn văn a bị mất thẻ".
_AFTER_NAME = frozenset(
    "da dang moi con co khong bi muon hoi can o sinh nam thi va nho xin cho lam doi duoc mat se phai vua nay hien cccd cmnd so "
    "sdt que den tu ve voi de chua ma gio dk nop xin nhung neu do roi a nhe cung tung bao ghi".split()
)
_PLACE_WORDS = frozenset(
    "duong pho phuong xa quan huyen truong vien cau cho ngo hem ga ben thon ap khu tinh so".split()
)
_WORD = re.compile(r"[^\W\d_]+")


class _Word(NamedTuple):
    """A word as written, without marks in small letters, and where it stands."""

    text: str
    bare: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def title(self) -> bool:
        return self.capital and (len(self.text) == 1 or self.text[1:].islower())


class _Reader:
    """The words of one text; tells how far a name reaches."""

    def __init__(self, text: str, shadow: str) -> None:
        self.text = text
        self.words = [
            _Word(text[m.start() : m.end()], m[0].lower(), m.start(), m.end()) for m in _WORD.finditer(shadow)
        ]
        self._pair = text, shadow
        # In a text all in capitals or all in title case a capital says nothing.
        small = sum(word.text.islower() for word in self.words)
        self.capitals_tell = small * 4 > len(self.words)

    @cached_property
    def marked(self) -> bool:
        """Whether any letter is written with a mark, labels left out."""
        return any(a != b and b.isalpha() for a, b in zip(*self._pair, strict=True))

    def joined(self, n: int) -> bool:
        """Tell whether word `n` follows the one before it after nothing but a space."""
        return n < len(self.words) and self.text[self.words[n - 1].end : self.words[n].start] == " "

    def person(self, word: _Word) -> bool:
        """Tell whether `word` means a person: "tôi", "ông"; without marks only where the whole text has none."""
        lower = word.text.lower()
        return lower in _PERSONS or (not self.marked and lower in _BARE_PERSONS)

    def _surname(self, word: _Word, *, doubtful: bool) -> bool:
        lower = word.text.lower()
        if self.marked and (not lower.isascii() or lower in _MARKED_SURNAMES or lower in _DOUBTFUL_MARKED):
            return lower in _MARKED_SURNAMES or (doubtful and lower in _DOUBTFUL_MARKED)
        return word.bare in _SURNAMES or (doubtful and not self.marked and word.bare in _DOUBTFUL_SURNAMES)

    def name_end(self, first: int, *, strong: bool, alone: bool = False) -> int:
        """Return the index after the last word of a name that begins with word `first`; `first` if there is none.

        A strong cue ("tên") lets every surname count in small letters; `alone` lets a given name without surname count.
        """
        word = self.words[first]
        if word.capital and self.capitals_tell:
            return self._capital_end(first, alone=alone)
        return self._small_end(first, strong=strong)

    def _capital_end(self, first: int, *, alone: bool) -> int:
        end = first + 1
        while end < first + 6 and self.joined(end) and self.words[end].capital and self.words[end].bare not in _CODES:
            end += 1
        if self._surname(self.words[first], doubtful=True) and end - first >= 2:
            return end
        given = alone and all(word.title for word in self.words[first:end])
        return end if given and self.words[first].text.lower() not in _BETWEEN else first

    def _small_end(self, first: int, *, strong: bool) -> int:
        word = self.words[first]
        if not self.joined(first + 1):
            return first
        second = self.words[first + 1].bare
        # "toi la vu quoc …" is told from "toi la ho ngheo" by a middle name that is nothing else.
        told = self.words[first - 1].bare == "la" and second in _SURE_MIDDLE
        if not self._surname(word, doubtful=strong or told):
            return first
        third = self.words[first + 2].bare if self.joined(first + 2) else ""
        sure = second in _MIDDLE
        if not self._surname(word, doubtful=False) and (not sure or (second == "thi" and third in _AFTER_NAME)):
            return first
        if not sure and (not strong or second in _AFTER_NAME):
            return first
        end = first + 2
        while end < first + 5 and self.joined(end):
            # The third word belongs to "nguyễn văn …" whatever it is.
            if self.words[end].bare in _AFTER_NAME and not (sure and end == first + 2):
                break
            end += 1
        return end


_CODES = frozenset("cccd cmnd cmt sdt bhxh bhyt vneid cc stk".split())


def names(text: str, shadow: str) -> Iterator[Place]:
    """Yield where persons are named: "tôi tên là Nguyễn Văn A, …" → the place of "Nguyễn Văn A"."""
    reader = _Reader(text, shadow)
    done = 0
    for n, word in enumerate(reader.words):
        if n < done:
            continue
        found = _after_cue(reader, n) if word.bare == "ten" or reader.person(word) else _plain(reader, n)
        if found:
            done = found[1]
            yield reader.words[found[0]].start, reader.words[found[1] - 1].end


def _after_cue(reader: _Reader, cue: int) -> Place | None:
    """Find the name after "tên", "tôi là", "ông": words between are skipped, at most five."""
    words = reader.words
    strong = words[cue].bare == "ten"
    # Things have names too: a name of one word needs a person before it.
    of_person = strong and cue > 0 and (reader.person(words[cue - 1]) or words[cue - 1].bare in {"ho", "va"})
    for n in range(cue + 1, min(cue + 7, len(words))):
        gap = reader.text[words[n - 1].end : words[n].start]
        if gap.strip(" :=\"'“") or "\n" in gap:
            return None
        end = reader.name_end(n, strong=strong, alone=of_person and (words[n - 1].bare in {"la", "ten"} or ":" in gap))
        if end > n:
            return n, end
        if words[n].text.lower() not in _BETWEEN and words[n].bare != "ten":
            return None
        of_person |= reader.person(words[n]) or not strong
        strong = strong or words[n].bare == "ten"
    return None


def _plain(reader: _Reader, n: int) -> Place | None:
    """Find "Nguyễn Văn A" or "TRẦN THỊ B" without a cue, where it is not the name of a street or a ward."""
    words = reader.words
    if not words[n].capital or n + 2 >= len(words) or words[n + 1].bare not in {"van", "thi"}:
        return None
    if n and (words[n - 1].bare in _PLACE_WORDS or reader.text[words[n].start - 2 : words[n].start - 1].isdigit()):
        return None
    end = reader.name_end(n, strong=False)
    return (n, end) if end - n >= 3 else None


# One number of a house, lane or group: "12", "12A", "34/11/5", "12-14".
_NUMBER = r"\d{1,4}[a-z]?(?:[/.\-]\d{1,4}[a-z]?){0,4}(?![\w%/]|[.,]\d)"
# Units below the commune that are numbered. "tầng 2 phòng 204" is found in every office, so they are no units here.
_NUMBERED = (
    rf"(?:(?:can ho|can|phong|lo|block)(?: so)? [a-z]{{0,2}}[.\-]?{_NUMBER}(?=,? (?:chung cu|toa|block|khu|cum|tang|nha))|"
    r"(?:so nha|nha so|so|can ho(?: so)?|toa|block|ngo|ngach|hem|kiet|to dan pho|to|tdp|khu pho|kp|khu|cum|xom|doi|lo|ap|"
    rf"thon|khom|duong so|duong|pho)(?: so)? {_NUMBER})"
)
_COMMUNE = r"(?:xa|phuong|thi tran|thi xa|thanh pho|quan|huyen|tinh|tp|dac khu|p|q|h)(?!\w)"
# Words with which the sentence goes on, but not where one more word ends the name: "phố Nón Lá Ảo, xã …".
_STOP = (
    rf"(?:thi|co|duoc|can|la|va|hay|de|nhung|ma|vay|gio|bi|da|dang|muon|hoi|lam|khong|phai|sau|nay|roi|o|tren|thuoc|den|cho|"
    rf"trong|ngoai|voi|nen|chua|di|ve|ghi|nhap)(?!\w)(?! \w+(?:,| {_COMMUNE}))"
)
_NAME_WORD = r"[^\W\d_]+"
# Words of a street's or hamlet's name, as few as reach the commune, a full stop, a comma or a word that goes on.
_PLACE_NAME = rf"(?:(?: (?!{_COMMUNE}){_NAME_WORD}){{1,5}}?(?= ?[,.;:?!\n()]|$| {_COMMUNE}| {_STOP}| \d| (?:{{ways}}) )|(?: (?!{_COMMUNE}){_NAME_WORD}){{2}})"
_WAYS = (
    r"duong(?! (?:day|bo|sat|thuy|truyen|link|dan|nay|nao|di))|dai lo|pho|ngo|ngach|hem|kiet|thon|xom|ap|buon(?! (?:ma thuot|ho))|lang(?! son)|khom|"
    r"khu pho|to dan pho|chung cu|toa nha|toa(?! an)|khu do thi|khu tap the|cu xa|ban(?= (?-i:[A-Z]))"
)
_NAMED = rf"(?:{_WAYS}){_PLACE_NAME.replace('{ways}', _WAYS)}"
_CAPITALS = r"(?-i:(?: [A-Z]\w*)+)"
_PARTS = re.compile(
    rf"(?<![\w/])(?=[a-z])(?:{_NUMBERED}|{_NAMED})(?:,? (?:{_NUMBERED}|{_NAMED})){{1,5}}|(?<![\w/])(?=[a-z]){_NUMBERED}(?={_CAPITALS})"
    # A number with a slash before a street or lane: "39/11 đường …".
    rf"|(?<![\w/.,])\d{{1,4}}[a-z]?(?:/\d{{1,4}}[a-z]?){{1,4}} (?:{_NAMED})(?:,? (?:{_NUMBERED}|{_NAMED})){{0,4}}",
    re.IGNORECASE,
)
# Somebody lives there: after these words one part is an address.
_LIVES = (
    r"(?:dc(?= ?:)|dia chi(?: (?:nha|cua|toi|em|minh|thuong tru|tam tru|hien tai|o))*|nha (?:toi |em |minh |tui |chau |con |me |bo )?(?:o|tai)|"
    r"(?:toi|em|minh|tui|chau|con|me|bo) (?:dang |hien )?(?:o|song|tro|tru)|(?:song|tro|tru|thue|ngu)(?: tro)? (?:o|tai)|thuong tru(?: tai| o)?|"
    r"tam tru (?:tai|o)|ho khau(?: (?:toi|em|minh))?(?: o| tai)?|so nha|que(?: (?:toi|em|minh|chong|vo|me|bo))?(?: o)?)(?: la)?(?: ?: ?| )(?:o |tai |so )?"
)
_CUED = re.compile(
    rf"(?<!\w)(?=[a-z]){_LIVES}((?:{_NUMBERED}|{_NAMED}|{_NUMBER}(?:{_CAPITALS}|(?: (?!{_COMMUNE}){_NAME_WORD}){{1,5}}?,? (?=(?:xa|phuong|thi tran) )))"
    rf"(?:,? (?:{_NUMBERED}|{_NAMED})){{0,5}})",
    re.IGNORECASE,
)
# A number and capitals after "ở, tại, về": "tại 93 Hàng Bông".
_AT = re.compile(rf"(?<!\w)(?:o|tai|ve|ghi|den) ({_NUMBER}{_CAPITALS})", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_MORE_CAPITALS = re.compile(rf"(?: (?!(?i:{_COMMUNE}))[A-Z]\w*)+")
_OFFICE = re.compile(
    r" (?:cong an|ubnd|uy ban|trung tam|bo phan|tinh|xa|phuong|thang|nam|ngay|vneid|cccd)(?!\w)", re.IGNORECASE
)


def addresses(text: str, shadow: str) -> Iterator[Place]:
    """Yield places of houses and lanes: "số 5 ngõ 3 đường A, xã B" → the place of "số 5 ngõ 3 đường A"."""
    done = 0
    for found, group in _candidates(shadow):
        start, end = found.span(group)
        inside = _OFFICE.search(shadow, start, end)
        end = inside.start() if inside else end
        # A hamlet without a number counts by its capital, after words that say who lives there.
        told = _DIGIT.search(shadow, start, end) or (group and re.search(r" [A-Z]", shadow[start:end]))
        if start < done or not told or end - start < 3:
            continue
        more = _MORE_CAPITALS.match(shadow, end) if not text.isupper() else None
        done = more.end() if more and not inside else end
        yield start, done


def _candidates(shadow: str) -> list[tuple[re.Match[str], int]]:
    found = [(m, 1) for m in _CUED.finditer(shadow)]
    if _DIGIT.search(shadow):
        found += [(m, 1) for m in _AT.finditer(shadow)] + [(m, 0) for m in _PARTS.finditer(shadow)]
    return sorted(found, key=lambda item: (item[0].start(item[1]), -item[0].end(item[1])))
