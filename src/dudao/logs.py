"""What happens, told to the standard `logging`: a line to read, and the same as fields for whoever keeps records as JSON.

Loggers are called ``dudao.…``. Nothing is set up here: without a handler of the application's own, nothing is written.
"""

from __future__ import annotations

import logging


def tell(logger: logging.Logger, level: int, event: str, *, exc_info: bool = False, **fields: object) -> None:
    """Log an event with its fields.

    Parameters
    ----------
    logger : Logger
        Where to.
    level : int
        As in `logging`.
    event : str
        What happened, the same words each time.
    exc_info : bool
        Add the traceback of the exception that is being handled.
    **fields : object
        What it happened to. The message is ``event: name=value …``; the record's attribute ``dudao`` holds
        ``{"event": event, name: value, …}``.
    """
    if not logger.isEnabledFor(level):
        return
    said = " ".join(f"{name}={value}" for name, value in fields.items())
    logger.log(
        level,
        "%s: %s" if said else "%s%s",
        event,
        said,
        exc_info=exc_info,
        extra={"dudao": {"event": event, **fields}},
        stacklevel=2,
    )
