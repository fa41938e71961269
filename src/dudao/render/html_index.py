"""The page that leads to the pages of several reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import quote

from dudao.document import TaggedReport, base_name
from dudao.errors import DudaoError
from dudao.messages import chinese
from dudao.render.html import coverage, tint_rules
from dudao.render.html_text import visible
from dudao.render.inline import inlined
from dudao.taxonomy import Taxonomy
from dudao.templates import asset, render


class Entry(NamedTuple):
    """What the index says of a report; a few hundred bytes, so that thousands of reports can be listed."""

    link: str
    title: str
    issuer: str
    year: str
    source: str
    clauses: int
    uncertain: int
    missing: tuple[int, ...]
    thin: tuple[int, ...]


def entry(tagged: TaggedReport, taxonomy: Taxonomy, *, link: str) -> Entry:
    """A report's entry; ``link`` is its page's name in the index's folder."""
    rows = coverage(tagged, taxonomy)
    clauses = [each for part in tagged.paragraphs for each in part.clauses]
    return Entry(
        link=quote(link, errors="replace"),
        title=visible(tagged.report.title or PurePath(tagged.file_name).stem),
        issuer=visible(tagged.report.issuer),
        year=str(tagged.report.year or ""),
        source=visible(tagged.file_name),
        clauses=len(clauses),
        uncertain=sum(each.uncertain for each in clauses),
        missing=tuple(row["number"] for row in rows if row["state"] == "missing"),
        thin=tuple(row["number"] for row in rows if row["state"] == "thin"),
    )


def index(entries: Sequence[Entry], failures: Sequence[DudaoError], taxonomy: Taxonomy) -> str:
    """The page: a row a report in the order in which they came, and what could not be read."""
    return render(
        "reports_index.html.j2",
        **inlined(style=tint_rules(taxonomy) + asset("report.css") + asset("reports_index.css")),
        entries=entries,
        failures=[
            {
                "where": visible(base_name(error.where)),
                "what": visible(chinese(error.what)),
                "hint": visible(chinese(error.hint)),
            }
            for error in failures
        ],
        names=[domain.name for domain in taxonomy.domains],
    )
