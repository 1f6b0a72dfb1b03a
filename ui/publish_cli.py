"""`binhdan publish`: the gate for what no page prepared (a model, prompts, an update of the program), on a terminal."""

from collections.abc import Callable

import typer

from rag.records import Records
from rag.records.publications import Override
from rag.serving import open_assistant
from rag.settings import Settings
from ui.publishing import MIN_REASON_CHARS, Gate, admit, asked, in_use_before, prepared


def publish_version(settings: Settings, by: str | None, reason: str | None, say: Callable[[str], None]) -> None:
    """Print what the gate says of the version that the settings describe, and publish it. Raises GateError."""
    override = Override(by.strip(), reason.strip()) if by and reason else None
    if override and (len(override.by) < 2 or len(override.reason) < MIN_REASON_CHARS):
        raise typer.BadParameter(
            f"--override needs a full name and a --reason of at least {MIN_REASON_CHARS} characters"
        )
    records = Records.open(settings.records_url, settings.double_review)
    try:
        name = prepared(settings, say)
        before = in_use_before(settings, name)
        gate = asked(records, open_assistant(settings, name), before)
        _print(gate)
        admit(settings, records, gate, override)
    finally:
        records.close()
    typer.echo(f"index generation {name} is {'published' if gate.new else 'published already'}")


def _print(gate: Gate) -> None:
    for row in gate.failing:
        typer.echo(f"{row.case_id}: {row.question}\n  {row.why}")
    for difference in gate.differences:
        typer.echo(f"{difference.question}\n  - {_indented(difference.old)}\n  + {_indented(difference.new)}")


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
