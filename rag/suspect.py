"""Lines of a document that speak to the assistant instead of to people, or that hide what they say. Nothing here does I/O.

Text from documents is data, and a guide is plain Vietnamese for people: visible letters of one script, words with their marks,
no markup, and no word about how the assistant should answer. What is not like that is never indexed, quoted or sent to a
model (`rag.guides` refuses it with its line number).
"""

import re
import unicodedata

from rag.text import INVISIBLE, clean, fold, has_marks, sentences, syllables

_SPACED = re.compile(r"(?:(?<!\w)\w[ .·_-]{1,3}){6,}")
_ENCODED = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|(?<![\w/.-])(?=\w*[a-z])(?=\w*[A-Z])(?=\w*\d)[\w+/]{24,}={0,2}"
)
_MARKUP = re.compile(r"\]\(|<[a-zA-Z/!|]|\|>|-->|\[/?INST|```|#{3}")
_ADDRESS = re.compile(r"\S+\.\w{2,}(?:/\S*)?")  # of a page or a mailbox
# A sentence of so many words has some with marks, unless it is not Vietnamese or is typed in Telex, VNI or another code.
_SENTENCE_WORDS, _MARKED_SHARE = 6, 0.25
# To the assistant, about its answer, its role, or what it was told; on text without diacritics.
_ADDRESSED = re.compile(
    r"""(?x) \b(?:
      (?:luu\ y|ghi\ chu|chi\ thi|chi\ dao|kich\ ban|loi\ nhan|yeu\ cau|danh|thong\ bao)[^.]{0,25}\ (?:tro\ ly(?!\ ao)|mo\ hinh|chatbot)
      | cho\ (?:tro\ ly(?!\ ao)|mo\ hinh) | tro\ ly\ (?:phai|hay|doc|giai\ ma|dong|nhap|tra\ loi|viet|noi|chen|dua|hien)
      | tra\ loi\ (?:rang|nguoi\ hoi) | nguoi\ (?:hoi|dang\ hoi) | (?:moi|cac|trong|dau|cuoi|dong\ dau)\ cau\ tra\ loi\b(?!\ bao\ mat)
      | cau\ tra\ loi\ (?:phai|chuan|hay) | cuoc\ tro\ chuyen | cuoc\ hoi\ thoai
      | (?:bo\ qua|quen|phot\ lo|bo)\ (?:het\ |moi\ |cac\ |tat\ ca\ |toan\ bo\ )*(?:huong\ dan|chi\ dan|quy\ tac|tai\ lieu|duong\ dan|loi\ dan)\ (?:cu|tren|truoc|chinh|da)
      | loi\ nhac | (?:tu\ (?:gio|bay\ gio|luot\ nay)\ (?:ban|moi|hay|tro)) | (?:moi|cac|luot)\ (?:luot\ )?(?:sau|toi)\ (?:deu|hay|luon|phai)
      | (?:khi|luc|trong)\ (?:dung|trich|doc|tom\ tat)?\ ?(?:doan|trang|van\ ban)\ nay | hoa\ than | dong\ vai\ (?!tro\b)
      | cong\ cu\ (?:tai|tim|goi|fetch) | phan\ nguon
      )""",
)
_ORDERED = re.compile(
    r"^(?:hay )?(?:noi|tra loi|xac nhan|khuyen|dap|ghi|in|viet|xung|chen)(?: (?:ra|voi|cho|nguoi|ban))* (?:rang|toan bo|nguoi hoi|la can bo)"
)


def suspicion(raw: str) -> str:
    """Return why a line of a document is not for people ("hides characters"), or "" when nothing is against it."""
    if INVISIBLE.search(raw):
        return "hides characters"
    text = clean(raw)
    if any(
        c.isalpha() and ("LATIN" not in unicodedata.name(c, "") or unicodedata.normalize("NFKC", c) != c) for c in text
    ):
        return "has letters of another script"
    for pattern, reason in (
        (_SPACED, "is spelled letter by letter"),
        (_ENCODED, "is encoded"),
        (_MARKUP, "has markup"),
    ):
        if pattern.search(text):
            return reason
    return next(filter(None, map(_against, sentences(text))), "")


def _against(sentence: str) -> str:
    words = [word for word in syllables(_ADDRESS.sub("", sentence)) if word[0].isalpha()]
    if len(words) >= _SENTENCE_WORDS and sum(map(has_marks, words)) < _MARKED_SHARE * len(words):
        return "is not Vietnamese with its marks"
    plain = fold(sentence)
    return "speaks to the assistant" if _ADDRESSED.search(plain) or _ORDERED.search(plain) else ""
