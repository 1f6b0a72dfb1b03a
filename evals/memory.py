"""How much memory a process takes."""

import re
from pathlib import Path


def peak_mib(process: int | str = "self") -> float:
    """Return the most memory a process has had, in MiB (Linux; `ru_maxrss` would count the parent's before the start)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
