"""The numbers that a program writes before list items and headings, in the formats that Word and HTML have. No I/O."""

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN += ((9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_LARGEST = 10_000  # nobody's list is longer; a larger number is written in digits, whatever the format


def ordinal(number: int, format: str) -> str:
    """Return `number` as it is printed: (4, "lowerLetter") → "d", (28, "lowerLetter") → "bb", (9, "upperRoman") → "IX".

    The names are those of Word; one that is not known counts in digits. No format has "đ": neither Word nor a browser
    ever generates it.
    """
    if format == "none":
        return ""
    if not 0 < number < _LARGEST:
        return str(number)
    if format == "decimalZero":
        return f"{number:02}"
    made = (
        _letters(number) if format.endswith("Letter") else _roman(number) if format.endswith("Roman") else str(number)
    )
    return made.upper() if format.startswith("upper") else made


def _letters(number: int) -> str:
    times, at = divmod(number - 1, 26)
    return chr(ord("a") + at) * (times + 1)


def _roman(number: int) -> str:
    made = ""
    for value, sign in _ROMAN:
        times, number = divmod(number, value)
        made += sign * times
    return made
