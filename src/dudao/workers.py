"""Items through several processes, in order; one in which a process dies is that item's failure and nobody else's."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

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
    """
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    def pool(size: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(min(size, os.cpu_count() or 1), initializer=_keep, initargs=(work, held))

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
                    result = alone.submit(_kept, item).result()
                except BrokenProcessPool:
                    result = died(item)
            yield result


_END: Any = object()
_holding: tuple[Callable[[Any, Any], Any], Any] | None = None


def _keep(work: Callable[[Any, Any], Any], held: Any) -> None:
    global _holding
    _holding = work, held


def _kept(item: Any) -> Any:
    assert _holding is not None
    work, held = _holding
    return work(held, item)
