"""``dudao batch``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dudao.cli.common import OK, SOME_FAILED, console, jobs_option, model_option, say, say_error
from dudao.errors import DudaoError
from dudao.language import Translate

if TYPE_CHECKING:
    from dudao.batch import Progress
    from dudao.document import Drift


def build(t: Translate) -> click.Command:
    """The command in one language."""

    def callback(source: Path, out: Path, text_column: str, model: str, jobs: int) -> int:
        return batch_command(source, out, text_column=text_column, model=model, jobs=jobs, t=t)

    return click.Command(
        "batch",
        callback=callback,
        help=t(
            "Tag a table of texts, streamed; a run that was stopped goes on where it was.",
            "流式标注文本表格；中断后重新运行即可续接。",
        ),
        epilog=t(
            "Example: dudao batch texts.jsonl -o tagged.parquet --jobs 2",
            "示例：dudao batch 文本.jsonl -o 标注.parquet --jobs 2",
        ),
        params=[
            click.Argument(["source"], type=click.Path(path_type=Path), metavar="IN.parquet|IN.jsonl"),
            click.Option(
                ["-o", "out"],
                type=click.Path(path_type=Path, dir_okay=False),
                required=True,
                metavar="OUT.parquet|OUT.jsonl",
                help=t("Write to this file.", "写入此文件。"),
            ),
            click.Option(
                ["--text-column"],
                default="text",
                metavar="NAME",
                show_default=True,
                help=t("Column that holds the texts.", "文本所在的列。"),
            ),
            model_option(t),
            jobs_option(t),
        ],
    )


def batch_command(source: Path, out: Path, *, text_column: str, model: str, jobs: int, t: Translate) -> int:
    """Tag the table; rows that cannot be are told in a file beside the output."""
    from dudao.batch import run_batch
    from dudao.tagger import Tagger

    tagger = Tagger.load(model)
    with _progress(t) as progress:
        summary = run_batch(source, out, tagger, text_column=text_column, jobs=jobs, progress=progress)
    if summary.resumed:
        say(t(f"{summary.resumed:,} rows were done by an earlier run", f"其中 {summary.resumed:,} 行由先前的运行完成"))
    if summary.rejected:
        say_error(
            DudaoError(
                f"{summary.rejected:,} of {summary.rows + summary.rejected:,} rows could not be tagged",
                where=str(source),
                hint=f"see {out}.rejected.jsonl",
            ),
            t,
        )
    if summary.rows:
        _say_drift(summary.drift, t)
    if not summary.rows and not summary.rejected:
        say_error(DudaoError("the table is empty", where=str(source), hint="nothing to tag"), t)
    return OK if summary.rows and not summary.rejected else SOME_FAILED


def _say_drift(drift: Drift, t: Translate) -> None:
    """How far the table is from what the model knows: a line, and a warning where it is too far."""
    from dudao.render.drift import drift_line, drift_warnings

    say(drift_line(drift, t))
    for warning in drift_warnings(drift, t):
        say(f"! {warning}")


@contextlib.contextmanager
def _progress(t: Translate) -> Iterator[Callable[[Progress], None]]:
    """A bar with rate and time left on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda state: None
        return
    import time

    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    started = time.monotonic()
    with Bar(*columns, console=console(sys.stderr)) as bar:
        task = bar.add_task(t("tagging", "标注中"), total=1.0)

        def show(state: Progress) -> None:
            rows, resumed, share = state
            rate = (rows - resumed) / max(time.monotonic() - started, 1e-9)
            said = t(f"{rows:,} rows, {rate:,.0f} a second", f"{rows:,} 行，每秒 {rate:,.0f} 行")
            bar.update(task, completed=share, description=said)

        yield show
