"""Accounts for tests, and browsers without a screen that are signed in with them."""

import re

from starlette.testclient import TestClient

from rag.errors import RecordError
from rag.roles import Role

PASSWORD = "bon tu ghep lai 4"


def person(records, role=Role.TRAINER, name="", locality_id=None):
    """Return an account of a role that has changed its first password to PASSWORD."""
    name = name or f"{role.value}-1"
    try:
        user, _ = records.accounts.add("test", name, name.title(), role, locality_id)
        records.accounts.set_password(user, PASSWORD)
    except RecordError:
        pass  # it is there from an earlier test
    return records.accounts.get(name)


def client(app, records, user=None):
    """Return a client of an application, signed in as `user` if given; its `token` goes into forms."""
    made = TestClient(app, follow_redirects=False)
    made.token = ""
    if user:
        key = records.accounts.sign_in(user)
        made.cookies.set("binhdan", key)
        made.token = records.accounts.session(key).token
    return made


def token_of(page):
    """Return the token in a page's form."""
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]
