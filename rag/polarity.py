"""Whether two Vietnamese sentences affirm and deny the same things. Nothing here does I/O.

A negation denies the few words after it, its scope: "không mất tiền", "chẳng phải đóng phí" and "miễn phí" deny paying, "đừng
đọc mã OTP" and "không được đọc mã OTP" deny reading it. Where the other text speaks of a scope, it must deny it as well. A limit
is "tối đa", "dưới", "trên" or "đủ" before a number. Only sentences that speak of the same things can be compared; the caller
sees to that (`rag.factlock`).
"""

import re

from rag.text import clean, syllables

_PAY = "(?:tiền|phí|lệ phí|chi phí|đồng nào|xu nào|khoản nào|gì)"
# One form where people have several. Order matters: what is longer comes first.
_ONE_FORM = tuple(
    (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), replacement)
    for pattern, replacement in (
        (r"không (?:vượt )?quá|không (?:nhiều|muộn|lâu|chậm) hơn|không hơn|nhiều nhất(?: là)?|chậm nhất(?: là)?|tối đa(?: là)?", "tối_đa"),
        (r"không (?:dưới|ít hơn)|ít nhất(?: là)?|tối thiểu(?: là)?", "tối_thiểu"),
        (r"chưa (?:đủ|đến|tới|tròn)(?= \d)", "dưới"),
        (r"(?:quá|hơn|trên)(?= \d)", "trên"),
        (r"(?:từ )?(?:đủ|tròn)(?= \d)|từ(?= \d+ tuổi)", "từ_đủ"),
        (r"cho biết|biết rằng|chẳng hạn|nữa(?= *(?:[.,;:!?]|$))", ""),
        (r"từ chối", "từ_chối"),
        (rf"(?:được )?miễn (?:nộp |đóng )?(?:phí và lệ phí|phí, lệ phí|{_PAY})(?: hoàn toàn)?|(?:không|chẳng|khỏi) (?:phải |bị |cần )?(?:mất|tốn|thu|nộp|trả|đóng|tính|lấy)(?: thêm| bất kỳ| bất cứ| một)?(?: khoản)? {_PAY}", "không trả_tiền"),
        (rf"(?:mất|tốn|thu|nộp|trả|đóng|tính|lấy)(?: thêm)? {_PAY}", "trả_tiền"),
        (r"nghiêm cấm|bị cấm|cấm|đừng|chớ|tránh|chẳng|khỏi|thiếu|(?:được )?miễn|không (?:được|thể|nên|hề|còn|có|phải|cần|nhất thiết|cho phép)", "không"),
        (r"chưa (?:được|thể|có|phải|cần)", "chưa"),
    )
)  # fmt: skip
_NEGATIONS = frozenset({"không", "chưa"})
# Words that may stand between a negation and what it denies.
_LIGHT = frozenset("được bị phải cần có thể còn hề nên bao giờ ai gì nào bất cứ kỳ bạn việc là sẽ đã đang tự".split())
# Words that exclude something without a negation: what they exclude may be said with one.
_EXCLUDING = frozenset("chỉ ngoài trừ hết sai ngừng bỏ thôi mất giả hủy khóa từ_chối lừa".split())
_SCOPE_WORDS = 4
_COVERED = 0.5  # the share of a scope's words with which a clause speaks of it
_LIMIT = re.compile(r"(?<!\w)(tối_đa|dưới|trên|từ_đủ)(?= \d)")
_CLAUSES = re.compile(r"[;!?\n]|[.,:](?!\d)|(?<!\w)(?:nhưng|thì|nên|vì|mà|nếu|khi|trong khi)(?!\w)")


def contradictions(claim: str, evidence: str) -> list[str]:
    """Return what `claim` affirms where `evidence` denies it or the other way round, and its foreign limits.

    "Bạn mang thẻ." against "Bạn không phải mang thẻ." → ["mang thẻ"]. A denial that the evidence knows nothing of counts too.
    """
    said, known = _one_form(claim), _one_form(evidence)
    ours, theirs = _clauses(said), _clauses(known)
    found = [" ".join(scope) for scope, clause in _scopes(theirs) if _affirmed(scope, clause, ours)]
    knows_denial = any(not _NEGATIONS.isdisjoint(c) or not _EXCLUDING.isdisjoint(c) for c in theirs)
    for scope, clause in _scopes(ours):
        # The word right after the negation decides, where the evidence has it.
        alike = [units for units in theirs if scope[0] in units] or theirs
        found += [" ".join(scope)] if _affirmed(scope, clause, alike) or not knows_denial else []
    limits = set(_LIMIT.findall(known))
    return list(dict.fromkeys(found + [limit for limit in _LIMIT.findall(said) if limit not in limits]))


def _one_form(text: str) -> str:
    text = clean(text).lower()
    for pattern, replacement in _ONE_FORM:
        text = pattern.sub(replacement, text)
    return text


def _clauses(text: str) -> list[list[str]]:
    return [units for part in _CLAUSES.split(text) if (units := syllables(part))]


def _scopes(clauses: list[list[str]]) -> list[tuple[list[str], list[str]]]:
    """Return the words that each negation denies, and the clause where it stands."""
    scopes = []
    for units in clauses:
        for n, unit in enumerate(units):
            if unit in _NEGATIONS:
                scope = [word for word in units[n + 1 :] if word not in _LIGHT | _NEGATIONS][:_SCOPE_WORDS]
                scopes.append((scope[:1] if scope[:1] == ["trả_tiền"] else scope, units))
    return [(scope, units) for scope, units in scopes if scope]


def _affirmed(scope: list[str], clause: list[str], others: list[list[str]]) -> bool:
    """Tell whether those of the `others` that speak most of `scope` (denied in `clause`) do not deny it."""
    shares = [sum(word in units for word in scope) / len(scope) for units in others]
    top = max(shares, default=0.0)
    alike = [units for units, share in zip(others, shares, strict=True) if share == top]
    excluding = _EXCLUDING.difference(clause)
    denied = any(_denies(units, scope) for units in alike)
    return top >= _COVERED and not denied and not all(excluding.intersection(units) for units in alike)


def _denies(units: list[str], scope: list[str]) -> bool:
    """Tell whether a negation stands before some word of `scope`, or ends the clause."""
    last = max((units.index(word) for word in scope if word in units), default=-1)
    ends = next((unit for unit in reversed(units) if unit not in _LIGHT), "") in _NEGATIONS
    return ends or not _NEGATIONS.isdisjoint(units[: last + 1])
