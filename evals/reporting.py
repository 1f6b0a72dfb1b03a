"""Figures of runs for people: a table on the terminal, and reports as HTML, Markdown and JUnit XML."""

from rich.console import Console
from rich.table import Table

from evals.checks import CHECKS
from evals.runs import Run
from evals.scoring import load_summary


def print_summary(run: Run) -> None:
    """Print a run's figures with their 95 % intervals."""
    summary = load_summary(run)
    console = Console()
    table = Table("check", "mean", "95 % interval", "cases", "unscored", title=f"{run.manifest.name} ({run.manifest.set})")
    for check in CHECKS:
        row = summary["checks"][check.id]
        if row["n"]:
            table.add_row(
                check.id, f"{row['mean']:.3f}", f"{row['low']:.3f} – {row['high']:.3f}", str(row["n"]), str(row["unscored"])
            )
    console.print(table)
