"""The fact lock: nothing an answer states is missing from the passage it cites. Nothing here does I/O.

Every number with its unit, date, fee, phone, link, form code, document number and named authority of a
sentence must occur in the quote or title that the sentence's [n] marks cite. A sentence that fails is dropped.
"""

import re
from dataclasses import dataclass

from rag.answers import Citation
from rag.atoms import missing
from rag.text import clean, fold

MARK = re.compile(r"\s*\[(\d+)\]")
_LIST_NUMBER = re.compile(r"^\s*(?:\d+\.|-)\s+")
_AUTHORITY = re.compile(
    r"\b(?:Bộ Công an|Bộ [A-ZĐ]\w+(?: và [A-ZĐ]\w+| [a-zà-ỹđ]+)?|Cục [A-ZĐ]\w+|Sở [A-ZĐ]\w+(?: [a-zà-ỹđ]+)?|"
    r"Công an (?:cấp )?(?:xã|tỉnh|huyện|phường)|Ngân hàng Nhà nước|Ủy ban nhân dân|UBND|Tòa án|Chi cục [A-ZĐ]\w+)"
)


@dataclass(frozen=True, slots=True)
class Verified:
    """The text that may be shown, and the sentences that were dropped with what each lacked."""

    text: str
    dropped: tuple[tuple[str, str], ...]


def lock(text: str, citations: tuple[Citation, ...]) -> Verified:
    """Keep the lines of `text` whose facts their cited quotes contain. Lines without facts are kept as they are."""
    by_number = {c.number: c for c in citations}
    kept, dropped = [], []
    for line in text.split("\n"):
        evidence = [
            f"{by_number[n].title}. {by_number[n].quote}" for n in map(int, MARK.findall(line)) if n in by_number
        ]
        if lost := unsupported(_LIST_NUMBER.sub("", MARK.sub("", line)), evidence):
            dropped.append((line, ", ".join(lost)))
        else:
            kept.append(line)
    return Verified("\n".join(kept).strip(), tuple(dropped))


def unsupported(claim: str, evidence: list[str]) -> list[str]:
    """Return the facts and authorities of `claim` that no text of `evidence` has, as they were written."""
    lost = [atom.text for atom in missing(claim, evidence)]
    known = fold(clean(" ".join(evidence)))
    return lost + [name for name in _AUTHORITY.findall(clean(claim)) if fold(name) not in known]
