"""The files of `run_batch`: how a table is cut into pieces, how a piece is tagged and written, how pieces make a table again.

JSON lines need nothing but the standard library; Parquet needs pyarrow, the extra ``batch``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from dudao.batch.columns import ADDED, added_fields, check_names, check_schema, tag_record_batch, tag_texts
from dudao.drift import Tally, tally
from dudao.errors import DudaoError

if TYPE_CHECKING:
    from dudao.tagger import Tagger

SUFFIXES = (".jsonl", ".parquet")
_PIECE_ROWS = 4000  # rows tagged and written as one: a quarter of a second's work, lost at most when a run is killed
_PIECE_BYTES = 8_000_000
_LONGEST_LINE = 50_000_000
_LOOKED_AT = 100  # rows of a piece whose words are counted: 4,000 words, 1.5% of the time


class Piece(NamedTuple):
    """Some rows of the input, as they lie in the file: lines of JSON, or an Arrow record batch."""

    number: int
    first: int
    rows: Any
    done: float  # share of the input that is read once this piece is


class Rejected(NamedTuple):
    """A row that could not be tagged: its line (JSON lines, from 1) or row (Parquet, from 1), and why."""

    line: int
    reason: str


def require(suffix: str) -> None:
    """Refuse Parquet where pyarrow is missing."""
    if suffix == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise DudaoError(
                "Parquet needs pyarrow, which is not installed", hint="pip install 'dudao[batch]'"
            ) from None


def pieces(source: Path, text_column: str) -> Iterator[Piece]:
    """Cut the input into pieces, the same ones each time.

    Raises
    ------
    DudaoError
        The file cannot be read, or has no such column.
    """
    return _parquet_pieces(source, text_column) if source.suffix == ".parquet" else _line_pieces(source, text_column)


def _line_pieces(source: Path, text_column: str) -> Iterator[Piece]:
    with open(source, "rb") as file:
        size = max(1, source.stat().st_size)
        number, first, line_number = 0, 1, 0
        lines: list[bytes] = []
        held = 0
        while line := file.readline(_LONGEST_LINE + 1):
            line_number += 1
            if len(line) > _LONGEST_LINE:
                line = line[: _LONGEST_LINE + 1]
                while not line.endswith(b"\n") and (rest := file.readline(_LONGEST_LINE)):
                    if rest.endswith(b"\n"):
                        break
            lines.append(line if line_number > 1 else line.removeprefix(b"\xef\xbb\xbf"))
            held += len(line)
            if len(lines) >= _PIECE_ROWS or held >= _PIECE_BYTES:
                yield Piece(number, first, lines, file.tell() / size)
                number, first, lines, held = number + 1, line_number + 1, [], 0
        if lines:
            yield Piece(number, first, lines, 1.0)


def _parquet_pieces(source: Path, text_column: str) -> Iterator[Piece]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(source) as table:
            check_schema(table.schema_arrow, text_column, where=str(source))
            first = 0
            for number, batch in enumerate(table.iter_batches(batch_size=_PIECE_ROWS)):
                first += batch.num_rows
                yield Piece(number, first - batch.num_rows + 1, batch, first / max(1, table.metadata.num_rows))
    except pa.ArrowException as error:
        raise DudaoError(f"not a Parquet file: {error}", where=str(source), hint="the file may be cut short") from error


def check_first(piece: Piece, text_column: str, source: Path) -> None:
    """Refuse JSON lines of which no record in the first piece has the column, or whose columns tagging would overwrite."""
    if source.suffix == ".parquet":
        return
    records = [record for record, _ in _records(piece.rows, piece.first) if record is not None]
    wanted = [record for record in records if text_column in record] or records[:1]
    for record in wanted[:1]:
        check_names(list(record), text_column, where=str(source))


def _records(lines: Sequence[bytes], first: int) -> Iterator[tuple[dict[str, Any] | None, Rejected | None]]:
    """The record of each line, or why it is none; blank lines are passed over."""
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        reason = ""
        try:
            if len(line) > _LONGEST_LINE:
                raise ValueError(f"longer than {_LONGEST_LINE:,} bytes")
            record = json.loads(line.decode("utf-8"))
            if isinstance(record, dict):
                yield record, None
                continue
            reason = "not a JSON object"
        except UnicodeDecodeError:
            reason = "not UTF-8"
        except (ValueError, RecursionError) as error:
            reason = f"not JSON: {error}" if isinstance(error, json.JSONDecodeError) else str(error)
        yield None, Rejected(number, reason)


def _usable(lines: Sequence[bytes], first: int, text_column: str) -> tuple[list[dict[str, Any]], list[Rejected]]:
    records, rejected = [], []
    for number, line in enumerate(lines, first):
        for record, bad in _records([line], number):
            if record is None:
                assert bad is not None
                rejected.append(bad)
            elif not isinstance(record.get(text_column), str):
                what = "is no text" if text_column in record else "is missing"
                rejected.append(Rejected(number, f"column {text_column!r} {what}"))
            elif any(name in record for name in ADDED):
                rejected.append(Rejected(number, f"has {', '.join(set(ADDED) & set(record))} already"))
            else:
                records.append(record)
    return records, rejected


def tag_piece(
    piece: Piece, tagger: Tagger, text_column: str, out: BinaryIO, suffix: str
) -> tuple[int, list[Rejected], Tally]:
    """Tag a piece and write it as JSON lines or as a Parquet table.

    Returns
    -------
    tuple of int, list of Rejected, Tally
        How many rows were written, those that were not, and how far a sample of them is from what the model knows.
    """
    if isinstance(piece.rows, list):
        records, rejected = _usable(piece.rows, piece.first, text_column)
        rows = tag_texts([record[text_column] for record in records], tagger)
        tagged = [{**record, **row._asdict()} for record, row in zip(records, rows, strict=True)]
        counted = _tally([record[text_column] for record in records], [row.uncertain for row in rows], tagger)
        if suffix == ".jsonl":
            out.writelines(map(_json_line, tagged))
        else:
            tagged, odd = _write_records(records, tagged, out)
            rejected += odd
        return len(tagged), rejected, counted
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    missing = pc.is_null(piece.rows.column(text_column))
    rejected = [
        Rejected(piece.first + int(row), f"column {text_column!r} is null")
        for row in pc.indices_nonzero(missing).to_pylist()
    ]
    batch = tag_record_batch(piece.rows.filter(pc.invert(missing)), tagger, text_column)
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_batches([batch]), out)
    else:
        out.writelines(map(_json_line, batch.to_pylist()))
    counted = _tally(batch.column(text_column).to_pylist(), batch.column("uncertain").to_pylist(), tagger)
    return batch.num_rows, rejected, counted


def _tally(texts: Sequence[str], uncertain: Sequence[bool], tagger: Tagger) -> Tally:
    """What a piece adds to the table's drift: the flags of all rows, the words of some, evenly taken."""
    return tally(texts[:: -(-len(texts) // _LOOKED_AT) or 1], uncertain, tagger.classifier)


def _json_line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, ensure_ascii=False, default=str)
    try:
        return (text + "\n").encode()
    except UnicodeEncodeError:  # a lone surrogate, which only its escape can carry
        return (json.dumps(record, default=str) + "\n").encode()


def _write_records(
    records: Sequence[dict[str, Any]], tagged: Sequence[dict[str, Any]], out: BinaryIO
) -> tuple[list[dict[str, Any]], list[Rejected]]:
    """JSON records as a Parquet table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(name for record in records for name in record))
    try:
        columns = {name: pa.array([record.get(name) for record in records]) for name in names}
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        raise DudaoError(
            f"these records make no table: {error}", hint="give an output that ends in .jsonl, which takes every record"
        ) from error
    for field in added_fields():
        columns[field.name] = pa.array([record[field.name] for record in tagged], type=field.type)
    pq.write_table(pa.table(columns), out)
    return list(tagged), []


def join(parts: Sequence[Path], out: Path, source: Path) -> None:
    """Put the written pieces together, in their order, without holding more than one."""
    if out.suffix != ".parquet":
        with open(out, "wb") as whole:
            for part in parts:
                with open(part, "rb") as file:
                    shutil.copyfileobj(file, whole, 1 << 20)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schemas = [pq.read_schema(part) for part in parts] or [_schema_of(source)]
        schema = pa.unify_schemas(schemas, promote_options="permissive")
        with pq.ParquetWriter(out, schema) as writer:
            for part in parts:
                writer.write_table(_fitted(pq.read_table(part), schema))
    except pa.ArrowException as error:
        raise DudaoError(
            f"these records make no table: {error}", hint="give an output that ends in .jsonl, which takes every record"
        ) from error


def _schema_of(source: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields: Iterable[Any] = pq.read_schema(source) if source.suffix == ".parquet" else ()
    return pa.schema([*fields, *added_fields()])


def _fitted(table: Any, schema: Any) -> Any:
    """A table with all columns of a schema, nulls where it has none."""
    import pyarrow as pa

    columns = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
