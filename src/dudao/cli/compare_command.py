"""``dudao compare``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dudao.cli.common import (
    OK,
    SOME_FAILED,
    binary_output,
    console,
    format_of,
    jobs_option,
    model_option,
    out_option,
    output,
    paths_argument,
    say,
    say_error,
)
from dudao.cli.inputs import Inputs
from dudao.cli.scheme import HeldAgainst, scheme_options
from dudao.errors import DudaoError
from dudao.language import Translate
from dudao.messages import localised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dudao.compare import ClauseStore, Comparison
    from dudao.document import TaggedReport

_FORMATS = ("terminal", "csv", "xlsx", "html")
_SORTINGS = ("gaps", "name", "year", "given")


def build(t: Translate) -> click.Command:
    """The command in one language."""

    def callback(scheme: str | None, thin: int | None, **options: Any) -> int:
        return compare_command(**options, held=HeldAgainst(scheme, thin), t=t)

    return click.Command(
        "compare",
        callback=callback,
        help=t(
            "Reports side by side: what each says of every domain or item of a scheme, missing ones first; shares by role; year against year of a county.",
            "并排比较多份报告：每份报告在各领域（或方案各项）上写了多少，缺失的在前；各部分所占篇幅；同一县区的年度对比。",
        ),
        epilog=t(
            "Examples: dudao compare folder; dudao compare folder -o page.html; dudao compare folder --scheme method-2017 -o table.xlsx",
            "示例：dudao compare 文件夹 · dudao compare 文件夹 -o 对比.html · dudao compare 文件夹 --scheme method-2017 -o 对比.xlsx",
        ),
        params=[
            paths_argument(),
            click.Option(
                ["--to"],
                type=click.Choice(_FORMATS),
                help=t(
                    "Output; by default what -o ends in, terminal on a terminal, csv in a pipe.",
                    "输出格式；默认依 -o 的后缀而定，终端为 terminal，管道为 csv。",
                ),
            ),
            out_option(t),
            *scheme_options(t),
            click.Option(
                ["--sort"],
                type=click.Choice(_SORTINGS),
                default="gaps",
                show_default=True,
                help=t(
                    "Order of the reports: most gaps first, by name, by year, as given.",
                    "报告的排列：缺口多的在前、按名称、按年度、按输入顺序。",
                ),
            ),
            model_option(t),
            jobs_option(t),
        ],
    )


def compare_command(
    paths: Sequence[str],
    *,
    to: str | None,
    out: Path | None,
    held: HeldAgainst,
    sort: str,
    model: str,
    jobs: int,
    t: Translate,
) -> int:
    """Compare everything the paths stand for; a file that fails is named and does not stop the others."""
    from dudao.compare import ClauseStore, compare_reports
    from dudao.tagger import Tagger

    to = to or format_of(out, _FORMATS) or ("terminal" if out is not None or sys.stdout.isatty() else "csv")
    if to == "xlsx" and out is None:
        raise click.UsageError(t("xlsx needs a file: give -o FILE", "xlsx 须写入文件：请用 -o 指定"))
    tagger = Tagger.load(model)
    scheme = held.scheme(tagger.taxonomy)
    with ClauseStore() as store:
        comparison = compare_reports(
            _told(Inputs(paths).tagged(tagger, jobs=jobs, t=t), t),
            scheme,
            tagger.taxonomy,
            thin=held.thin,
            store=store if to in {"xlsx", "html"} else None,
            sort=sort,
        )
        if comparison.rows:
            _write(comparison, store, to, out, t)
    return SOME_FAILED if comparison.failures else OK


def _told(results: Iterable[TaggedReport | DudaoError], t: Translate) -> Iterator[TaggedReport | DudaoError]:
    """The same results, each failure told when it comes."""
    for result in results:
        if isinstance(result, DudaoError):
            say_error(result, t)
        yield result


def _write(comparison: Comparison, store: ClauseStore, to: str, out: Path | None, t: Translate) -> None:
    if to == "xlsx" and out is not None:
        from dudao.render.compare_xlsx import write_workbook

        with binary_output(out) as binary:
            losses = write_workbook(comparison, store, binary)
        for loss in losses:
            say(f"{out}: {localised(loss, t)}")
        return
    with output(out, bom=to == "csv", screen=to == "terminal") as file:
        if to == "html":
            from dudao.render.compare_html import write_page

            write_page(comparison, store, file)
        elif to == "csv":
            from dudao.render.compare_table import write_comparison

            write_comparison(comparison, file)
        else:
            from dudao.render.compare_terminal import print_comparison

            print_comparison(comparison, console(file), t=t)
