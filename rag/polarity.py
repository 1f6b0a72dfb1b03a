"""Whether two Vietnamese sentences affirm and deny the same things. Nothing here does I/O.

A negation denies the few words after it, its scope: "không mất tiền", "chẳng phải đóng phí" and "miễn phí" deny paying, "đừng
đọc mã OTP" and "không được đọc mã OTP" deny reading it. Where the other text speaks of a scope, it must deny it as well. A limit
is "tối đa", "dưới", "trên" or "đủ" before a number. Only sentences that speak of the same things can be compared; the caller
sees to that (`rag.factlock`).
"""

import re
from itertools import pairwise, takewhile

from rag.text import clean, syllables

_PAY = "(?:tiền|phí|lệ phí|chi phí|đồng nào|xu nào|khoản nào|gì)"
# One form where people have several. Order matters: what is longer comes first.
_ONE_FORM = tuple(
    (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), replacement)
    for pattern, replacement in (
        (r"trước khi (?:\w+ ){0,2}?(?:đủ|tròn)(?= \d)|(?:ngắn|ít|nhỏ|thấp|kém) hơn(?= \d)", "dưới"),
        (r"không (?:vượt )?quá|không (?:nhiều|muộn|lâu|chậm) hơn|không hơn|nhiều nhất(?: là)?|chậm nhất(?: là)?|tối đa(?: là)?", "tối_đa"),
        (r"không (?:dưới|ít hơn)|ít nhất(?: là)?|tối thiểu(?: là)?", "tối_thiểu"),
        (r"chưa (?:đủ|đến|tới|tròn)(?= \d)", "dưới"),
        (r"(?:(?:dài|lâu|lớn|cao|nhiều) )?(?:quá|hơn|trên)(?= \d)", "trên"),
        (r"(?:từ )?(?:đủ|tròn)(?= \d)|từ(?= \d+ tuổi)", "từ_đủ"),
        (r"cho biết|biết rằng|chẳng hạn|nữa(?= *(?:[.,;:!?]|$))", ""),
        (r"từ chối", "từ_chối"),
        (r"thải bỏ", "thải"),
        (r"giữ nguyên", "không thay đổi"),
        (r"(?:dù )?(?:đang )?(?:cư trú |sống )?ở (?:đâu|nơi nào)(?: cũng được|(?! thì))", "không phụ thuộc nơi ở"),
        (r"mà không được", "không được"),
        (r"(?:đến|tới) (?:khi |lúc )?hết hạn", "đến hạn"),
        (r"chưa (?:hết|quá) (?:hạn|hiệu lực|giá trị)|còn (?:hạn|hiệu lực|giá trị)(?! sử dụng đến)", "còn_hạn"),
        (r"(?:hết|quá|không còn_hạn|mất) (?:hạn|hiệu lực|giá trị)|không còn_hạn", "không còn_hạn"),
        (r"(?:đừng|khoan|chớ|chưa|không nên) vội", "trước khi"),
        (r"không rõ tên(?: \(nặc danh\))?", "nặc danh"),
        (r"miễn (?:là|sao)", "nếu"),
        (r"mới (?:phải|cần)", "chỉ"),
        (r"có ([^,.;:!?\n]{1,40}?) không(?= *(?:[,.;:!?]|$|rồi|để|trước))", r"\1"),
        (rf"(?:được )?miễn (?:nộp |đóng )?(?:phí và lệ phí|phí, lệ phí|{_PAY})(?: hoàn toàn)?|(?:không|chẳng|khỏi) (?:phải |bị |cần )?(?:mất|tốn|thu|nộp|trả|đóng|tính|lấy)(?: thêm| bất kỳ| bất cứ| một)?(?: khoản)? {_PAY}|không phí", "không trả_tiền"),
        (rf"(?:mất|tốn|thu|nộp|trả|đóng|tính|lấy)(?: thêm)? {_PAY}", "trả_tiền"),
        (r"được miễn", "miễn_cho"),
        (r"nghiêm cấm|bị cấm|cấm|chớ", "đừng"),
        (r"tránh|chẳng|khỏi|thiếu|miễn|không (?:được|thể|nên|hề|còn|có|phải|cần|nhất thiết|cho phép)", "không"),
        (r"chưa (?:được|thể|có|phải|cần)", "chưa"),
    )
)  # fmt: skip
_NEGATIONS = frozenset({"không", "chưa", "miễn_cho", "đừng"})
# Words that may stand between a negation and what it denies.
_LIGHT = frozenset("được bị phải cần có thể còn hề nên bao giờ ai gì nào bất cứ kỳ bạn việc là sẽ đã đang tự".split())
# Words that exclude something without a negation: what they exclude may be said with one.
_EXCLUDING = frozenset("chỉ ngoài trừ hết sai ngừng bỏ mất giả hủy khóa từ_chối".split())
_COORDINATING = frozenset({"hoặc", "hay"})
_LISTED = 1  # so many words after "đừng" begin a list of what is forbidden
_SCOPE_WORDS = 4
_COVERED = 0.5  # the share of a scope's words with which a clause speaks of it
_LIMIT = re.compile(r"(?<!\w)(tối_đa|dưới|trên|từ_đủ) (\d[\d.,/]*)")
_EXCLUSIVE = frozenset({"dưới", "trên"})
_NUMBER = re.compile(r"(?<![\w.,/])\d[\d.,/]*(?!\w)")
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n")
_SAME = 0.9  # the share of words that two sentences have in common that differ in nothing but a negation
_CLAUSES = re.compile(r"[;!?\n]|[.,:](?!\d)|(?<!\w)(?:nhưng|thì|nên|vì|mà|nếu|khi|trong khi)(?!\w)")


def contradictions(claim: str, evidence: str) -> list[str]:
    """Return what `claim` affirms where `evidence` denies it or the other way round, and its foreign limits.

    "Bạn mang thẻ." against "Bạn không phải mang thẻ." → ["mang thẻ"]. A denial that the evidence knows nothing of counts too.
    """
    said, known = _one_form(claim), _one_form(evidence)
    ours, theirs = _clauses(said), _clauses(known)
    # The word right after the negation decides, where the other text has it.
    found = [" ".join(scope) for scope, clause in _scopes(theirs) if _affirmed(scope, clause, _speaking(scope, ours))]
    knows_denial = _doubts(theirs)
    for scope, clause in _scopes(ours):
        denied = not knows_denial or _affirmed(scope, clause, _speaking(scope, theirs))
        found += [" ".join(scope)] if denied else []
    found += _other_limits(said, known) + _uneven(said, known)
    if not found and not _doubts(ours) and not _NEGATIONS.isdisjoint(_likest(ours, theirs)):
        found.append("không")
    if _pays(ours) and any("trả_tiền" in units for units in theirs) and not _pays(theirs):
        found.append("trả_tiền")
    return list(dict.fromkeys(found))


def _likest(ours: list[list[str]], theirs: list[list[str]]) -> list[str]:
    """Return the clause of `theirs` that has most words of `ours`."""
    words = {unit for units in ours for unit in units}
    return max(theirs, key=lambda units: len(words & set(units)), default=[])


def _doubts(clauses: list[list[str]]) -> bool:
    """Tell whether some clause denies or excludes anything."""
    return any(not (_NEGATIONS | _EXCLUDING).isdisjoint(units) for units in clauses)


def _pays(clauses: list[list[str]]) -> bool:
    """Tell whether some clause says that one pays."""
    return any(
        unit == "trả_tiền" and _NEGATIONS.isdisjoint(units[max(0, n - _SCOPE_WORDS) : n])
        for units in clauses
        for n, unit in enumerate(units)
    )


def _other_limits(said: str, known: str) -> list[str]:
    """Return the limits of `said` that `known` has not of these numbers, and those of `known` that `said` leaves out."""
    ours, theirs = _limits(said), _limits(known)
    kinds, numbers = {limit for limit, _ in theirs}, {number for _, number in theirs}
    foreign = {limit for limit, number in ours - theirs if limit not in kinds or number in _bare(known) | numbers}
    left = {limit for limit, number in theirs - ours if limit in _EXCLUSIVE and number in _bare(said) - _bare(known)}
    return sorted(foreign | left)


def _limits(text: str) -> set[tuple[str, str]]:
    return {(limit, number.lstrip("0")) for limit, number in _LIMIT.findall(text)}


def _bare(text: str) -> set[str]:
    """Return the numbers that stand without a limit."""
    return {number.lstrip("0") for number in _NUMBER.findall(_LIMIT.sub("", text))}


def _uneven(said: str, known: str) -> list[str]:
    """Return "không" when a sentence of both is the same but for its negations."""
    for ours in _SENTENCES.split(said):
        units, denied = _split(ours)
        for theirs in _SENTENCES.split(known):
            others, also_denied = _split(theirs)
            if units and len(units & others) >= _SAME * len(units | others) and len(denied) != len(also_denied):
                return ["không"]
    return []


def _split(sentence: str) -> tuple[set[str], set[str]]:
    """Return the words of a sentence that matter, and those of them that are denied."""
    units = [unit for unit in syllables(sentence) if unit not in _LIGHT]
    denied = {after for unit, after in pairwise(units) if unit in _NEGATIONS}
    return set(units) - _NEGATIONS, denied


def _one_form(text: str) -> str:
    text = clean(text).lower()
    for pattern, replacement in _ONE_FORM:
        text = pattern.sub(replacement, text)
    return text


def _clauses(text: str) -> list[list[str]]:
    """Return the clauses as lists of syllables. An exception ("trừ khi") counts for every clause of its sentence, and what a
    sentence ends with forbidding ("…, bạn đừng làm theo") for the clauses before, and the head of a list for the rest of it
    ("đừng bán, cho thuê hay cho mượn").
    """
    clauses = []
    for sentence in _SENTENCES.split(text):
        found = [units for part in _CLAUSES.split(sentence) if (units := syllables(part))]
        if any("trừ" in units for units in found):
            found = [[*units, "trừ"] for units in found]
        last = max((n for n, units in enumerate(found) if "đừng" in units), default=-1)
        for n, units in enumerate(found):
            if n < last and "đừng" not in units:
                units.append("đừng")
            elif n and found[n - 1][-_LISTED - 1 :][0] == "đừng":
                units.insert(0, "đừng")
        clauses += found
    return clauses


def _scopes(clauses: list[list[str]]) -> list[tuple[list[str], list[str]]]:
    """Return the words that each negation denies, and the clause where it stands."""
    scopes = []
    for units in clauses:
        for n, unit in enumerate(units):
            if unit in _NEGATIONS:
                after = takewhile(lambda word: word not in _COORDINATING, units[n + 1 :])
                scope = [word for word in after if word not in _LIGHT | _NEGATIONS][:_SCOPE_WORDS]
                scopes.append((scope[:1] if scope[:1] == ["trả_tiền"] else scope, units))
    return [(scope, units) for scope, units in scopes if scope]


def _speaking(scope: list[str], clauses: list[list[str]]) -> list[list[str]]:
    """Return the clauses that have the first word of a scope, all of them where none has."""
    return [units for units in clauses if scope[0] in units] or clauses


def _affirmed(scope: list[str], clause: list[str], others: list[list[str]]) -> bool:
    """Tell whether those of the `others` that speak most of `scope` (denied in `clause`) do not deny it."""
    shares = [sum(word in units for word in scope) / len(scope) for units in others]
    top = max(shares, default=0.0)
    alike = [units for units, share in zip(others, shares, strict=True) if share == top]
    excluding = _EXCLUDING.difference(clause)
    denied = any(_denies(units, scope) for units in alike)
    return top >= _COVERED and not denied and not all(excluding.intersection(units) for units in alike)


def _denies(units: list[str], scope: list[str]) -> bool:
    """Tell whether a negation stands before some word of `scope`, or ends the clause, or is about all of it."""
    last = max((n for n, unit in enumerate(units) if unit in scope), default=-1)
    ends = next((unit for unit in reversed(units) if unit not in _LIGHT), "") in _NEGATIONS
    return ends or "miễn_cho" in units or not _NEGATIONS.isdisjoint(units[: last + 1])
