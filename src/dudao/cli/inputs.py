"""The reports that a command's paths stand for, tagged, with a bar where there is something to wait for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dudao.cli.common import console, say
from dudao.errors import DudaoError, ReadError
from dudao.language import Translate
from dudao.readers import find_reports, holds_many, read_documents

if TYPE_CHECKING:
    from dudao.document import Document, TaggedReport
    from dudao.tagger import Tagger


class Inputs:
    """What the paths of a command line stand for: files, archives, folders, ``-`` for standard input.

    Attributes
    ----------
    many : bool
        Whether there can be more than one report.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._stdin = sys.stdin.buffer.read() if "-" in paths else b""
        self._sources: list[tuple[str, list[Path] | None]] = [
            (path, list(find_reports(path)) if path != "-" else None) for path in paths
        ]
        self.many = len(paths) > 1 or any(holds_many(self._stdin if path == "-" else path) for path in paths)

    def tagged(
        self, tagger: Tagger, *, explain: bool = False, jobs: int = 1, tell: bool = True, t: Translate
    ) -> Iterator[TaggedReport | DudaoError]:
        """The reports in order, errors as values.

        A report that leaves what the model knows is told on standard error too, where ``tell`` is set: a table has no place for it.
        """
        total = sum(len(files) for _, files in self._sources if files is not None)
        results = _with_progress(self._results(tagger, explain=explain, jobs=jobs), total, t)
        return _told(results, t) if tell else results

    def documents(self) -> Iterator[Document | ReadError]:
        """What was read, in order, errors as values."""
        for path, files in self._sources:
            if files is None:
                yield from read_documents(self._stdin, name="<stdin>")
            elif not files:
                yield no_report_in(path)
            else:
                for file in files:
                    yield from read_documents(file)

    def _results(self, tagger: Tagger, *, explain: bool, jobs: int) -> Iterator[TaggedReport | DudaoError]:
        for path, files in self._sources:
            if files is None:
                yield from tagger.tag_all(self._stdin, name="<stdin>", explain=explain)
            elif not files:
                yield no_report_in(path)
            else:
                yield from tagger.tag_many(files, jobs=jobs, explain=explain)


def no_report_in(path: str) -> ReadError:
    """What to say of a folder or an archive without one."""
    return ReadError("no report in the folder", where=path, hint="`dudao tag --help` names the formats")


def _told(results: Iterator[TaggedReport | DudaoError], t: Translate) -> Iterator[TaggedReport | DudaoError]:
    for result in results:
        if not isinstance(result, DudaoError):
            for report in result.reports:
                if report.drift and report.drift.beyond:
                    from dudao.render.drift import drift_warnings

                    for warning in drift_warnings(report.drift, t):
                        say(f"! {report.source}: {warning}")
        yield result


def _with_progress(
    results: Iterator[TaggedReport | DudaoError], total: int, t: Translate
) -> Iterator[TaggedReport | DudaoError]:
    """The same results, with a bar on standard error where that is a terminal and there is something to wait for."""
    if total < 5 or not sys.stderr.isatty():
        yield from results
        return
    from rich.progress import track

    yield from track(results, total=total, description=t("tagging", "标注中"), console=console(sys.stderr))
