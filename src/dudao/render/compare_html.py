"""A comparison as one HTML page that needs nothing else. In Chinese, like the page of one report.

The tables stand in the HTML itself. The clauses behind the cells are compressed blocks of text, one a report, that the script opens
when somebody asks: of 500 reports they are nine tenths of the file, and none of the work of showing it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, TextIO

from dudao.compare import Change, ClauseStore, Comparison, ReportRow, YearPair
from dudao.messages import chinese
from dudao.render.heat import KINDS, level, role_level
from dudao.render.html_text import visible
from dudao.render.inline import inlined, json_element
from dudao.templates import asset, render

_BLOCKS = "<!--blocks-->"  # in the template; no text of a report can hold it, since every < is escaped
_BESIDE_ITEMS, _ITEM = 18.0, 2.6  # rem that the columns of the heat map take at least


def write_page(comparison: Comparison, store: ClauseStore, file: TextIO) -> None:
    """Write the page, the clauses a report at a time."""
    head, tail = _page(comparison).split(_BLOCKS)
    file.write(head)
    for row in comparison.rows:
        block = base64.b64encode(store.block(row.number)).decode("ascii")
        file.write(f'<script type="text/plain" id="r{row.number}">{block}</script>\n')
    file.write(tail)


def _page(comparison: Comparison) -> str:
    items = comparison.scheme.items
    narrowest = f"#cells{{min-width:{_BESIDE_ITEMS + _ITEM * len(items):g}rem}}\n"
    return render(
        "compare.html.j2",
        **inlined(style=narrowest + asset("compare.css"), script=asset("compare.js")),
        scheme=visible(comparison.scheme.title),
        thin=comparison.thin,
        counts={state: comparison.count(state) for state in ("missing", "thin")},
        columns=[visible(items[column].name) for column in comparison.columns],
        gaps=list(_gaps(comparison)),
        rows=[_row(row, comparison) for row in comparison.rows],
        totals=[comparison.totals[column] for column in comparison.columns],
        clauses=sum(row.clauses for row in comparison.rows),
        roles=comparison.taxonomy.roles,
        kinds=KINDS,
        pairs=[_pair(pair, comparison) for pair in comparison.pairs],
        failures=[visible(f"{error.where}：{chinese(error.what)}") for error in comparison.failures],
        data=json_element(_data(comparison)),
    )


def _gaps(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """An item a row, with the reports that lack it and those that have little of it."""
    for column in comparison.columns:
        total = comparison.totals[column]
        names = {
            state: [visible(row.name) for row in comparison.rows if row.cells[column].state == state]
            for state in ("missing", "thin")
        }
        scale = 100 / max(1, len(comparison.rows))
        yield {
            "name": visible(comparison.scheme.items[column].name),
            **names,
            "missing_width": round(total.missing * scale, 2),
            "thin_width": round(total.thin * scale, 2),
        }


def _row(row: ReportRow, comparison: Comparison) -> dict[str, Any]:
    shares = [row.roles.get(role.id, 0.0) for role in comparison.taxonomy.roles]
    return {
        "number": row.number,
        "name": visible(row.name),
        "title": visible(f"{row.title} {PurePath(row.source).name}"),
        "warned": bool(row.warnings),
        "clauses": row.clauses,
        "missing": row.count("missing"),
        "thin": row.count("thin"),
        "unsure": row.uncertain / max(1, row.clauses),
        "unknown": row.unknown,
        "beyond": row.beyond,
        "cells": [
            (row.cells[column].state, row.cells[column].clauses, level(row.cells[column], comparison))
            for column in comparison.columns
        ],
        "roles": [(share, role_level(share)) for share in shares],
    }


def _pair(pair: YearPair, comparison: Comparison) -> dict[str, Any]:
    def chip(change: Change) -> dict[str, Any]:
        return {
            "name": visible(comparison.scheme.items[change.item].name),
            "column": comparison.columns.index(change.item),
            "clauses": change.clauses,
        }

    return {
        "place": visible(pair.place),
        "years": pair.years,
        "reports": " ".join(str(row.number) for row in (*pair.before, *pair.after)),
        "kinds": {kind: [chip(change) for change in pair.of(kind)] for kind in KINDS},
    }


def _data(comparison: Comparison) -> dict[str, Any]:
    """What the script looks names up in; reports by their number."""
    taxonomy = comparison.taxonomy
    return {
        "columns": comparison.columns,
        "items": [item.name for item in comparison.scheme.items],
        "domains": {domain.id: domain.name for domain in taxonomy.domains},
        "roles": {role.id: role.name for role in taxonomy.roles},
        "reports": {
            row.number: {
                "name": row.name,
                "title": row.title,
                "source": PurePath(row.source).name,
                "clauses": row.clauses,
                "uncertain": row.uncertain,
                "warnings": [chinese(warning) for warning in row.warnings],
                "shares": [round(100 * cell.share, 1) for cell in row.cells],
            }
            for row in comparison.rows
        },
    }
