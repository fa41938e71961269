"""What happens, told to the standard `logging`: a line to read, and the same as fields for whoever keeps records as JSON.

Loggers are called ``dudao.…``. Nothing is set up here: without a handler of the application's own, nothing is written.
"""

from __future__ import annotations

import sys
from typing import Literal


def tell(
    name: str, level: Literal["INFO", "WARNING", "ERROR"], event: str, *, exc_info: bool = False, **fields: object
) -> None:
    """Log an event with its fields.

    Parameters
    ----------
    name : str
        The logger's, which is that of the module.
    level : str
        As in `logging`.
    event : str
        What happened, the same words each time.
    exc_info : bool
        Add the traceback of the exception that is being handled.
    **fields : object
        What it happened to. The message is ``event: name=value …``; the record's attribute ``dudao`` holds
        ``{"event": event, name: value, …}``.
    """
    # Who has not imported `logging` has set up nothing that would listen; a short command need not import it.
    if (logging := sys.modules.get("logging")) is None:
        return
    top = logging.getLogger("dudao")
    if not top.handlers:
        top.addHandler(logging.NullHandler())  # as `logging` asks of libraries: nothing goes to stderr by itself
    logger, number = logging.getLogger(name), getattr(logging, level)
    if not logger.isEnabledFor(number):
        return
    said = " ".join(f"{key}={value}" for key, value in fields.items())
    logger.log(
        number,
        "%s: %s" if said else "%s%s",
        event,
        said,
        exc_info=exc_info,
        extra={"dudao": {"event": event, **fields}},
        stacklevel=2,
    )
