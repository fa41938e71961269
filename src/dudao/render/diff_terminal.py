"""What two models say differently, on a terminal: figures, domains, moves, then the clauses."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dudao.document import DomainScore
from dudao.language import Translate
from dudao.messages import localised
from dudao.modeldiff import Difference

_WIDEST = 110  # columns: longer lines are hard to read
_MOST_CLAUSES = 40
_MOST_MOVES = 10
OVERALL = (
    ("macro_f1", "macro F1", "宏平均 F1"),
    ("micro_f1", "micro F1", "微平均 F1"),
    ("exact_match", "exact match", "完全一致"),
    ("first_domain_accuracy", "first domain right", "首位领域正确"),
)


def print_difference(difference: Difference, out: Console, *, t: Translate) -> None:
    """Print the whole comparison; of the clauses, the first forty."""
    width = min(out.width, _WIDEST)
    names = difference.names
    title = t(
        f"{difference.before.version} against {difference.after.version}",
        f"{difference.before.version} 与 {difference.after.version} 对比",
    )
    out.print(Rule(Text(title, style="bold"), style="dim"), width=width)
    out.print(Text(headline(difference, t), style="bold"), width=width)
    for note in difference.notes:
        out.print(Text(f"! {localised(note, t)}", style="yellow"), width=width)
    if difference.metrics:
        out.print()
        out.print(_metrics(difference.metrics, difference, t), width=width)
    out.print()
    out.print(_domains(difference, t), width=width)
    if difference.moves:
        out.print()
        out.print(Text(t("First domain, from → to", "首位领域的去向"), style="bold"), width=width)
        for before, after, count in difference.moves[:_MOST_MOVES]:
            out.print(Text(f"  {count:>4}  {names[before]} ({before}) -> {names[after]} ({after})"), width=width)
        _say_more(out, len(difference.moves) - _MOST_MOVES, width, t)
    source = None
    for each in difference.changes[:_MOST_CLAUSES]:
        if each.source != source:
            source = each.source
            out.print()
            out.print(Text(source, style="bold"), width=width)
        line = _labels(each.before, each.uncertain_before, "red").append(" -> ")
        out.print(
            Padding(line.append_text(_labels(each.after, each.uncertain_after, "green")), (0, 0, 0, 2)), width=width
        )
        out.print(Padding(Text(_flat(each.text)), (0, 0, 0, 4)), width=width)
    _say_more(out, len(difference.changes) - _MOST_CLAUSES, width, t)


def headline(difference: Difference, t: Translate) -> str:
    """How much has changed, in a sentence."""
    changed, clauses, reports = len(difference.changes), difference.clauses, len(difference.reports)
    first = sum(each.first_changed for each in difference.changes)
    said = t(
        f"{changed:,} of {clauses:,} clauses in {reports:,} reports have other domains ({changed / max(1, clauses):.1%}), {first:,} another first one",
        f"{reports:,} 份报告 {clauses:,} 个分句中，{changed:,} 个领域有变（{changed / max(1, clauses):.1%}），其中 {first:,} 个首位领域改变",
    )
    if difference.unmatched:
        said += t(
            f"; {difference.unmatched:,} clauses are cut in another way",
            f"；另有 {difference.unmatched:,} 个分句切分不同",
        )
    return said


def _metrics(metrics: dict[str, Any], difference: Difference, t: Translate) -> Table:
    table = Table(
        title=t(
            f"on the same {metrics['clauses']:,} labelled clauses of {metrics['reports']:,} reports",
            f"在同样的 {metrics['reports']:,} 份报告 {metrics['clauses']:,} 个已标注分句上",
        ),
        title_justify="left",
        box=SIMPLE,
    )
    table.add_column("")
    for heading in (
        difference.before.version,
        difference.after.version,
        t("difference", "差值"),
        t("95% interval", "95% 区间"),
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for key, english, chinese in OVERALL:
        each = metrics[key]
        low, high = each["interval"]
        style = "green" if low > 0 else "red" if high < 0 else ""
        table.add_row(
            t(english, chinese),
            f"{each['before']:.3f}",
            f"{each['after']:.3f}",
            Text(f"{each['difference']:+.3f}", style=style),
            f"{low:+.3f} .. {high:+.3f}",
        )
    table.caption = t(
        f"exactly right by the first alone: {metrics['only_before']:,}, by the second alone: {metrics['only_after']:,}",
        f"仅前者完全正确 {metrics['only_before']:,} 句，仅后者完全正确 {metrics['only_after']:,} 句",
    )
    table.caption_justify = "left"
    return table


def _domains(difference: Difference, t: Translate) -> Table:
    figures = (difference.metrics or {}).get("domains", {})
    table = Table(title=t("by domain, in clauses", "各领域（分句数）"), title_justify="left", box=SIMPLE, padding=0)
    table.add_column(t("domain", "领域"), no_wrap=True, max_width=20)
    table.add_column("", style="dim", overflow="ellipsis", no_wrap=True, ratio=1)
    for heading in (
        difference.before.version,
        difference.after.version,
        t("gained", "新增"),
        t("lost", "失去"),
        *(["F1 ±"] if figures else []),
    ):
        table.add_column(heading, justify="right", no_wrap=True, min_width=max(5, len(heading)))
    for each in difference.domains:
        cells: list[Text | str] = [each.name, each.id, str(each.before), str(each.after)]
        cells += [
            Text(f"+{each.gained}" if each.gained else "", style="green"),
            Text(f"-{each.lost}" if each.lost else "", style="red"),
        ]
        if figures:
            cells.append(f"{figures[each.id]['difference']:+.3f}" if each.id in figures else "")
        table.add_row(*cells)
    return table


def _labels(domains: tuple[DomainScore, ...], uncertain: bool, style: str) -> Text:
    line = Text()
    line.append(" + ".join(f"{each.name} {each.score:.0%}" for each in domains), style=style)
    return line.append("?" if uncertain else "", style="yellow")


def _say_more(out: Console, left: int, width: int, t: Translate) -> None:
    if left > 0:
        out.print(
            Text(
                t(
                    f"  and {left:,} more: --to csv, html or json",
                    f"  另有 {left:,} 项：用 --to csv、html 或 json 输出",
                ),
                style="dim",
            ),
            width=width,
        )


def _flat(text: str) -> str:
    """A text on one line, without what would move a cursor."""
    return "".join(" " if char.isspace() or not char.isprintable() else char for char in text)
