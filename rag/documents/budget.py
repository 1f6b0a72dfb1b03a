"""More time for pages that must be recognised from a picture: a reader earns it page by page, as it goes.

Inside the sandbox every call moves the end by `Limits.recognised_page_s`, for at most `Limits.pages` pages, so a thousand honest
scans get their hours and one page that hangs costs seconds. Outside of it a call does nothing.
"""

import os
import resource

_channel: int | None = None
_page_s = 0


def earn_for_page() -> None:
    """Tell the sandbox that a page is about to be recognised: call it once a page, right before tesseract starts."""
    if _channel is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(soft + _page_s, hard), hard))
    os.write(_channel, b".")


def open_budget(channel: int, page_s: int) -> None:
    """Let `earn_for_page` report on the pipe `channel`; the sandbox calls this in the child."""
    global _channel, _page_s
    _channel, _page_s = channel, page_s
