"""A comparison on a terminal: the heat map, what is missing over all reports, shares by role, year against year.

Only characters that a GBK console can show; what colour says is said by a mark too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dudao.compare import Cell, Comparison, Kind, ReportRow, YearPair
from dudao.language import Translate
from dudao.render.cells import screen_text
from dudao.render.heat import KINDS, level

_CELL = 3  # columns: two digits and a mark, or a Han character and a blank
_WIDEST_CELL = 9
_NAMES = (14, 30)  # columns for a report's name: at least, at most
# Light to dark blue (ColorBrewer "Blues"), black or white on it: readable on light and on dark terminals.
_HEAT = ("", "black on #eff3ff", "black on #bdd7e7", "black on #6baed6", "white on #2171b5", "white on #084594")
_KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("appeared", "new", "green"),
    ("disappeared", "gone", "bold red"),
    ("grew", "more", "green"),
    ("shrank", "less", "yellow"),
)
_MISSING, _THIN = "bold white on #b30000", "black on #ffe08a"


def print_comparison(comparison: Comparison, out: Console, *, t: Translate) -> None:
    """Print all of it; as many columns as the terminal holds stand side by side, the others below."""
    _print_head(comparison, out, t)
    for columns in _blocks(comparison, out.width):
        out.print(_heat_map(comparison, columns, out.width, t))
        out.print()
    out.print(_legend(comparison, t))
    _print_titled(
        t("Items, those that most reports lack first", "各项情况（缺失最多的在前）"), _totals(comparison, t), out
    )
    _print_titled(t("Share of the text by role", "各部分所占篇幅"), _roles(comparison, out.width, t), out)
    if any(row.warnings for row in comparison.rows):
        out.print(
            Text(
                t("! warnings: see `dudao tag` on that file", "! 有提示：见对该文件运行 `dudao tag` 的结果"),
                style="dim",
            )
        )
    if any(row.beyond for row in comparison.rows):
        beyond = t("Beyond what the model knows, read with care: ", "超出模型所知，标注请慎用：")
        names = t(", ", "、").join(screen_text(row.name) for row in comparison.rows if row.beyond)
        out.print(Text(beyond + names, style="yellow"))
    if comparison.pairs:
        _print_titled(t("Year against year", "年度对比"), None, out)
        for pair in comparison.pairs:
            out.print(_pair(pair, comparison, t))


def _print_head(comparison: Comparison, out: Console, t: Translate) -> None:
    out.print(Rule(Text(screen_text(comparison.scheme.title), style="bold"), style="dim"))
    reports, items = len(comparison.rows), len(comparison.scheme.items)
    missing, thin, failed = comparison.count("missing"), comparison.count("thin"), len(comparison.failures)
    summary = t(
        f"{reports} reports, {items} items: {missing} missing, {thin} thin",
        f"{reports} 份报告，{items} 项：缺失 {missing} 处，薄弱 {thin} 处",
    )
    if failed:
        summary += t(f"; {failed} files could not be read", f"；{failed} 个文件未能读取")
    out.print(Text(summary, style="dim"))
    out.print()


def _name_width(comparison: Comparison, width: int) -> int:
    """Room for names: what is left beside all items, within bounds."""
    low, high = _NAMES
    longest = max((cell_len(row.name) for row in comparison.rows), default=low)
    return max(low, min(longest + 2, high, width - _CELL * (len(comparison.columns) + 2)))


def _blocks(comparison: Comparison, width: int) -> Iterator[Sequence[int]]:
    """The items that stand side by side."""
    room = max(1, (width - _name_width(comparison, width)) // _CELL - 2)
    for start in range(0, len(comparison.columns), room):
        yield comparison.columns[start : start + room]


def _heat_map(comparison: Comparison, columns: Sequence[int], width: int, t: Translate) -> Table:
    name = _name_width(comparison, width)
    cell = max(_CELL, min(_WIDEST_CELL, (width - name) // (len(columns) + 2)))
    table = Table.grid(padding=0)
    table.add_column(width=name, no_wrap=True)
    for _ in range(len(columns) + 2):
        table.add_column(width=cell, no_wrap=True, justify="right")
    heads = [comparison.scheme.items[column].name for column in columns]
    lines = [_cut(head, cell - 1) for head in (*heads, t("miss", "缺失"), t("thin", "薄弱"))]
    deepest = max(map(len, lines))
    padded = [[""] * (deepest - len(each)) + each for each in lines]  # at the foot, where the figures are
    for line in zip(*padded, strict=True):
        table.add_row("", *(Text(piece, style="bold") for piece in line))
    for row in comparison.rows:
        cells = [_cell(row.cells[column], comparison, t) for column in columns]
        gaps = [Text(str(row.count(state) or "-"), style="dim") for state in ("missing", "thin")]
        table.add_row(_name(row, name), *cells, *gaps)
    return table


def _cut(name: str, width: int) -> list[str]:
    """A heading in lines of so many columns."""
    lines = [""]
    for char in name:
        if lines[-1] and cell_len(lines[-1] + char) > width:
            lines.append("")
        lines[-1] += char
    return lines


def _cell(cell: Cell, comparison: Comparison, t: Translate) -> Text:
    if cell.state == "missing":
        return Text(t(" --", " 缺"), style=_MISSING)
    if cell.state == "thin":
        return Text(f"{cell.clauses}*".rjust(_CELL), style=_THIN)
    return Text(str(cell.clauses).rjust(_CELL), style=_HEAT[level(cell, comparison)])


def _name(row: ReportRow, width: int) -> Text:
    """A report's name; of a long one the year at its end stays."""
    mark = "! " if row.warnings else ""
    name, year = screen_text(row.name), str(row.year or "")
    if cell_len(mark + name) > width:
        end = f"…{year}" if name.endswith(year) else "…"
        name = set_cell_size(name, max(1, width - cell_len(mark + end))).rstrip() + end
    return Text(mark, style="yellow") + Text(name, style="default")


def _legend(comparison: Comparison, t: Translate) -> Text:
    return Text(
        t(
            f"Figures are clauses; -- missing, * thin (fewer than {comparison.thin}); the darker, the more of its report",
            f"数字为分句数；缺 = 缺失，* = 薄弱（不足 {comparison.thin} 句）；颜色越深，占该报告篇幅越大",
        ),
        style="dim",
    )


def _totals(comparison: Comparison, t: Translate) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for heading in ("", "", t("missing", "缺失"), t("thin", "薄弱"), t("clauses", "分句"), t("mean share", "平均占比")):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=bool(heading), overflow="fold")
    table.add_row(*(Text(str(column.header), style="dim") for column in table.columns))
    for column in comparison.columns:
        item, total = comparison.scheme.items[column], comparison.totals[column]
        table.add_row(
            Text(item.name),
            Text(item.id, style="dim"),
            Text(str(total.missing or "-"), style="bold red" if total.missing else "dim"),
            Text(str(total.thin or "-"), style="yellow" if total.thin else "dim"),
            str(total.clauses),
            f"{total.share:.1%}",
        )
    return table


def _roles(comparison: Comparison, width: int, t: Translate) -> Table:
    name = _name_width(comparison, width)
    roles = comparison.taxonomy.roles
    table = Table.grid(padding=0)
    table.add_column(width=name, no_wrap=True)
    heads = [*(role.name for role in roles), t("clau-ses", "分句"), t("unsu-re", "待核"), t("new words", "生词")]
    cell = max(5, min(11, (width - name) // len(heads)))
    for _ in heads:
        table.add_column(width=cell, justify="right")
    table.add_row("", *(Text("\n".join(_cut(head, cell - 1)), style="bold") for head in heads))
    for row in comparison.rows:
        shares = [row.roles.get(role.id, 0.0) for role in roles]
        cells = [Text(f"{share:.0%}" if share else "-", style="" if share else "dim") for share in shares]
        unsure = f"{row.uncertain / row.clauses:.0%}" if row.clauses else "-"
        unknown = Text(f"{row.unknown:.0%}{'!' if row.beyond else ''}", style="bold yellow" if row.beyond else "dim")
        table.add_row(_name(row, name), *cells, str(row.clauses), Text(unsure, style="dim"), unknown)
    return table


def _pair(pair: YearPair, comparison: Comparison, t: Translate) -> Text:
    line = Text(f"{screen_text(pair.place)} {pair.years[0]} -> {pair.years[1]}", style="bold")
    for kind, english, style in _KINDS:
        if changes := pair.of(kind):
            line.append(f"\n  {t(english, KINDS[kind])}: ", style=style)
            names = (
                f"{comparison.scheme.items[each.item].name} {each.clauses[0]}->{each.clauses[1]}" for each in changes
            )
            line.append("  ".join(names), style="not bold")
    if not pair.changes:
        line.append(t("\n  no notable change", "\n  没有明显变化"), style="dim not bold")
    return line


def _print_titled(title: str, table: Table | None, out: Console) -> None:
    out.print()
    out.print(Rule(Text(title, style="bold"), style="dim"))
    if table is not None:
        out.print(table)
