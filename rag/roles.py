"""What an account may do. Nothing here computes or does I/O."""

from enum import StrEnum


class Role(StrEnum):
    """A learner's account may do nothing that a visitor may not; an administrator's may do everything."""

    LEARNER = "learner"
    TRAINER = "trainer"
    EVALUATOR = "evaluator"
    ADMIN = "admin"
