"""How far a file has come. Imports nothing, so that the command line can name the states without the database."""

from enum import StrEnum


class DocumentState(StrEnum):
    """How far a file has come; `PROPOSED` ones wait for a second person or are served (the corpus in use knows)."""

    WAITING = "waiting"
    PROPOSED = "proposed"
    SET_ASIDE = "set-aside"
    REFUSED = "refused"
