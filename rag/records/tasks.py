"""What waits for a trainer's eyes: one task a review that is wanted. Inside the caller's transaction."""

from datetime import datetime

import sqlalchemy as sa

from rag.records import tables

FIRST, SECOND, THIRD = 1, 2, 3
# The higher, the sooner: first what a learner called wrong, then what the program itself is least sure of.
URGENT = 9
LAPSED = "lapsed"  # the reason of a task whose approved answer has lapsed
LIKELY_WRONG = {"partial": 4, "declined": 3, "error": 3, "answered": 2, "safety": 2, "clarify": 1}


def add_task(connection: sa.Connection, answer_id: str, stage: int, reason: str, priority: int, now: datetime) -> None:
    """Queue a review of an answer: stage FIRST, SECOND (blind) or THIRD (settles a disagreement)."""
    row = {"answer_id": answer_id, "stage": stage, "reason": reason, "priority": priority, "created_at": now}
    connection.execute(sa.insert(tables.tasks), row)


def raise_priority(connection: sa.Connection, answer_id: str) -> None:
    """Put an answer that a learner called wrong before the others."""
    waiting = (tables.tasks.c.answer_id == answer_id) & tables.tasks.c.done_at.is_(None)
    connection.execute(sa.update(tables.tasks).where(waiting).values(priority=URGENT, reason="unhelpful"))
