"""What a page shows, without what marks its sentences for reading aloud."""

import re
from html import unescape


def shown(page):
    return unescape(re.sub(r'<span class="s"[^>]*>(.*?)</span>', r"\1", page))
