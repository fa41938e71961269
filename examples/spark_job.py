"""A Spark job: a table of paragraphs, tagged on all workers: ``spark-submit spark_job.py IN.parquet OUT.parquet``."""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from dudao.spark import tag_dataframe


def tag_table(spark: SparkSession, source: str, out: str, *, column: str = "text") -> None:
    """Read, tag and write a table; the model is loaded once a worker."""
    texts = spark.read.parquet(source)
    tag_dataframe(texts, text_column=column).write.mode("overwrite").parquet(out)


if __name__ == "__main__":
    session = SparkSession.builder.appName("dudao").getOrCreate()
    try:
        tag_table(session, sys.argv[1], sys.argv[2])
    finally:
        session.stop()
