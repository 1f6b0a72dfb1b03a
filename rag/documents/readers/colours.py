"""Whether people can tell letters from what lies behind them. Nothing here does I/O."""

_ALIKE = 24  # of 255 in each channel: grey F0F0F0 on white is not read by anybody


def colour(text: str | None) -> str | None:
    """Return "rrggbb" in small letters of "FFFFFF", "#fff" or "FFFFFFFF" (alpha first), None for anything else."""
    text = (text or "").lstrip("#").lower()
    if len(text) == 3:
        text = "".join(c * 2 for c in text)
    text = text[-6:] if len(text) == 8 else text
    return text if len(text) == 6 and all(c in "0123456789abcdef" for c in text) else None


def indistinct(front: str | None, back: str | None) -> bool:
    """Tell whether both colours ("rrggbb") are known and look the same."""
    if front is None or back is None:
        return False
    return all(abs(int(front[at : at + 2], 16) - int(back[at : at + 2], 16)) < _ALIKE for at in (0, 2, 4))
