"""Vietnam's time, which is what people mean by a day. Nothing here does I/O."""

from datetime import date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))


def local_day(at: datetime) -> date:
    """Return which day it is in Vietnam at a point in time."""
    return at.astimezone(VIETNAM).date()
