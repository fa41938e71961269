"""``dudao inspect``."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TextIO

import click

from dudao.cli.common import OK, SOME_FAILED, console, output, say_error
from dudao.cli.inputs import no_report_in
from dudao.document import Document
from dudao.errors import DudaoError
from dudao.language import Translate
from dudao.outline import outline
from dudao.readers import holds_many, read_documents
from dudao.taxonomy import load_taxonomy


def build(t: Translate) -> click.Command:
    """The command in one language."""
    return click.Command(
        "inspect",
        callback=lambda path, to, out: inspect_command(path, to=to, out=out, t=t),
        help=t("Show a report's outline; nothing is classified.", "查看报告结构；不做分类。"),
        epilog=t("Example: dudao inspect report.html --to text", "示例：dudao inspect 报告.html --to text"),
        params=[
            click.Argument(["path"]),
            click.Option(
                ["--to"],
                type=click.Choice(("terminal", "json", "text")),
                help=t("text prints the text that offsets count in.", "text 输出偏移量所依据的正文。"),
            ),
            click.Option(
                ["-o", "out"],
                type=click.Path(path_type=Path, dir_okay=False),
                help=t("Write to this file.", "写入此文件。"),
            ),
        ],
    )


def inspect_command(path: str, *, to: str | None, out: Path | None, t: Translate) -> int:
    """Print the outline of a report, or of every report that an archive or a folder holds."""
    source = sys.stdin.buffer.read() if path == "-" else path
    many = holds_many(source)
    documents = read_documents(source, name="<stdin>" if path == "-" else None)
    to = to or ("terminal" if out is None and sys.stdout.isatty() else "json")
    failed = done = 0
    with contextlib.ExitStack() as stack:
        file = None
        for document in documents:
            if isinstance(document, DudaoError):
                failed += 1
                say_error(document, t)
                continue
            if file is None:
                file = stack.enter_context(output(out, screen=to == "terminal"))
            done += 1
            _write(document, file, to=to, many=many, t=t)
    if not done and not failed:
        say_error(no_report_in(path), t)
        failed = 1
    return SOME_FAILED if failed else OK


def _write(document: Document, file: TextIO, *, to: str, many: bool, t: Translate) -> None:
    if to == "text":
        file.write(document.text + ("\n" if many else ""))
        return
    taxonomy = load_taxonomy()
    report = outline(document, taxonomy)
    for each in report.parts or (report,):
        if to == "json":  # of several reports, one object a line
            indent = None if many or report.parts else 2
            file.write(json.dumps(each.to_dict(), ensure_ascii=False, indent=indent) + "\n")
        else:
            from dudao.render.tree import print_outline

            print_outline(each, console(file), taxonomy=taxonomy, t=t)
