"""A comparison as a workbook: the heat map, whose cells lead to the clauses behind them, gaps by item, shares by role, years, clauses.

Sheets are streamed, the clauses a report at a time. In Chinese, like the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import BinaryIO

from dudao.compare import ClauseStore, Comparison, ReportRow
from dudao.messages import chinese
from dudao.render.heat import KINDS, level, role_level
from dudao.render.sheets import CENTRED, SHARE, STATES, Book, Column, Look

_CLAUSES = "分句"
_FIRST_ITEM = 4  # columns of the heat map before the items: name, clauses, missing, thin
_MOST_LINKS = 60_000  # Excel takes 65,530 a sheet
_HEAT = (
    CENTRED,
    *(Look(fill, "#111C26", centred=True) for fill in ("#EEF4FA", "#D6E6F5", "#B5D2EC", "#8DBBE2", "#66A3D5")),
)
_MISSING, _THIN = STATES["missing"]._replace(bold=True), STATES["thin"]._replace(number='0"薄"')
_TOTAL = Look(bold=True, centred=True)
_POINTS = SHARE._replace(number="0.0%")
_CHANGES = {
    "appeared": STATES["present"],
    "disappeared": STATES["missing"],
    "grew": STATES["present"],
    "shrank": STATES["thin"],
}


def write_workbook(comparison: Comparison, store: ClauseStore, file: BinaryIO) -> tuple[str, ...]:
    """Write the workbook, and say what it could not hold."""
    book = Book(title=f"{len(comparison.rows)} 份报告对比", subject=comparison.scheme.title)
    _heat_map(book, comparison)
    _gaps(book, comparison)
    _roles(book, comparison)
    if comparison.pairs:
        _years(book, comparison)
    _clauses(book, comparison, store)
    if comparison.failures:
        sheet = book.sheet("未能读取", (Column("文件", 50), Column("原因", 80)))
        for error in comparison.failures:
            sheet.row((error.where, chinese(error.what)))
    book.save(file)
    return book.losses()


def _heat_map(book: Book, comparison: Comparison) -> None:
    items = [comparison.scheme.items[column] for column in comparison.columns]
    counts = [Column(title, 7, CENTRED) for title in ("分句", "缺失", "薄弱")]
    sheet = book.sheet(
        "热力图",
        (
            Column("报告", 22),
            *counts,
            *(Column(item.name, 9, CENTRED) for item in items),
            Column("提示", 30),
            Column("文件", 36),
        ),
        frozen=1,
    )
    linked = len(comparison.rows) * len(items) <= _MOST_LINKS
    at = 2  # the row of the sheet of clauses where the next cell's begin
    for row in comparison.rows:
        values: list[str | int] = []
        looks, links = {}, {}
        for number, column in enumerate(comparison.columns, _FIRST_ITEM):
            cell = row.cells[column]
            values.append("缺" if cell.state == "missing" else cell.clauses)
            looks[number] = {"missing": _MISSING, "thin": _THIN}.get(cell.state, _HEAT[level(cell, comparison)])
            if linked and cell.clauses:
                links[number] = f"'{_CLAUSES}'!A{at}"
            at += cell.clauses
        gaps = row.count("missing"), row.count("thin")
        warnings = "；".join(map(chinese, row.warnings))
        sheet.row(
            (row.name, row.clauses, *gaps, *values, warnings, PurePath(row.source).name), looks=looks, links=links
        )
    totals = [comparison.totals[column] for column in comparison.columns]
    sums = sum(row.clauses for row in comparison.rows), comparison.count("missing"), comparison.count("thin")
    for name, head, figures, look in (
        ("分句合计", sums, [each.clauses for each in totals], _TOTAL),
        ("缺失的报告数", [None] * 3, [each.missing for each in totals], _TOTAL),
        ("薄弱的报告数", [None] * 3, [each.thin for each in totals], _TOTAL),
        ("平均占比", [None] * 3, [each.share for each in totals], _TOTAL._replace(number="0.0%")),
    ):
        looks = dict.fromkeys(range(1, _FIRST_ITEM + len(items)), look)
        sheet.row((name, *head, *figures, None, None), looks={0: Look(bold=True), **looks}, foot=True)
    sheet.note(
        f"数字为分句数；缺 = 缺失，薄 = 薄弱（不足 {comparison.thin} 句）；颜色越深，占该报告篇幅越大；点数字看分句"
    )


def _gaps(book: Book, comparison: Comparison) -> None:
    counted = [Column(title, 9, CENTRED) for title in ("缺失报告数", "薄弱报告数", "分句合计")]
    named = [Column(title, 60) for title in ("缺失的报告", "薄弱的报告")]
    head = (Column("项目", 26), Column("编号", 22), *counted, Column("平均占比", 9, _POINTS), *named)
    sheet = book.sheet("各项缺口", head, frozen=1)
    for column in comparison.columns:
        item, total = comparison.scheme.items[column], comparison.totals[column]
        names = [
            "、".join(row.name for row in comparison.rows if row.cells[column].state == state)
            for state in ("missing", "thin")
        ]
        sheet.row(
            (item.name, item.id, total.missing, total.thin, total.clauses, total.share, *names),
            looks={
                2: STATES["missing"] if total.missing else CENTRED,
                3: STATES["thin"] if total.thin else CENTRED,
            },
        )


def _roles(book: Book, comparison: Comparison) -> None:
    roles = comparison.taxonomy.roles
    head = (
        Column("报告", 22),
        *(Column(role.name, 11, SHARE) for role in roles),
        Column("待核", 8, SHARE),
        Column("生词", 8, SHARE),
    )
    sheet = book.sheet("各部分篇幅", head, frozen=1)
    for row in comparison.rows:
        shares = [row.roles.get(role.id, 0.0) for role in roles]
        looks = {number: _HEAT[role_level(share)]._replace(number="0%") for number, share in enumerate(shares, 1)}
        if row.beyond:
            looks[len(roles) + 2] = STATES["thin"]._replace(number='0%"超"')
        sheet.row((row.name, *shares, row.uncertain / max(1, row.clauses), row.unknown), looks=looks)
    sheet.note("待核为需要人工查看的分句之比，生词为模型不认识的词之比；“超”表示报告超出模型所知，标注请慎用")


def _years(book: Book, comparison: Comparison) -> None:
    years = [Column(title, 9, CENTRED) for title in ("前一年", "后一年")]
    clauses = [Column(title, 11, CENTRED) for title in ("前一年分句", "后一年分句")]
    shares = [Column(title, 11, _POINTS) for title in ("前一年占比", "后一年占比")]
    head = (Column("县区", 22), *years, Column("变化", 14), Column("项目", 28), *clauses, *shares)
    sheet = book.sheet("年度对比", head, frozen=1)
    for pair in comparison.pairs:
        if not pair.changes:
            sheet.row((pair.place, *pair.years, "没有明显变化", *[None] * 5))
        for kind in KINDS:
            for change in pair.of(kind):
                item = comparison.scheme.items[change.item].name
                sheet.row(
                    (pair.place, *pair.years, KINDS[kind], item, *change.clauses, *change.shares),
                    looks={3: _CHANGES[kind]},
                )
    sheet.note("占比为该项分句占全部分句之比；“明显”指两年之差超过 1.96 倍标准误，即大于偶然波动")


def _clauses(book: Book, comparison: Comparison, store: ClauseStore) -> None:
    """The clauses of each report by item: one that counts for two items stands twice, so that every cell has a place to lead to."""
    head = (
        *(Column("报告", 20), Column("项目", 22), Column("分句", 90), Column("领域", 36)),
        *(Column("部分", 12), Column("待核", 7, CENTRED), Column("标题", 36)),
    )
    sheet = book.sheet(_CLAUSES, head, frozen=2)
    for row in comparison.rows:
        for values in _lines(row, comparison, store):
            sheet.row(values)


def _lines(row: ReportRow, comparison: Comparison, store: ClauseStore) -> Iterator[tuple[str, ...]]:
    taxonomy = comparison.taxonomy
    lines = list(store.read(row.number))
    for column in comparison.columns:
        for line in lines:
            if column in line.items:
                yield (
                    row.name,
                    comparison.scheme.items[column].name,
                    line.text,
                    "、".join(f"{taxonomy.domain(name).name} {score}%" for name, score in line.domains),
                    taxonomy.role_name(line.role),
                    "待核" if line.uncertain else "",
                    line.section,
                )
