"""An outline on a terminal: a tree of headings with offsets, roles and clause counts."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from dudao.document import Paragraph, Report
from dudao.language import Translate
from dudao.messages import localised
from dudao.taxonomy import Taxonomy

_PREVIEW = 36  # characters of a unit that are shown


def print_outline(report: Report, out: Console, *, taxonomy: Taxonomy, t: Translate) -> None:
    """Print the outline of one report."""
    root = Tree(Text(report.title or report.document.source, style="bold"), guide_style="dim")
    stack: list[tuple[int, Tree]] = [(0, root)]
    units: list[tuple[int, int, object]] = sorted(
        [*((each.start, 0, each) for each in report.headings), *((each.start, 1, each) for each in report.paragraphs)],
        key=lambda unit: unit[:2],
    )
    for _, _, unit in units:
        if isinstance(unit, Paragraph):
            _add_paragraph(stack[-1][1], unit, taxonomy, t)
            continue
        level: int = unit.level  # type: ignore[attr-defined]
        while stack[-1][0] >= level:
            stack.pop()
        label = Text(unit.label, style="bold")  # type: ignore[attr-defined]
        label.append(f"  {taxonomy.role_name(unit.role)} {unit.start}-{unit.end}", style="dim not bold")  # type: ignore[attr-defined]
        stack.append((level, stack[-1][1].add(label)))
    out.print(root)
    out.print(
        Text(
            t(
                f"issuer {report.issuer or '?'}, year {report.year or '?'}",
                f"报告单位 {report.issuer or '？'}，年度 {report.year or '？'}",
            ),
            style="dim",
        )
    )
    for warning in report.warnings:
        out.print(Text(f"! {localised(warning, t)}", style="yellow"))


def _add_paragraph(branch: Tree, paragraph: Paragraph, taxonomy: Taxonomy, t: Translate) -> None:
    kind = "" if paragraph.kind == "text" else f"{paragraph.kind} "
    node = branch.add(
        Text(
            f"{kind}#{paragraph.index} {paragraph.start}-{paragraph.end} {taxonomy.role_name(paragraph.role)}",
            style="cyan",
        )
    )
    if not paragraph.clauses:
        node.add(Text(_preview(paragraph.text), style="dim"))
    for clause in paragraph.clauses:
        line = Text(f"{clause.start}-{clause.end} ", style="dim")
        line.append(_preview(clause.text), style="default not dim")
        node.add(line)


def _preview(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _PREVIEW else flat[: _PREVIEW - 1] + "…"
