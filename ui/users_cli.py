"""`binhdan users`: the accounts of trainers, evaluators and administrators."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from rag.roles import Role

app = typer.Typer(help="Accounts of trainers, evaluators and administrators.", no_args_is_help=True)
_OPERATOR = "operator"  # who decided, in the audit trail
Home = Annotated[Path | None, typer.Option("--home", help="Folder of run-time data (BINHDAN_HOME).")]
Name = Annotated[str, typer.Argument(help="Name that signs in.")]
Locality = Annotated[str | None, typer.Option(help="Id of the locality it looks after; '' is everywhere.")]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.TRAINER,
    shown: Annotated[str, typer.Option(help="Name that others read.")] = "",
    locality: Locality = None,
    home: Home = None,
) -> None:
    """Make an account and print its first password, which must be changed at the first sign-in."""
    with _accounts(home) as accounts:
        user, password = accounts.add(_OPERATOR, name, shown, role, locality or None)
    typer.echo(f"{user.name}\t{password}")


@app.command("list")
def list_all(home: Home = None) -> None:
    """List name, role, locality, state and the name that others read."""
    with _accounts(home) as accounts:
        for user in accounts.all():
            state = "disabled" if user.disabled else "first password" if user.must_change else "active"
            typer.echo("\t".join((user.name, user.role, user.locality_id or "everywhere", state, user.shown)))


@app.command()
def change(
    name: Name,
    role: Annotated[Role | None, typer.Option(help="What it may do.")] = None,
    locality: Locality = None,
    home: Home = None,
) -> None:
    """Change what an account may do, or where."""
    with _accounts(home) as accounts:
        user = accounts.change(_OPERATOR, name, role, locality)
    typer.echo(f"{user.name} is {user.role} of {user.locality_id or 'everywhere'}")


@app.command()
def disable(name: Name, home: Home = None) -> None:
    """Refuse an account from now on; its sessions end."""
    with _accounts(home) as accounts:
        accounts.change(_OPERATOR, name, disabled=True)
    typer.echo(f"{name} is disabled")


@app.command()
def enable(name: Name, home: Home = None) -> None:
    """Let a disabled account sign in again."""
    with _accounts(home) as accounts:
        accounts.change(_OPERATOR, name, disabled=False)
    typer.echo(f"{name} is enabled")


@app.command()
def reset(name: Name, home: Home = None) -> None:
    """Print a new first password for an account and lift its lock."""
    with _accounts(home) as accounts:
        typer.echo(f"{name}\t{accounts.reset(_OPERATOR, name)}")


@contextmanager
def _accounts(home: Path | None) -> Iterator:
    from rag.records import Records
    from rag.settings import load_settings

    records = Records.open(load_settings(home=home).records_url)
    try:
        yield records.accounts
    finally:
        records.close()
