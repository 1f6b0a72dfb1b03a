"""The database door: everything that outlives an answer. `Records` opens it; each noun has a module of its own.

What is stored of learners is masked, and nothing of it could name one.
"""

from rag.records.accounts import Accounts
from rag.records.answers import Answers
from rag.records.audit import Audit
from rag.records.cases import Cases
from rag.records.changes import Changes
from rag.records.classrooms import Classrooms
from rag.records.curated import CuratedAnswers
from rag.records.database import Database
from rag.records.documents import Documents
from rag.records.handovers import Handovers
from rag.records.localities import Localities
from rag.records.movement import Movement
from rag.records.progress import KeptProgress
from rag.records.publications import Publications
from rag.records.reviews import Reviews
from rag.settings import DOUBLE_REVIEW


class Records:
    """An open database, by noun. Safe to use from several threads; each call is one transaction."""

    def __init__(self, database: Database, double_review: float = DOUBLE_REVIEW) -> None:
        self.database = database
        self.answers = Answers(database)
        self.accounts = Accounts(database)
        self.curated = CuratedAnswers(database)
        self.cases = Cases(database)
        self.changes = Changes(database)
        self.publications = Publications(database)
        self.documents = Documents(database)
        self.localities = Localities(database)
        self.movement = Movement(database)
        self.classrooms = Classrooms(database, self.localities)
        self.audit = Audit(database)
        self.handovers = Handovers(database)
        self.progress = KeptProgress(database)
        self.reviews = Reviews(database, double_review)

    @classmethod
    def open(cls, url: str, double_review: float = DOUBLE_REVIEW) -> "Records":
        """Connect and bring the tables up to date. Raises RecordError when the database cannot be used."""
        return cls(Database.open(url), double_review)

    def close(self) -> None:
        """Release every connection."""
        self.database.close()
