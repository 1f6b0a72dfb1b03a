"""Failures an operator must act on. A failure a learner must see is an `AnswerStatus`, not an exception."""


class BinhDanError(Exception):
    """Base of every error of this program; its message is one readable line with the way out."""


class SettingsError(BinhDanError):
    """A setting has a value that cannot be used."""


class CorpusError(BinhDanError):
    """A guide, fact sheet or lexicon cannot be read; the message begins with `path:line:`."""


class IndexStateError(BinhDanError):
    """The index is missing, stale, locked or broken; the message names the command to run."""


class ModelError(BinhDanError):
    """An embedding model cannot be loaded or does not fit the index."""


class SpeechError(BinhDanError):
    """A voice or a recogniser of speech cannot be used; the message says what to install, or what failed."""


class RecordError(BinhDanError):
    """The records database cannot be used."""


class ClassEndedError(RecordError):
    """What belongs to a class came after its end, and is not stored."""


class GateError(BinhDanError):
    """A version may not be published while a regression case fails; the message names the cases and the way out."""


class CaseError(BinhDanError):
    """A line of a batch or test set cannot be read; the message begins with `path:line:`."""


class SpreadsheetError(BinhDanError):
    """A CSV or Excel file that somebody sent cannot be read; the message is one Vietnamese sentence for that person."""

    def __init__(self, message: str, row: int = 1) -> None:
        super().__init__(message)
        self.row = row


class PromptError(BinhDanError):
    """A prompt cannot be read or its placeholders do not fit; the message begins with `path:line:`."""
