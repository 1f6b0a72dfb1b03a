"""Typing twins: the same question as other people would type it. Seeded, labelled, tied to the base case.

A program for people who type without diacritics, on phones, in dialect, must answer the twin as it answers the
original. Every variant is a pure function of the question and a seed. Nothing here does I/O.
"""

import random
import re
import unicodedata
from collections.abc import Callable, Iterable

from evals.cases import Case, Style
from rag.text import clean, fold

_TELEX_TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_VNI_TONES = {"\u0301": "1", "\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
_TELEX_LETTERS = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_VNI_LETTERS = {"ă": "a8", "â": "a6", "ê": "e6", "ô": "o6", "ơ": "o7", "ư": "u7", "đ": "d9"}
_OPEN_RHYME = re.compile(
    r"(?<![qQ])([oO])([\u0300\u0301\u0309\u0303\u0323])([aeAE])(?!\w)|(?<![qQ])([uU])([\u0300\u0301\u0309\u0303\u0323])([yY])(?!\w)"
)
# Replaced as whole words, longest first. Chat spelling as young people type it; regional words as spoken there.
_CHAT = {
    "không": "k", "được": "dc", "gì": "j", "vậy": "z", "rồi": "r", "với": "vs", "người": "ng", "những": "nhữg", "biết": "bít",
    "bao nhiêu": "bn", "như thế nào": "ntn", "thế nào": "ntn", "mình": "mk", "tôi": "t", "trước": "trc", "cũng": "cg",
    "điện thoại": "đt", "tài khoản": "tk", "mật khẩu": "mk", "căn cước công dân": "cccd", "căn cước": "cccd",
    "bảo hiểm y tế": "bhyt", "giấy phép lái xe": "gplx", "chuyển khoản": "ck", "nhắn tin": "nt", "bây giờ": "bh", "quá": "wá",
}  # fmt: skip
_SOUTH = {
    "tôi": "tui", "không": "hông", "mẹ": "má", "bố": "ba", "thế nào": "sao", "như thế nào": "ra sao", "thế": "vậy", "rồi": "gòi", "vậy": "dzậy",
    "dùng": "xài", "bảo": "biểu", "về": "dìa", "ốm": "bịnh", "hỏng": "hư", "nhầm": "lộn", "vào": "vô", "bây giờ": "bi giờ",
    "bao nhiêu": "nhiêu", "ngã": "té", "tìm": "kiếm", "đón": "rước", "bé": "nhỏ",
}  # fmt: skip
_CENTRAL = {
    "ở đâu": "ở mô", "đâu": "mô", "sao": "răng", "thế nào": "răng", "như thế nào": "răng", "gì": "chi", "làm": "mần", "không": "nỏ",
    "này": "ni", "kia": "tê", "mẹ": "mạ", "bố": "ba", "tôi": "tui", "chúng tôi": "bầy tui", "bao giờ": "khi mô", "rồi": "rứa rồi", "vậy": "rứa", "thế": "rứa",
}  # fmt: skip
_NEAR = {
    "a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "g": "fh", "h": "gj", "i": "uo", "k": "jl", "l": "k", "m": "n", "n": "bm",
    "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "x": "zc", "y": "tu",
}  # fmt: skip


def no_diacritics(question: str) -> str:
    """Drop every mark: "Làm ở đâu?" → "lam o dau?"."""
    return fold(question)


def tone_placement(question: str) -> str:
    """Put the tone where the other school puts it: "hòa" → "hoà"."""
    text = unicodedata.normalize("NFD", question)
    moved = _OPEN_RHYME.sub(lambda m: "".join(m.group(1, 3, 2) if m.group(1) else m.group(4, 6, 5)), text)
    return unicodedata.normalize("NFC", moved)


def nfd(question: str) -> str:
    """Decompose every letter, as some phones and old Macs send it."""
    return unicodedata.normalize("NFD", question)


def telex(question: str) -> str:
    """Keys of a Telex keyboard that was switched off: "đường" → "dduwowngf"."""
    return _keys(question, _TELEX_LETTERS, _TELEX_TONES)


def vni(question: str) -> str:
    """Keys of a VNI keyboard that was switched off: "đường" → "d9u7o7ng2"."""
    return _keys(question, _VNI_LETTERS, _VNI_TONES)


def typo(question: str, chance: random.Random) -> str:
    """Make one slip, two in a long question: letters swapped, dropped, doubled, or hit beside."""
    for _ in range(1 if len(question) < 40 else 2):
        places = [m.start() for m in re.finditer(r"(?<=[^\W\d_])[^\W\d_](?=[^\W\d_])", question)]
        if not places:
            return question
        at = chance.choice(places)
        letter = question[at]
        slips = [
            question[:at] + question[at + 1] + letter + question[at + 2 :],
            question[:at] + question[at + 1 :],
            question[:at] + letter + question[at:],
        ]
        if near := _NEAR.get(letter.lower()):
            slips.append(question[:at] + chance.choice(near) + question[at + 1 :])
        question = chance.choice(slips)
    return question


def chat(question: str) -> str:
    """Write as in a chat: "bao nhiêu tiền vậy" → "bn tiền z"."""
    return _reworded(question.lower(), _CHAT).rstrip("?.! ")


def southern(question: str) -> str:
    """Use words of the South: "tôi không vào được" → "tui hông vô được"."""
    return _reworded(question, _SOUTH)


def central(question: str) -> str:
    """Use words of the Centre: "làm ở đâu" → "mần ở mô"."""
    return _reworded(question, _CENTRAL)


_VARIANTS: dict[str, tuple[Style, Callable[[str, random.Random], str]]] = {
    "no-diacritics": (Style.NO_DIACRITICS, lambda q, _: no_diacritics(q)),
    "tone-placement": (Style.STANDARD, lambda q, _: tone_placement(q)),
    "nfd": (Style.STANDARD, lambda q, _: nfd(q)),
    "telex": (Style.TELEX, lambda q, _: telex(q)),
    "vni": (Style.TELEX, lambda q, _: vni(q)),
    "typo": (Style.TYPO, typo),
    "chat": (Style.TEENCODE, lambda q, _: chat(q)),
    "southern": (Style.DIALECT, lambda q, _: southern(q)),
    "central": (Style.DIALECT, lambda q, _: central(q)),
}
VARIANTS = tuple(_VARIANTS)


def rewrite(variant: str, question: str, chance: random.Random) -> str:
    """Return `question` as `variant` (one of VARIANTS) would type it."""
    return _VARIANTS[variant][1](clean(question), chance)


def expand_cases(cases: Iterable[Case], seed: int = 0, variants: Iterable[str] = VARIANTS) -> list[Case]:
    """Return every case followed by its writing variants; one that changes nothing is left out."""
    return [row for case in cases for row in (case, *(_twins(case, seed, tuple(variants))))]


def _twins(case: Case, seed: int, variants: tuple[str, ...]) -> list[Case]:
    twins = []
    for name in variants:
        style, _ = _VARIANTS[name]
        question = rewrite(name, case.question, random.Random(f"{seed} {case.id} {name}"))
        if question not in (case.question, clean(case.question)):
            update = {"id": f"{case.id}~{name}", "question": question, "style": style, "base": case.id, "variant": name}
            twins.append(case.model_copy(update=update))
    return twins


def _keys(question: str, letters: dict[str, str], tones: dict[str, str]) -> str:
    """Write each word with plain keys, its tone key at the end of the word."""

    def word(match: re.Match[str]) -> str:
        tone, keys = "", ""
        for character in unicodedata.normalize("NFC", match.group().lower()):
            parts = unicodedata.normalize("NFD", character)
            tone = next((tones[c] for c in parts if c in tones), tone)
            bare = unicodedata.normalize("NFC", "".join(c for c in parts if c not in tones))
            keys += letters.get(bare, bare)
        return keys + tone

    return re.sub(r"[^\W\d_]+", word, question)


def _reworded(question: str, words: dict[str, str]) -> str:
    longest = sorted(words, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
    return pattern.sub(lambda m: words[m.group().lower()], question)
