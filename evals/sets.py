"""Which sets there are, and the seal on the held-out half: who looked, when and why. Reads and writes files."""

import getpass
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from evals.cases import CASES, Case, load_cases
from evals.variants import expand_cases
from rag.errors import CaseError, SettingsError
from rag.guides import Guide
from rag.jsonl import append_row, read_rows
from rag.settings import Settings

HELD_OUT = "test"


def set_path(name: str) -> Path:
    """Return the file of a set: a path, or the name of a shipped set ("dev", "test"). Raises CaseError."""
    shipped = CASES / f"{name}.jsonl"
    if "/" not in name and not name.endswith(".jsonl") and shipped.exists():
        return shipped
    if Path(name).exists():
        return Path(name)
    known = ", ".join(path.stem for path in shipped_sets())
    raise CaseError(f"{name}: no such file, and no shipped set of that name ({known})")


def shipped_sets() -> list[Path]:
    """Return the files of the shipped sets."""
    return [path for name in ("dev", HELD_OUT) if (path := CASES / f"{name}.jsonl").exists()]


def open_set(name: str, settings: Settings, guides: Mapping[str, Guide] | None, reason: str = "") -> list[Case]:
    """Read a set whole. Opening the held-out half needs a reason and is logged. Raises CaseError."""
    path = set_path(name)
    if path.resolve() == (CASES / f"{HELD_OUT}.jsonl").resolve():
        if not reason.strip():
            raise CaseError("the held-out half is sealed: say why you open it with --reason; the reason is logged")
        _log_peek(settings, reason)
    return load_cases(path, guides)


def peeks(settings: Settings) -> list[dict[str, str]]:
    """Return who opened the held-out half, when and why, oldest first."""
    return read_rows(_log(settings))


def prepare(cases: Sequence[Case], twins: bool, limit: int | None, seed: int) -> list[Case]:
    """Return what a run asks: the cases, or a seeded sample of `limit` of them, with their typing twins if wanted."""
    if limit is not None and limit < len(cases):
        chosen = set(random.Random(seed).sample(range(len(cases)), limit))
        cases = [case for n, case in enumerate(cases) if n in chosen]
    return expand_cases(cases, seed) if twins else list(cases)


def _log(settings: Settings) -> Path:
    return settings.home / "eval" / "held-out-log.jsonl"


def _log_peek(settings: Settings, reason: str) -> None:
    row = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": getpass.getuser(), "why": reason.strip()}
    append_row(_log(settings), row)


def read_config(path: Path) -> dict[str, object]:
    """Read a YAML mapping of settings to run with. Raises SettingsError."""
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise SettingsError(f"{path}: expected settings, one `name: value` a line")
    return config
