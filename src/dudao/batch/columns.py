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


def tag_texts(texts: Sequence[str], tagger: Tagger) -> list[Row]:
    """What is added to each of some texts, in their order."""
    return [
        Row(
            list(tag.domains),
            tag.primary,
            [round(tag.score(domain), 4) for domain in tag.domains],
            tag.role,
            tag.uncertain,
        )
        for tag in tagger.tag(texts)
    ]


def tag_record_batches(batches: Iterable[Any], tagger: Tagger, *, text_column: str = "text") -> Iterator[Any]:
    """Tag Arrow record batches as they come; rows without a text keep their place, with nulls.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Each with a column of texts.
    tagger : Tagger
        The loaded model.
    text_column : str
        Name of the column.

    Yields
    ------
    pyarrow.RecordBatch
        The input's columns, then `ADDED`: list of string, string, list of float, string, bool.

    Raises
    ------
    DudaoError
        The column is missing or holds no strings, or one of `ADDED` is there already.
    """
    for batch in batches:
        check_schema(batch.schema, text_column)
        yield tag_record_batch(batch, tagger, text_column)


def tag_record_batch(batch: Any, tagger: Tagger, text_column: str) -> Any:
    """One record batch with the added columns."""
    import pyarrow as pa

    texts = batch.column(text_column).to_pylist()
    given = iter(tag_texts([text for text in texts if text is not None], tagger))
    rows = [next(given) if text is not None else None for text in texts]
    arrays = [
        pa.array([row[number] if row is not None else None for row in rows], type=field.type)
        for number, field in enumerate(added_fields())
    ]
    schema = batch.schema
    for field in added_fields():
        schema = schema.append(field)
    return pa.RecordBatch.from_arrays([*batch.columns, *arrays], schema=schema)


def added_fields() -> list[Any]:
    """The Arrow fields of `ADDED`."""
    import pyarrow as pa

    types = (pa.list_(pa.string()), pa.string(), pa.list_(pa.float64()), pa.string(), pa.bool_())
    return [pa.field(name, kind) for name, kind in zip(ADDED, types, strict=True)]


def check_schema(schema: Any, text_column: str, *, where: str = "") -> None:
    """Refuse a table without the column, with another kind of column, or with one that tagging adds."""
    import pyarrow as pa

    check_names(schema.names, text_column, where=where)
    kind = schema.field(text_column).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise DudaoError(
            f"column {text_column!r} holds {kind}, not text", where=where, hint="name another with --text-column"
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
