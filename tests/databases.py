"""Databases for tests: a PostgreSQL server of the test run's own, on a socket in its folder."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa


@contextlib.contextmanager
def postgres_server():
    """Start a server; yield the URL of its first database."""
    found = [shutil.which("initdb"), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))]
    if not any(found):
        pytest.skip("PostgreSQL is missing: apt-get install postgresql")
    binaries = Path(next(filter(None, found))).resolve().parent
    # The server refuses to run as root; Debian's package comes with a user for it.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def run(name, *args):
        subprocess.run([*as_user, binaries / name, *args], check=True, capture_output=True, cwd="/")

    with tempfile.TemporaryDirectory() as name:
        (folder := Path(name)).chmod(0o777)
        data = folder / "data"
        run("initdb", "-D", data, "-A", "trust", "-U", "postgres")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")


def new_database(server, name):
    """Make an empty database in a server; return its URL."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")
