"""An outline on a terminal: a tree of headings, paragraphs and clauses, each on one line with its offsets."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from dudao.document import Clause, Heading, Paragraph, Report
from dudao.language import Translate
from dudao.messages import localised
from dudao.taxonomy import Taxonomy

_PREVIEW = 240  # characters of a unit that the widest terminal could show
_KINDS = {"table": "表格", "addressee": "主送", "signature": "落款", "contents": "目录"}


def print_outline(report: Report, out: Console, *, taxonomy: Taxonomy, t: Translate) -> None:
    """Print the outline of one report."""
    root = Tree(_line((report.title or report.document.source, "bold")), guide_style="dim")
    stack: list[tuple[int, Tree]] = [(0, root)]
    width = 2 * len(str(len(report.document.text))) + 1
    units: list[tuple[int, int, Heading | Paragraph]] = sorted(
        [*((each.start, 0, each) for each in report.headings), *((each.start, 1, each) for each in report.paragraphs)],
        key=lambda unit: unit[:2],
    )
    role = taxonomy.opening_role  # what the line above says is not said again
    for _, _, unit in units:
        level = unit.level if isinstance(unit, Heading) else len(unit.section) + 1
        while stack[-1][0] >= level:
            stack.pop()
        branch = stack[-1][1]
        if isinstance(unit, Paragraph):
            _add_paragraph(branch, unit, width, role, taxonomy, t)
            continue
        role = unit.role
        named = (f"  {taxonomy.role_name(role)}", "magenta")
        stack.append((level, branch.add(_line(_offsets(unit, width), (unit.label, "bold"), named))))
    out.print(root)
    clauses = sum(len(paragraph.clauses) for paragraph in report.paragraphs)
    issuer, year = report.issuer or "?", report.year or "?"
    counts = len(report.headings), len(report.paragraphs), clauses
    out.print(
        _line(
            (
                t(
                    "{}, {}: {} headings, {} paragraphs, {} clauses".format(issuer, year, *counts),
                    "{}，{} 年：标题 {} 个，段落 {} 个，分句 {} 个".format(issuer, year, *counts),
                ),
                "dim",
            )
        )
    )
    for warning in report.warnings:
        out.print(Text(f"! {localised(warning, t)}", style="yellow"))


def _add_paragraph(branch: Tree, paragraph: Paragraph, width: int, role: str, taxonomy: Taxonomy, t: Translate) -> None:
    """A paragraph with its clauses below it; one that is a single clause stands on one line."""
    parts = [_offsets(paragraph, width), (f"#{paragraph.index} ", "cyan")]
    if paragraph.kind != "text":
        parts.append((f"{t(paragraph.kind, _KINDS[paragraph.kind])} ", "cyan"))
    if paragraph.role != role:
        parts.append((f"{taxonomy.role_name(paragraph.role)} ", "magenta"))
    if len(paragraph.clauses) < 2:
        shown = paragraph.clauses[0].text if paragraph.clauses else paragraph.text
        branch.add(_line(*parts, (shown, "")))
        return
    count = len(paragraph.clauses)
    parts.append((t(f"{count} clauses", f"{count} 个分句"), "dim"))
    node = branch.add(_line(*parts))
    for clause in paragraph.clauses:
        named = [(f"{taxonomy.role_name(clause.role)} ", "magenta")] if clause.role != paragraph.role else []
        node.add(_line(_offsets(clause, width), *named, (clause.text, "")))


def _offsets(unit: Heading | Paragraph | Clause, width: int) -> tuple[str, str]:
    return f"{unit.start}-{unit.end}".ljust(width) + " ", "dim"


def _line(*parts: tuple[str, str]) -> Text:
    """Pieces with their styles on one line that ends where the terminal does; Han characters count two columns."""
    line = Text(no_wrap=True, overflow="ellipsis")
    for piece, style in parts:
        line.append(_flat(piece), style=style or None)
    return line


def _flat(piece: str) -> str:
    """One line of it, blanks at its ends kept."""
    return "".join(" " if char.isspace() or not char.isprintable() else char for char in piece[:_PREVIEW])
