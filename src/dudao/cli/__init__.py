"""The command line. One file a command; each is imported only when it is called."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

_WITH_PROCESSES = {"joblib", "multiprocessing", "concurrent.futures.process"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the ``dudao`` command: no traceback reaches a user.

    The process ends without taking apart what it has loaded, a tenth of a short run; all files are closed by then. Where it
    may have processes of its own it ends as usual: idle workers would outlive it and hold its output open for minutes.
    """
    # NumPy's BLAS starts a thread for each processor as it is imported, which waits busily: 60 ms of a short command. Scoring has no
    # product that would gain by them, and training keeps to one so that its digits are the same everywhere.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What a command imports and reads stays: looking through it for garbage, every 700 objects, is a twentieth of a short command.
    gc.set_threshold(100_000)
    status = run(list(sys.argv[1:] if arguments is None else arguments))
    if _WITH_PROCESSES & sys.modules.keys():
        sys.exit(status)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(status)  # as Python ends where nobody reads any more
    os._exit(status)


def run(arguments: list[str]) -> int:
    """See `application.run`; what it needs is imported once `main` has said how."""
    from dudao.cli import application

    return application.run(arguments)
