"""What a learner's question asks: its search terms and its kinds. Reads the lexicons; no other I/O."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from rag.errors import CorpusError
from rag.text import clean, fold, syllables


class QuestionKind(StrEnum):
    """What the learner wants to know; a question may have several kinds."""

    FEE = "fee"
    WHERE = "where"
    HOW_LONG = "how_long"
    PAPERS = "papers"
    PENALTY = "penalty"
    ERROR = "error"
    SCAM = "scam"
    CONTACT = "contact"
    WHO = "who"
    ALLOWED = "allowed"
    WHAT = "what"
    HOW = "how"


# On text without diacritics; in the order in which the answers are given.
_KINDS: tuple[tuple[QuestionKind, str], ...] = (
    (QuestionKind.SCAM, r"lua dao|bi lua|gia mao|gia danh|co that khong|co phai that|that khong|dang tin|scam|co phai lua"),
    (QuestionKind.PENALTY, r"bi phat|phat bao nhieu|muc phat|xu phat|phat tien|phat khong|phat the nao|di tu"),
    (QuestionKind.FEE, r"bao nhieu tien|ton tien|mat tien|ton phi|mat phi|phi bao nhieu|le phi|\bphi\b|gia bao nhieu|het bao nhieu|mien phi|dong tien|tra tien|thu tien|bao tien|ton bao nhieu|may chuc|may tram|\btien\b.{0,12}\b(?:khong|ko|hong|hok|k)\b"),
    (QuestionKind.HOW_LONG, r"bao lau|may ngay|bao nhieu ngay|khi nao|bao gio|mat may|thoi han|thoi gian|may thang|may tuan|han den|den bao|bao nhieu lau|lau khong|tu ngay nao|han bao"),
    (QuestionKind.PAPERS, r"giay to (?:gi|chi|nao)|mang (?:theo )?(?:gi|chi|giay)|can (?:gi|nhung gi|giay to|chuan bi)|ho so gom|chuan bi (?:gi|nhung)|cam theo|dem theo|can mang|mau don|to khai nao|mau nao|giay gi"),
    (QuestionKind.CONTACT, r"tong dai|so nao|so dien thoai nao|goi (?:ai|so|cho ai)|lien he|hotline|trang web nao|dia chi nao|dia chi chinh thuc"),
    (QuestionKind.WHERE, r"o dau|cho nao|noi nao|dau\b(?= (?:lam|xin|nop))|di dau|den dau|ra dau|len dau|nop dau|o mo\b|lam dau|cho mo|xa nao|noi lam"),
    (QuestionKind.ERROR, r"bi loi|bao loi|khong (?:duoc|vao|nhan|dang nhap|mo)|loi gi|that bai|khong thanh cong|(?:ko|k) (?:duoc|vao|nhan)|mai khong|quen mat khau|bi khoa|treo"),
    (QuestionKind.ALLOWED, r"duoc khong|co duoc|co can|phai khong|co phai|bat buoc|can khong|co bi|con (?:dung|gia tri|hieu luc)|duoc ko|duoc hong|co the|thay duoc|nho nguoi|lam ho|co duoc phep"),
    (QuestionKind.WHO, r"ai (?:duoc|phai|lam|cap|co)|may tuoi|bao nhieu tuoi|doi tuong|nhung ai|tuoi nao"),
    (QuestionKind.WHAT, r"la gi|la sao|nghia la|khac (?:gi|nhau)|de lam gi|giong nhau|la chi|gom nhung gi|co nhung gi"),
    (QuestionKind.HOW, r"lam sao|the nao|cach|huong dan|lam gi|phai lam|lam rang|man rang|cac buoc|ra sao|ntn|dang ky|\blam\b|sao\b|nhu nao"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Short forms and spoken words, each a sequence of folded syllables, and what they mean."""

    short_forms: tuple[tuple[tuple[str, ...], str], ...]
    spoken: tuple[tuple[tuple[str, ...], str], ...]


def load_lexicon(corpus: Path) -> Lexicon:
    """Read `corpus/lexicon/abbreviations.yaml` and `spoken.yaml`. Raises CorpusError."""

    def rows(name: str, key: str, value: str) -> tuple[tuple[tuple[str, ...], str], ...]:
        path = corpus / "lexicon" / name
        try:
            entries = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            return tuple((tuple(syllables(fold(str(e[key])))), clean(e[value])) for e in entries)
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise CorpusError(f"{path}:1: not a list of {key}/{value} entries: {error}") from error

    return Lexicon(rows("abbreviations.yaml", "short", "full"), rows("spoken.yaml", "said", "means"))


def expand(question: str, lexicon: Lexicon) -> str:
    """Return the cleaned question with the meaning of its short and spoken words added at the end.

    Words are added, never replaced: "cc" may be what the learner meant. "mất cccd" → "mất cccd căn cước công dân".
    """
    units = syllables(fold(question))
    added = [
        meaning
        for said, meaning in (*lexicon.short_forms, *lexicon.spoken)
        if any(tuple(units[i : i + len(said)]) == said for i in range(len(units)))
    ]
    return " ".join([question, *added])


def question_kinds(expanded: str) -> tuple[QuestionKind, ...]:
    """Return the kinds found in an expanded question, in the order in which answers are given; may be empty.

    "o dau, co mat tien ko" → (FEE, WHERE). HOW is kept only when nothing more precise is asked.
    """
    plain = " ".join(syllables(fold(expanded)))
    found = [kind for kind, pattern in _COMPILED if pattern.search(plain)]
    precise = [kind for kind in found if kind is not QuestionKind.HOW]
    return tuple(precise or found)
