"""The exceptions that users see. A message says what went wrong, where, and what to do next."""

from __future__ import annotations


class DudaoError(Exception):
    """Base of every error that dudao raises on purpose.

    Parameters
    ----------
    what : str
        What went wrong.
    where : str, optional
        The file, line, version or argument concerned.
    hint : str, optional
        What to do next.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        head = f"{where}: {what}" if where else what
        super().__init__(f"{head} ({hint})" if hint else head)

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling of exceptions, and errors cross process borders.
        return (_rebuild, (type(self), self.what, self.where, self.hint))


def _rebuild(kind: type[DudaoError], what: str, where: str, hint: str) -> DudaoError:
    return kind(what, where=where, hint=hint)


class ReadError(DudaoError):
    """A report could not be read."""


class TaxonomyError(DudaoError):
    """A taxonomy file breaks its own rules."""


class SchemeError(DudaoError):
    """A scheme file is missing or breaks its own rules."""


class CorpusError(DudaoError):
    """Labelled records are missing or malformed."""


class ModelError(DudaoError):
    """A model version is missing, damaged or not to be trusted."""


class TrainingError(DudaoError):
    """Training cannot go on with what it was given."""
