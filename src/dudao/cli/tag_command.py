"""``dudao tag``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dudao.cli.common import (
    OK,
    SOME_FAILED,
    console,
    format_of,
    jobs_option,
    model_option,
    output,
    paths_argument,
    say_error,
)
from dudao.cli.inputs import Inputs
from dudao.cli.own_taxonomy import taxonomy_option
from dudao.cli.scheme import HeldAgainst, scheme_options
from dudao.errors import DudaoError
from dudao.language import Translate

if TYPE_CHECKING:
    from dudao.document import TaggedReport
    from dudao.tagger import Tagger

_FORMATS = ("terminal", "json", "jsonl", "csv", "xlsx", "html")
_IN_FOLDERS = ("xlsx", "html")
_WITH_SCHEME = ("terminal", "json", "jsonl", "xlsx")


def build(t: Translate) -> click.Command:
    """The command in one language."""

    def callback(
        paths: tuple[str, ...],
        to: str | None,
        out: Path | None,
        model: str,
        taxonomy: Path | None,
        unit: str,
        explain: bool,
        scheme: str | None,
        thin: int | None,
        jobs: int,
    ) -> int:
        held = HeldAgainst(scheme, thin)
        return tag_command(
            paths,
            to=to,
            out=out,
            model=model,
            labels=taxonomy,
            unit=unit,
            explain=explain,
            held=held,
            jobs=jobs,
            t=t,
        )

    return click.Command(
        "tag",
        callback=callback,
        help=t(
            "Tag reports: files, archives, folders, or - for standard input. Reads .docx .doc .wps .rtf .odt .pdf .ofd .html .mht .txt .md .zip.",
            "标注报告：文件、压缩包、文件夹，或 - 表示标准输入。可读 .docx .doc .wps .rtf .odt .pdf .ofd .html .mht .txt .md .zip。",
        ),
        epilog=t(
            "Examples: dudao tag report.txt · dudao tag report.docx --to html -o report.html · dudao tag report.docx --to xlsx -o report.xlsx · dudao tag folder --to csv -o tags.csv · cat report.txt | dudao tag - --to json",
            "示例：dudao tag 报告.txt · dudao tag 报告.docx --to html -o 报告.html · dudao tag 报告.docx --to xlsx -o 报告.xlsx · dudao tag 文件夹 --to csv -o 标注.csv · cat 报告.txt | dudao tag - --to json",
        ),
        params=[
            paths_argument(),
            click.Option(
                ["--to"],
                type=click.Choice(_FORMATS),
                help=t(
                    "Output; else by the name that -o gives, terminal on a terminal, json in a pipe.",
                    "输出格式；不写则看 -o 的文件名，终端默认 terminal，管道默认 json。",
                ),
            ),
            click.Option(
                ["-o", "out"],
                type=click.Path(path_type=Path),
                help=t(
                    "Write to this file; html and xlsx of several reports: into this folder.",
                    "写入此文件；多份报告的 html 和 xlsx 写入此文件夹。",
                ),
            ),
            model_option(t),
            taxonomy_option(t),
            click.Option(
                ["--unit"],
                type=click.Choice(("clause", "paragraph")),
                default="clause",
                help=t("What a row or entry is.", "以分句还是段落为单位。"),
            ),
            click.Option(
                ["--explain"],
                is_flag=True,
                help=t("Show the terms that carried each domain.", "给出每个领域的依据词。"),
            ),
            *scheme_options(t),
            jobs_option(t),
        ],
    )


def tag_command(
    paths: Sequence[str],
    *,
    to: str | None,
    out: Path | None,
    model: str,
    labels: Path | None = None,
    unit: str,
    explain: bool,
    held: HeldAgainst,
    jobs: int,
    t: Translate,
) -> int:
    """Tag everything the paths stand for; one that fails does not stop the others."""
    from dudao.document import TaggedReport
    from dudao.tagger import Tagger

    to = to or format_of(out, _FORMATS) or ("terminal" if out is None and sys.stdout.isatty() else "json")
    if out is not None and out.is_dir() and to not in _IN_FOLDERS:
        raise click.UsageError(t(f"-o {out} is a folder; give a file", f"-o {out} 是文件夹，请指定文件"))
    if held.given and to not in _WITH_SCHEME:
        raise click.UsageError(
            t(
                f"--scheme and --thin do nothing for {to}: use one of {', '.join(_WITH_SCHEME)}",
                f"--scheme 和 --thin 对 {to} 不起作用，可用：{'、'.join(_WITH_SCHEME)}",
            )
        )
    tagger = Tagger.load(model, taxonomy=labels)
    inputs = Inputs(paths)
    if to == "json" and inputs.many:
        to = "jsonl"
    if to == "html":
        from dudao.cli.pages import write_pages

        return write_pages(inputs, tagger, out=out, jobs=jobs, t=t)
    if to == "xlsx":
        from dudao.cli.workbooks import write_workbooks

        return write_workbooks(inputs, tagger, out=out, held=held, explain=explain, jobs=jobs, t=t)
    if held.given:
        held.scheme(tagger.taxonomy)  # a faulty one is told before anything is tagged
    failed = 0
    with contextlib.ExitStack() as stack:
        write = None
        for result in inputs.tagged(tagger, explain=explain, jobs=jobs, tell=to != "terminal", t=t):
            if isinstance(result, DudaoError):
                failed += 1
                say_error(result, t)
                if to != "jsonl":
                    continue
            if write is None:
                write = _Writer(stack, to, out, unit, tagger, held, t)
            for each in result.reports if isinstance(result, TaggedReport) else (result,):
                write(each, alone=each is result)
    return SOME_FAILED if failed else OK


class _Writer:
    """Opens the output with the first result, and puts each result behind the last."""

    def __init__(
        self,
        stack: contextlib.ExitStack,
        to: str,
        out: Path | None,
        unit: str,
        tagger: Tagger,
        held: HeldAgainst,
        t: Translate,
    ) -> None:
        self._to, self._unit, self._tagger, self._t = to, unit, tagger, t
        self._held = (held.scheme(tagger.taxonomy), held.thin) if to == "terminal" or held.given else None
        self._file = stack.enter_context(output(out, bom=to == "csv", screen=to == "terminal"))
        if to == "csv":
            from dudao.render.table import TableWriter

            self._table = TableWriter(self._file, unit=unit, taxonomy=tagger.taxonomy)

    def __call__(self, result: TaggedReport | DudaoError, *, alone: bool) -> None:
        from dudao.render import json_text

        if isinstance(result, DudaoError):
            self._file.write(json_text.error_line(result) + "\n")
        elif self._to == "json" and alone:
            self._file.write(json_text.pretty(result, self._held) + "\n")
        elif self._to in {"json", "jsonl"}:  # of several reports in one file, one object a line
            self._file.write(json_text.line(result, self._held) + "\n")
        elif self._to == "csv":
            self._table.write(result)
        else:
            from dudao.render.terminal import print_report

            print_report(
                result,
                console(self._file),
                taxonomy=self._tagger.taxonomy,
                held=self._held,
                unit=self._unit,
                t=self._t,
            )
