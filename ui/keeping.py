"""What a learner's browser may keep to be read without network, and what is sent compressed. Nothing here does I/O.

A worker in the browser (`static/sw.js`) keeps exactly the responses that carry the header `DAY`: it cannot see itself whether a
response sets a cookie.
"""

import re
from collections.abc import Mapping

DAY = "Binhdan-Day"  # the day in Vietnam on which the response was made, "2026-11-27"
# No name with a dot: a PDF is made to be printed, and pictures have a rule of their own.
_PAGES = re.compile(r"/|/(?:huong-dan|bai-hoc|luyen-tap|van-ban)(?:/[\w-]+)*")
_PICTURES = re.compile(r"/van-ban/[\w-]+/trang/\d+\.png")
_PERSONAL = re.compile(r"/bai-hoc/(?:tien-do|chung-nhan)(?:/.*)?")
_QUERIES = re.compile(
    r"(?:doan=[^&]*|v=\w*|(?:lo-trinh|bai)=[\w-]*)?"
)  # and so no search: what somebody typed stays nowhere
_FILES = re.compile(r"/own/.+|/manifest\.webmanifest|/sw\.js|/ngoai-tuyen")


def may_be_kept(method: str, path: str, query: str) -> bool:
    """Tell whether a request is for a page of learners, or a picture on one, that is the same for everybody."""
    ours = _PICTURES.fullmatch(path) or _PAGES.fullmatch(path)
    return bool(method == "GET" and ours and not _PERSONAL.fullmatch(path) and _QUERIES.fullmatch(query))


def is_worth_keeping(status: int, headers: Mapping[str, str]) -> bool:
    """Tell whether a response is whole and says nothing to this browser alone; the names of `headers` are read in any case."""
    said = {name.lower() for name in headers}
    return status == 200 and not said & {"set-cookie", "clear-site-data"}


def may_be_compressed(method: str, path: str, signed_in: bool) -> bool:
    """Tell whether a response may be compressed: what has a secret in it may not, as its length would betray it (BREACH).

    Nobody's answers are compressed here, so that their streams flow.
    """
    return bool(_FILES.fullmatch(path)) or (not signed_in and may_be_kept(method, path, ""))
