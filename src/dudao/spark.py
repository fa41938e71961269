"""Tables and folders of reports on a Spark cluster, by the same functions that do them on one machine.

The model travels with the job, and each Python worker unpacks it once. Needs the extra ``spark``, and dudao on every node.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dudao.batch.columns import check_schema, schema, tag_record_batches
from dudao.batch.reports import UNITS, Unit, report_batches, report_schema
from dudao.document import TaggedReport
from dudao.errors import DudaoError
from dudao.logs import tell
from dudao.readers import SUFFIXES, too_large
from dudao.readers.limits import DEFAULT
from dudao.tagger import Tagger

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["tag_dataframe", "tag_files"]


def tag_dataframe(
    df: DataFrame,
    *,
    text_column: str = "text",
    heading_column: str | None = None,
    model: str | Path | Tagger = "current",
) -> DataFrame:
    """Tag a column of texts.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        Its columns and rows are kept, and their partitions.
    text_column : str
        The column of texts; each text is taken as one paragraph, as in `Tagger.tag`. Rows without a text get nulls.
    heading_column : str, optional
        A column with each text's heading path: arrays of strings, outermost first, or strings, each one heading.
    model : str, path or Tagger
        As in `Tagger.load`, looked for where the driver runs, or a loaded one.

    Returns
    -------
    pyspark.sql.DataFrame
        The columns of ``df``, then ``domains`` array of string, ``primary`` string, ``scores`` array of double, ``role`` string,
        ``uncertain`` boolean: what ``dudao batch`` adds. Nothing is done before an action asks for it.

    Raises
    ------
    DudaoError
        A column is missing or holds something else, a column of the result is there already, or the session is of Spark Connect.
    ModelError
        There is no such model.
    """
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
    from pyspark.sql.types import StructType

    check_schema(to_arrow_schema(df.schema), text_column, heading_column=heading_column)
    shipped = _ship(df.sparkSession, model)

    def tagged(batches: Iterable[Any]) -> Iterator[Any]:
        return tag_record_batches(batches, shipped.tagger(), text_column=text_column, heading_column=heading_column)

    whole = StructType([*df.schema.fields, *from_arrow_schema(schema()).fields])
    return df.mapInArrow(tagged, whole)


def tag_files(
    spark: SparkSession,
    path: str | Sequence[str],
    *,
    model: str | Path | Tagger = "current",
    unit: Unit = "clause",
) -> DataFrame:
    """Read and tag the reports of a folder, of all formats that ``dudao tag`` reads, archives too.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        The session.
    path : str or sequence of str
        Folders, files or patterns, on any file system that Spark reads. Of folders all is read that lies below them and has the
        suffix of a report, hidden files aside.
    model : str, path or Tagger
        As in `tag_dataframe`.
    unit : {"clause", "paragraph"}
        What a row stands for.

    Returns
    -------
    pyspark.sql.DataFrame
        The columns of `dudao.batch.report_schema`. A report that cannot be read is one row, with ``source`` and ``error``.

    Raises
    ------
    DudaoError, ModelError
        As in `tag_dataframe`.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    if unit not in UNITS:
        raise ValueError(f"unit is {unit!r}, not one of {', '.join(UNITS)}")
    shipped = _ship(spark, model)

    def tagged(batches: Iterable[Any]) -> Iterator[Any]:
        return report_batches(_results(batches, shipped.tagger()), unit=unit)

    files = _files(spark, [path] if isinstance(path, str) else list(path))
    return files.mapInArrow(tagged, from_arrow_schema(report_schema()))


_NAME = re.compile(rf"(?!~\$)[^/]*(?:{'|'.join(map(re.escape, SUFFIXES))})", re.IGNORECASE)


def _files(spark: SparkSession, paths: list[str]) -> DataFrame:
    """Path and content of each file; of those that are too large no content, of empty ones an empty one."""
    from pyspark.sql import functions as F  # noqa: N812 - as PySpark's own documentation has it

    found = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(paths)
    # A file that is named is read whatever its suffix, so that its error is told.
    named = tuple(f"/{last}" for each in paths if (last := each.rpartition("/")[2]))
    listed = [re.sub("^file:/+", "file:/", unquote(each)) for each in found.inputFiles()]  # as the column has it
    listed = [each for each in listed if _NAME.fullmatch(each.rpartition("/")[2]) or each.endswith(named)]
    wanted = F.col("path").rlike(f"(?i)(^|/){_NAME.pattern}$")
    for each in named:
        wanted |= F.col("path").endswith(each)
    found = found.where(wanted)
    # The length is looked at before a file is opened: what is too large for any reader never reaches the memory.
    small, large = F.col("length") <= DEFAULT.bytes, F.col("length") > DEFAULT.bytes
    # Spark's file sources pass over files of no bytes, which are failures like others.
    empty = spark.createDataFrame([(each,) for each in listed], "path string").join(found, "path", "left_anti")
    return (
        found.where(small)
        .select("path", "content")
        .union(found.where(large).select("path", F.lit(None).cast("binary")))
        .union(empty.select("path", F.lit(b"")))
    )


def _results(batches: Iterable[Any], tagger: Tagger) -> Iterator[TaggedReport | DudaoError]:
    """What each file holds, file by file: no more than one is a Python object at a time."""
    for batch in batches:
        for path, content in zip(batch.column("path"), batch.column("content"), strict=True):
            name = path.as_py()
            data = content.as_py()
            if data is None:
                yield too_large(name, DEFAULT)
            else:
                yield from tagger.tag_all(data, name=name)


class _Shipped(NamedTuple):
    """A model on its way to the workers."""

    sha256: str
    parcel: Broadcast[Tagger]

    def tagger(self) -> Tagger:
        """The model, unpacked when this worker sees it for the first time, whatever job it came with."""
        if self.sha256 not in _unpacked:
            _unpacked.clear()
            _unpacked[self.sha256] = self.parcel.value
            tell(__name__, "INFO", "model unpacked", sha256=self.sha256)
        return _unpacked[self.sha256]


# In a worker, which Spark keeps for task after task: the one place in which a process holds on to a model, since no caller can.
_unpacked: dict[str, Tagger] = {}


def _ship(spark: SparkSession, model: str | Path | Tagger) -> _Shipped:
    context = getattr(spark, "sparkContext", None)
    if context is None:
        raise DudaoError(
            "a session of Spark Connect cannot carry a model to the workers",
            hint="run the job on the cluster, with spark-submit or SparkSession.builder.master(…)",
        )
    tagger = model if isinstance(model, Tagger) else Tagger.load(model)
    return _Shipped(tagger.model.sha256, context.broadcast(tagger))
