"""``dudao tag --to html``: a page a report, and over several of them one that leads to each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dudao.cli.common import OK, SOME_FAILED, output, say, say_error
from dudao.cli.folder import Folder, require_folder
from dudao.errors import DudaoError
from dudao.language import Translate

if TYPE_CHECKING:
    from dudao.cli.inputs import Inputs
    from dudao.tagger import Tagger

_INDEX = "index.html"


def write_pages(inputs: Inputs, tagger: Tagger, *, out: Path | None, jobs: int, t: Translate) -> int:
    """Write the page of one report, or a folder of pages with their index; one that fails is named there and here."""
    from dudao.render import html
    from dudao.render.html_index import Entry, entry, index

    into_folder = require_folder(out, many=inputs.many, t=t)
    folder = Folder(out, reserved=(_INDEX,)) if into_folder and out is not None else None
    entries: list[Entry] = []
    failures: list[DudaoError] = []
    for result in inputs.tagged(tagger, explain=True, jobs=jobs, t=t):
        if isinstance(result, DudaoError):
            failures.append(result)
            say_error(result, t)
            continue
        for each in result.reports if folder else (result,):
            path = folder.file_for(each.source, ".html") if folder else out
            with output(path) as file:
                file.write(html.page(each, tagger.taxonomy))
            if path is not None:
                entries.append(entry(each, tagger.taxonomy, link=path.name))
    if folder and inputs.many and (entries or failures):
        with output(folder.path / _INDEX) as file:
            file.write(index(entries, failures, tagger.taxonomy))
        say(
            t(
                f"{len(entries)} pages in {folder.path}; begin with {_INDEX}",
                f"{folder.path} 中有 {len(entries)} 个网页，请从 {_INDEX} 看起",
            )
        )
    return SOME_FAILED if failures else OK
