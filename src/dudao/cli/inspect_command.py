"""``dudao inspect``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from dudao.cli.common import OK, console, output
from dudao.language import Translate
from dudao.outline import outline
from dudao.readers import read_document
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
    """Print the outline of one report."""
    document = read_document(sys.stdin.buffer.read(), name="<stdin>") if path == "-" else read_document(path)
    to = to or ("terminal" if out is None and sys.stdout.isatty() else "json")
    with output(out, screen=to == "terminal") as file:
        if to == "text":
            file.write(document.text)
            return OK
        taxonomy = load_taxonomy()
        report = outline(document, taxonomy)
        for each in report.parts or (report,):
            if to == "json":  # of several reports in one file, one object a line
                indent = None if report.parts else 2
                file.write(json.dumps(each.to_dict(), ensure_ascii=False, indent=indent) + "\n")
            else:
                from dudao.render.tree import print_outline

                print_outline(each, console(file), taxonomy=taxonomy, t=t)
    return OK
