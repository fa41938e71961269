"""``dudao tag --to xlsx``: a workbook a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dudao.cli.common import OK, SOME_FAILED, binary_output, say, say_error
from dudao.cli.folder import Folder, require_folder
from dudao.cli.scheme import HeldAgainst
from dudao.errors import DudaoError
from dudao.language import Translate
from dudao.messages import localised

if TYPE_CHECKING:
    from dudao.cli.inputs import Inputs
    from dudao.tagger import Tagger


def write_workbooks(
    inputs: Inputs,
    tagger: Tagger,
    *,
    out: Path | None,
    held: HeldAgainst,
    explain: bool,
    jobs: int,
    t: Translate,
) -> int:
    """Write one workbook, or one a report into a folder; one that fails is named."""
    from dudao.render.xlsx import write_workbook

    into_folder = require_folder(out, many=inputs.many, t=t)
    if out is None:
        raise click.UsageError(
            t("a workbook is a file: name it with -o FILE.xlsx", "工作簿须写入文件：请用 -o 文件.xlsx 指定")
        )
    scheme = held.scheme(tagger.taxonomy)
    folder = Folder(out) if into_folder else None
    written = failed = 0
    for result in inputs.tagged(tagger, explain=explain, jobs=jobs, t=t):
        if isinstance(result, DudaoError):
            failed += 1
            say_error(result, t)
            continue
        for each in result.reports if folder else (result,):
            path = folder.file_for(each.source, ".xlsx") if folder else out
            with binary_output(path) as file:
                warnings = write_workbook(each, file, taxonomy=tagger.taxonomy, scheme=scheme, thin=held.thin)
            written += 1
            for warning in warnings:
                say(f"{path}: {localised(warning, t)}")
    if folder and written:
        say(t(f"{written} workbooks in {folder.path}", f"{folder.path} 中写入了 {written} 个工作簿"))
    return SOME_FAILED if failed else OK
