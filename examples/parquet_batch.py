"""Parquet in, Parquet out, in constant memory: ``python parquet_batch.py IN.parquet OUT.parquet [COLUMN]``.

``dudao batch`` does this with several processes and goes on where it was stopped; this is the way where the table passes through
code of your own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as parquet

import dudao
from dudao.batch import tag_record_batches


def tag_parquet(source: Path, out: Path, *, column: str = "text", rows: int = 4096) -> int:
    """Tag a Parquet file batch by batch; gives the number of rows."""
    tagger = dudao.Tagger.load()
    done = 0
    writer = None
    table = parquet.ParquetFile(source)
    try:
        for batch in tag_record_batches(table.iter_batches(batch_size=rows), tagger, text_column=column):
            writer = writer or parquet.ParquetWriter(out, batch.schema)
            writer.write_batch(batch)
            done += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
        table.close()
    return done


if __name__ == "__main__":
    print(
        tag_parquet(Path(sys.argv[1]), Path(sys.argv[2]), column=sys.argv[3] if len(sys.argv) > 3 else "text"), "rows"
    )
