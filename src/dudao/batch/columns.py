"""Texts to the columns that tagging adds, as plain lists and as Arrow data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dudao.errors import DudaoError

if TYPE_CHECKING:
    from dudao.tagger import Tagger

ADDED = ("domains", "primary", "scores", "role", "uncertain")


class Row(NamedTuple):
    """What tagging adds to one text, in the order of `ADDED`; ``scores`` are those of ``domains``."""

    domains: list[str]
    primary: str
    scores: list[float]
    role: str
    uncertain: bool


def tag_texts(texts: Sequence[str], tagger: Tagger, *, headings: Sequence[Sequence[str]] | None = None) -> list[Row]:
    """What is added to each of some texts, in their order; ``headings`` as in `Tagger.tag`."""
    return [
        Row(
            list(tag.domains),
            tag.primary,
            [round(tag.score(domain), 4) for domain in tag.domains],
            tag.role,
            tag.uncertain,
        )
        for tag in tagger.tag(texts, headings)
    ]


def tag_record_batches(
    batches: Iterable[Any], tagger: Tagger, *, text_column: str = "text", heading_column: str | None = None
) -> Iterator[Any]:
    """Tag Arrow record batches as they come; rows without a text keep their place, with nulls.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Each with a column of texts.
    tagger : Tagger
        The loaded model.
    text_column : str
        Name of the column.
    heading_column : str, optional
        Name of a column with each text's heading path, outermost first: lists of strings, or strings, each one heading.

    Yields
    ------
    pyarrow.RecordBatch
        The input's columns, then those of `schema`.

    Raises
    ------
    DudaoError
        A column is missing or holds something else, or one of `ADDED` is there already.
    """
    for batch in batches:
        check_schema(batch.schema, text_column, heading_column=heading_column)
        yield tag_record_batch(batch, tagger, text_column, heading_column)


def tag_record_batch(batch: Any, tagger: Tagger, text_column: str, heading_column: str | None = None) -> Any:
    """One record batch with the added columns."""
    import pyarrow as pa

    texts = batch.column(text_column).to_pylist()
    there = [number for number, text in enumerate(texts) if text is not None]
    headings = None
    if heading_column is not None:
        paths = batch.column(heading_column).to_pylist()
        headings = [_path(paths[number]) for number in there]
    rows: list[Row | None] = [None] * len(texts)
    for number, row in zip(there, tag_texts([texts[n] for n in there], tagger, headings=headings), strict=True):
        rows[number] = row
    arrays = [
        pa.array([row[number] if row is not None else None for row in rows], type=field.type)
        for number, field in enumerate(added_fields())
    ]
    whole = pa.schema([*batch.schema, *added_fields()], metadata=batch.schema.metadata)
    return pa.RecordBatch.from_arrays([*batch.columns, *arrays], schema=whole)


def _path(headings: str | Sequence[str | None] | None) -> tuple[str, ...]:
    """A heading path from what a cell holds."""
    if isinstance(headings, str):
        headings = [headings]
    return tuple(heading for heading in headings or () if heading)


def schema() -> Any:
    """The Arrow schema of what tagging adds to a table.

    Returns
    -------
    pyarrow.Schema
        ``domains`` list of string, best first; ``primary`` string, the domain that holds most of the text; ``scores`` list of
        double, the calibrated probabilities of ``domains``; ``role`` string; ``uncertain`` bool.
    """
    import pyarrow as pa

    return pa.schema(added_fields())


def added_fields() -> list[Any]:
    """The Arrow fields of `ADDED`."""
    import pyarrow as pa

    types = (pa.list_(pa.string()), pa.string(), pa.list_(pa.float64()), pa.string(), pa.bool_())
    return [pa.field(name, kind) for name, kind in zip(ADDED, types, strict=True)]


def check_schema(schema: Any, text_column: str, *, heading_column: str | None = None, where: str = "") -> None:
    """Refuse a table without the columns, with other kinds of columns, or with one that tagging adds."""
    import pyarrow as pa

    def is_text(kind: Any) -> bool:
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))

    check_names(schema.names, text_column, where=where)
    kind = schema.field(text_column).type
    if not is_text(kind):
        raise DudaoError(
            f"column {text_column!r} holds {kind}, not text", where=where, hint="name another with --text-column"
        )
    if heading_column is None:
        return
    if heading_column not in schema.names:
        raise DudaoError(f"no column {heading_column!r}; there is {', '.join(schema.names)}", where=where)
    kind = schema.field(heading_column).type
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    if not is_text(inner):
        raise DudaoError(
            f"column {heading_column!r} holds {kind}, not headings",
            where=where,
            hint="headings are strings, or lists of strings with the outermost first",
        )


def check_names(names: Sequence[str], text_column: str, *, where: str = "") -> None:
    """Refuse columns among which the text is missing, or one that tagging adds is not."""
    if text_column not in names:
        raise DudaoError(
            f"no column {text_column!r}; there is {', '.join(map(str, names)) or 'none'}",
            where=where,
            hint="name the column of texts with --text-column",
        )
    taken = [name for name in ADDED if name in names]
    if taken:
        raise DudaoError(
            f"column {', '.join(taken)} is there already", where=where, hint="rename it: tagging adds one of that name"
        )
