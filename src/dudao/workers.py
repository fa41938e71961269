"""Items through several processes, in order; one in which a process dies is that item's failure and nobody else's."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from dudao.errors import DudaoError

_AHEAD = 4  # items a process may be ahead of the reader, so that a slow consumer does not fill the memory

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Any, Item], Result],
    items: Iterable[Item],
    *,
    held: Any,
    jobs: int,
    died: Callable[[Item], Result],
) -> Iterator[Result]:
    """Do some work on each item in other processes.

    Parameters
    ----------
    work : callable
        A module's function, called with what is held and the item.
    items : iterable
        Taken as they are needed.
    held : object
        Sent once to each process.
    jobs : int
        Processes, at most one a processor.
    died : callable
        What stands for an item in which the process died (killed, out of memory, a crash in a parser).

    Yields
    ------
    object
        What ``work`` or ``died`` gave, in the order of the items.

    Raises
    ------
    DudaoError
        No process can be started.
    """
    with _parcel(work, held) as parcel:
        yield from _in_order(parcel, items, jobs, died)


def _in_order(parcel: Parcel, items: Iterable[Item], jobs: int, died: Callable[[Item], Result]) -> Iterator[Result]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    def pool(size: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(min(size, os.cpu_count() or 1), initializer=_keep, initargs=(parcel,))

    tried = False
    queue = iter(items)
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    while True:
        with pool(jobs) as workers:
            try:
                waiting = deque((item, workers.submit(_kept, item)) for item, _ in waiting)
                while True:
                    while len(waiting) < jobs * _AHEAD and (more := next(queue, _END)) is not _END:
                        waiting.append((more, workers.submit(_kept, more)))
                    if not waiting:
                        return
                    result = waiting[0][1].result()
                    waiting.popleft()
                    yield result
            except BrokenProcessPool:
                workers.shutdown(cancel_futures=True)
        # Nobody knows in which item a process died. The first of those that wait is tried by itself, then the others go on.
        if waiting:
            item, _ = waiting.popleft()
            with pool(1) as alone:
                try:
                    if not tried:
                        alone.submit(os.getpid).result()
                        tried = True
                except BrokenProcessPool:
                    raise DudaoError(
                        "worker processes do not start",
                        hint="where processes are not forked, a script starts under if __name__ == '__main__':; else give jobs=1",
                    ) from None
                try:
                    result = alone.submit(_kept, item).result()
                except BrokenProcessPool:
                    result = died(item)
            yield result


Work = tuple[Callable[[Any, Any], Any], Any]
Parcel = Work | Path
_END: Any = object()
_holding: Work | None = None


@contextlib.contextmanager
def _parcel(work: Callable[[Any, Any], Any], held: Any) -> Iterator[Parcel]:
    """What a new process is given: the work itself where it is a fork, else a private file that holds it.

    A spawned process is told what it is given through a pipe of 64 KB, and where it dies before it has read all of it, as it does
    in a script that does not guard its main part, the process that writes waits for ever.
    """
    import multiprocessing

    if multiprocessing.get_start_method() == "fork":
        yield work, held
        return
    import pickle
    import tempfile

    with tempfile.TemporaryDirectory(prefix="dudao-") as folder:
        path = Path(folder) / "work.pickle"
        path.write_bytes(pickle.dumps((work, held)))
        yield path


def _keep(parcel: Parcel) -> None:
    import pickle

    global _holding
    _holding = pickle.loads(parcel.read_bytes()) if isinstance(parcel, Path) else parcel


def _kept(item: Any) -> Any:
    assert _holding is not None
    work, held = _holding
    return work(held, item)
