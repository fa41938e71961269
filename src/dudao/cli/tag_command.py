"""``dudao tag``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dudao.cli.common import OK, SOME_FAILED, console, jobs_option, model_option, output, say_error
from dudao.cli.own_taxonomy import taxonomy_option
from dudao.errors import DudaoError, ReadError
from dudao.language import Translate
from dudao.readers import find_reports, holds_many

if TYPE_CHECKING:
    from dudao.document import TaggedReport
    from dudao.tagger import Tagger

_FORMATS = ("terminal", "json", "jsonl", "csv")


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
        jobs: int,
    ) -> int:
        return tag_command(
            paths, to=to, out=out, model=model, labels=taxonomy, unit=unit, explain=explain, jobs=jobs, t=t
        )

    return click.Command(
        "tag",
        callback=callback,
        help=t(
            "Tag reports: files, archives, folders, or - for standard input. Reads .docx .doc .wps .rtf .odt .pdf .ofd .html .mht .txt .md .zip.",
            "标注报告：文件、压缩包、文件夹，或 - 表示标准输入。可读 .docx .doc .wps .rtf .odt .pdf .ofd .html .mht .txt .md .zip。",
        ),
        epilog=t(
            "Examples: dudao tag report.txt · dudao tag folder --to csv -o tags.csv · cat report.txt | dudao tag - --to json",
            "示例：dudao tag 报告.txt · dudao tag 文件夹 --to csv -o 标注.csv · cat 报告.txt | dudao tag - --to json",
        ),
        params=[
            click.Argument(["paths"], nargs=-1, required=True, metavar="PATH..."),
            click.Option(
                ["--to"],
                type=click.Choice(_FORMATS),
                help=t(
                    "Output; terminal on a terminal, json in a pipe.", "输出格式；终端默认 terminal，管道默认 json。"
                ),
            ),
            click.Option(
                ["-o", "out"],
                type=click.Path(path_type=Path, dir_okay=False),
                help=t("Write to this file.", "写入此文件。"),
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
    jobs: int,
    t: Translate,
) -> int:
    """Tag everything the paths stand for; one that fails does not stop the others."""
    from dudao.document import TaggedReport
    from dudao.tagger import Tagger

    tagger = Tagger.load(model, taxonomy=labels)
    to = to or ("terminal" if out is None and sys.stdout.isatty() else "json")
    stdin = sys.stdin.buffer.read() if "-" in paths else b""
    sources = [(path, list(find_reports(path)) if path != "-" else None) for path in paths]
    many = len(sources) > 1 or any(holds_many(stdin if path == "-" else path) for path, _ in sources)
    if to == "json" and many:
        to = "jsonl"
    failed = 0
    with contextlib.ExitStack() as stack:
        write = None
        for result in _results(sources, stdin, tagger, explain=explain, jobs=jobs, t=t):
            if isinstance(result, DudaoError):
                failed += 1
                say_error(result, t)
                if to != "jsonl":
                    continue
            if write is None:
                write = _Writer(stack, to, out, unit, tagger, t)
            for each in result.parts or (result,) if isinstance(result, TaggedReport) else (result,):
                write(each, alone=each is result)
    return SOME_FAILED if failed else OK


def _results(
    sources: Sequence[tuple[str, list[Path] | None]],
    stdin: bytes,
    tagger: Tagger,
    *,
    explain: bool,
    jobs: int,
    t: Translate,
) -> Iterator[TaggedReport | DudaoError]:
    for path, files in sources:
        if files is None:
            yield from tagger.tag_all(stdin, name="<stdin>", explain=explain)
        elif not files:
            yield ReadError("no report in the folder", where=path, hint="`dudao tag --help` names the formats")
        else:
            yield from _with_progress(tagger.tag_many(files, jobs=jobs, explain=explain), len(files), t)


def _with_progress(
    results: Iterator[TaggedReport | DudaoError], total: int, t: Translate
) -> Iterator[TaggedReport | DudaoError]:
    """The same results, with a bar on standard error where that is a terminal and there is something to wait for."""
    if total < 5 or not sys.stderr.isatty():
        yield from results
        return
    from rich.progress import track

    yield from track(results, total=total, description=t("tagging", "标注中"), console=console(sys.stderr))


class _Writer:
    """Opens the output with the first result, and puts each result behind the last."""

    def __init__(
        self, stack: contextlib.ExitStack, to: str, out: Path | None, unit: str, tagger: Tagger, t: Translate
    ) -> None:
        self._to, self._unit, self._tagger, self._t = to, unit, tagger, t
        self._file = stack.enter_context(output(out, bom=to == "csv", screen=to == "terminal"))
        if to == "csv":
            from dudao.render.table import TableWriter

            self._table = TableWriter(self._file, unit=unit, taxonomy=tagger.taxonomy)

    def __call__(self, result: TaggedReport | DudaoError, *, alone: bool) -> None:
        from dudao.render import json_text

        if isinstance(result, DudaoError):
            self._file.write(json_text.error_line(result) + "\n")
        elif self._to == "json" and alone:
            self._file.write(json_text.pretty(result) + "\n")
        elif self._to in {"json", "jsonl"}:  # of several reports in one file, one object a line
            self._file.write(json_text.line(result) + "\n")
        elif self._to == "csv":
            self._table.write(result)
        else:
            from dudao.render.terminal import print_report

            print_report(result, console(self._file), taxonomy=self._tagger.taxonomy, unit=self._unit, t=self._t)
