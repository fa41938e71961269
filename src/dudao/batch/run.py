"""One run over a file: pieces tagged in any order by any number of processes, put together in theirs, never twice.

Each finished piece is a file in ``OUT.parts/``, written under another name and renamed; what is there when a run starts is not done
again. The output appears, whole, when the last piece is there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dudao.batch import formats
from dudao.batch.formats import Piece, Rejected
from dudao.document import Drift
from dudao.drift import Tally, judge_drift
from dudao.errors import DudaoError
from dudao.files import replacing, sweep
from dudao.workers import in_order

if TYPE_CHECKING:
    from dudao.tagger import Tagger


class Summary(NamedTuple):
    """What a run came to."""

    rows: int
    rejected: int
    resumed: int  # rows of an earlier run that were not done again
    drift: Drift  # how far the table is from what the model was trained on, by a sample of its rows


class Progress(NamedTuple):
    """How far a run is: rows done in all, rows of them that an earlier run did, share of the input."""

    rows: int
    resumed: int
    share: float


SUMMARY_SCHEMA = "dudao.batch/1"


class _Job(NamedTuple):
    folder: Path
    text_column: str
    suffix: str

    def path(self, number: int, kind: str) -> Path:
        return self.folder / f"{number:06d}.{kind}"

    def done(self, number: int) -> dict[str, Any] | None:
        """What is written down of a finished piece."""
        try:
            entry: dict[str, Any] = json.loads(self.path(number, "json").read_bytes())
        except FileNotFoundError:
            return None
        return entry

    def run(self, piece: Piece, tagger: Tagger) -> dict[str, Any]:
        """Tag a piece; its ``.json`` is written last and says that all of it is there."""
        with replacing(self.path(piece.number, "out")) as file:
            rows, rejected, counted = formats.tag_piece(piece, tagger, self.text_column, file, self.suffix)
        with replacing(self.path(piece.number, "rejected")) as file:
            file.writelines(_rejected_line(each) for each in rejected)
        entry = {"rows": rows, "rejected": len(rejected), "tally": counted.to_dict()}
        with replacing(self.path(piece.number, "json")) as file:
            file.write(json.dumps(entry).encode())
        return entry


def run_batch(
    source: str | Path,
    out: str | Path,
    tagger: Tagger,
    *,
    text_column: str = "text",
    jobs: int = 1,
    progress: Callable[[Progress], None] = lambda state: None,
) -> Summary:
    """Tag a table of texts, ``.jsonl`` or ``.parquet``, into another.

    Parameters
    ----------
    source, out : path
        The suffix of each says its format. ``out`` is replaced as a whole when all is done; rows that could not be tagged are
        told in ``OUT.rejected.jsonl``. ``OUT.summary.json`` says what the run came to.
    tagger : Tagger
        The loaded model.
    text_column : str
        Which column holds the texts.
    jobs : int
        Processes to use, at most one a processor.
    progress : callable
        Told how far the run is, after each piece.

    Returns
    -------
    Summary

    Raises
    ------
    DudaoError
        Input missing, unreadable or without the column, output not writable, or pieces of another run in the way.
    """
    source, out = Path(source), Path(out)
    _check(source, out)
    job = _Job(out.with_name(out.name + ".parts"), text_column, out.suffix)
    try:
        _open_folder(job, source, tagger)
        summary, count = _all_pieces(job, source, tagger, jobs, progress)
        _finish(job, source, out, count, summary, tagger)
    except OSError as error:
        where = str(error.filename or out)
        hint = "check space and permissions"
        raise DudaoError(f"cannot be written or read: {error.strerror or error}", where=where, hint=hint) from error
    return summary


def _check(source: Path, out: Path) -> None:
    for path in (source, out):
        if path.suffix not in formats.SUFFIXES:
            raise DudaoError(
                f"format {path.suffix or 'without a suffix'} is not known here",
                where=str(path),
                hint="tables are .jsonl or .parquet files",
            )
        formats.require(path.suffix)
    if not source.is_file():
        raise DudaoError("no such file", where=str(source), hint="check the path")
    if out.exists() and out.samefile(source):
        raise DudaoError("input and output are the same file", where=str(out), hint="give the output another name")


def _open_folder(job: _Job, source: Path, tagger: Tagger) -> None:
    """Make the folder of pieces, or take up the one that is there where it is of the same run."""
    status = source.stat()
    identity = {
        "source": str(source.resolve()),
        "size": status.st_size,
        "modified": status.st_mtime_ns,
        "text_column": job.text_column,
        "output": job.suffix,
        "model": tagger.model.sha256,
    }
    job.folder.mkdir(exist_ok=True)
    said = job.folder / "run.json"
    if said.exists():
        if json.loads(said.read_bytes()) != identity:
            raise DudaoError(
                "holds pieces of another run: of other input, another column or another model",
                where=str(job.folder),
                hint="finish that run with what it was started with, or delete the folder",
            )
    else:
        with replacing(said) as file:
            file.write(json.dumps(identity, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    sweep(job.folder)


def _all_pieces(
    job: _Job, source: Path, tagger: Tagger, jobs: int, progress: Callable[[Progress], None]
) -> tuple[Summary, int]:
    rows = rejected = resumed = count = 0
    counted = Tally()
    for piece, entry, old in _entries(job, source, tagger, jobs):
        count += 1
        rows += entry["rows"]
        rejected += entry["rejected"]
        resumed += entry["rows"] if old else 0
        if "tally" in entry:  # pieces of a run that dudao 0.2 began have none
            counted.add(Tally.from_dict(entry["tally"]))
        progress(Progress(rows, resumed, piece.done))
    return Summary(rows, rejected, resumed, judge_drift(counted, tagger.reference, alone=True)), count


def _entries(job: _Job, source: Path, tagger: Tagger, jobs: int) -> Iterator[tuple[Piece, dict[str, Any], bool]]:
    """What became of each piece, in order, and whether an earlier run did it."""

    def waiting() -> Iterator[Piece]:
        for piece in formats.pieces(source, job.text_column):
            if piece.number == 0:
                formats.check_first(piece, job.text_column, source)
            yield piece._replace(rows=None) if job.done(piece.number) else piece

    if jobs <= 1:
        yield from (_done_or_run((job, tagger), piece) for piece in waiting())
        return

    def died(piece: Piece) -> tuple[Piece, dict[str, Any], bool]:
        raise DudaoError(
            f"a worker process died in the rows from {piece.first:,} on; what was done is kept",
            where=str(source),
            hint="run the same command again, with fewer --jobs if memory is short",
        )

    tagger.classifier.prepare()
    yield from in_order(_done_or_run, waiting(), held=(job, tagger), jobs=jobs, died=died)


def _done_or_run(held: tuple[_Job, Tagger], piece: Piece) -> tuple[Piece, dict[str, Any], bool]:
    job, tagger = held
    entry = job.done(piece.number)
    return piece._replace(rows=None), entry or job.run(piece, tagger), entry is not None


def _finish(job: _Job, source: Path, out: Path, count: int, summary: Summary, tagger: Tagger) -> None:
    """Put the pieces together; killed here, the next run does only this again."""
    whole = job.folder / f"whole{out.suffix}"
    formats.join([job.path(number, "out") for number in range(count)], whole, source)
    beside = out.with_name(out.name + ".rejected.jsonl")
    if summary.rejected:
        with replacing(job.folder / "rejected.jsonl") as file:
            for number in range(count):
                file.write(job.path(number, "rejected").read_bytes())
        os.replace(job.folder / "rejected.jsonl", beside)
    else:
        beside.unlink(missing_ok=True)
    with replacing(out.with_name(out.name + ".summary.json")) as file:
        file.write(json.dumps(_summary_dict(summary, tagger), ensure_ascii=False, indent=2).encode() + b"\n")
    with open(whole, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(whole, out)
    shutil.rmtree(job.folder)


def _summary_dict(summary: Summary, tagger: Tagger) -> dict[str, Any]:
    return {
        "schema": SUMMARY_SCHEMA,
        **summary._asdict(),
        "drift": summary.drift.to_dict(),
        "model": tagger.model.to_dict(),
    }


def _rejected_line(rejected: Rejected) -> bytes:
    return (json.dumps(rejected._asdict(), ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
