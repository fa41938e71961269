"""A tagged report on a terminal: sections, clauses beside their domains, coverage at the end.

Only characters that a GBK console can show; text goes through rich's ``Text``, so that ``[/red]`` in a report stays text.
"""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dudao.document import DomainScore, TaggedParagraph, TaggedReport
from dudao.language import Translate
from dudao.messages import localised
from dudao.render.cells import screen_text
from dudao.render.drift import drift_line
from dudao.schemes import DEFAULT, THIN, Scheme, gaps, item_coverage, load_scheme
from dudao.taxonomy import Taxonomy

_GROUP_COLOURS = ("red", "green", "blue", "magenta", "cyan", "yellow", "bright_blue", "bright_magenta")
_WIDEST = 110  # columns: longer lines are hard to read
_SHOWN = 2  # clauses of an item of a scheme; the workbook and JSON have all


def print_report(
    tagged: TaggedReport,
    out: Console,
    *,
    taxonomy: Taxonomy,
    held: tuple[Scheme, int] | None = None,
    unit: str = "clause",
    t: Translate,
) -> None:
    """Print one report, held against a scheme with the number below which its items are thin; without, against all domains."""
    width = min(out.width, _WIDEST)
    report = tagged.report
    colour = _colours(taxonomy)
    out.print(Rule(Text(screen_text(report.title or tagged.source), style="bold"), style="dim"), width=width)
    facts = [
        report.issuer,
        str(report.year or ""),
        tagged.source,
        t(f"model {tagged.model.version}", f"模型 {tagged.model.version}"),
    ]
    out.print(Text(screen_text("  ".join(fact for fact in facts if fact)), style="dim"), width=width)
    for warning in tagged.warnings:
        out.print(Text(f"! {screen_text(localised(warning, t))}", style="yellow"), width=width)
    headings = list(report.headings)
    for part in tagged.paragraphs:
        while headings and headings[0].start <= part.paragraph.start:
            heading = headings.pop(0)
            line = Text(screen_text(heading.label), style="bold" if heading.level == 1 else "bold dim")
            line.append(f"  [{taxonomy.role_name(heading.role)}]", style="dim not bold")
            out.print()
            out.print(Padding(line, (0, 0, 0, 2 * (heading.level - 1))), width=width)
        out.print(_paragraph(part, colour, taxonomy, unit), width=width)
    for heading in headings:
        out.print(Text(screen_text(heading.label), style="bold"), width=width)
    _print_domains(tagged, out, taxonomy, colour, width, t)
    scheme, thin = held or (load_scheme(taxonomy=taxonomy), THIN)
    _print_scheme(tagged, out, scheme, thin, taxonomy, width, t)
    _print_counts(tagged, out, width, t)


def _paragraph(part: TaggedParagraph, colour: dict[str, str], taxonomy: Taxonomy, unit: str) -> Table | Padding:
    if not part.clauses:
        return Padding(Text(screen_text(part.paragraph.text.strip()), style="dim"), (0, 0, 0, 2))
    names = max(_columns(domain.name) for domain in taxonomy.domains)
    grid = Table.grid(padding=(0, 1), expand=False)
    grid.add_column(width=2)
    grid.add_column(width=names + 5, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    if unit == "paragraph":
        unsure = any(each.uncertain for each in part.clauses)
        grid.add_row("", _labels(part.domains, colour, unsure), Text(screen_text(part.paragraph.text.strip())))
        return grid
    role = part.paragraph.role
    for each in part.clauses:
        if each.clause.role != role:
            role = each.clause.role
            grid.add_row("", "", Text(f"[{taxonomy.role_name(role)}]", style="dim"))
        grid.add_row(
            Text(" ?" if each.uncertain else "", style="bold yellow"),
            _labels(each.domains, colour, each.uncertain),
            _clause_text(each.clause.text, each.clause.start, each.domains),
        )
    return grid


def _clause_text(text: str, offset: int, domains: tuple[DomainScore, ...]) -> Text:
    line = Text(screen_text(text))
    for domain in domains:
        for evidence in domain.evidence or ():
            for start, end in evidence.spans:
                line.stylize("underline", start - offset, end - offset)
    return line


def _labels(domains: tuple[DomainScore, ...], colour: dict[str, str], uncertain: bool) -> Text:
    label = Text()
    for number, domain in enumerate(domains):
        label.append("\n" if number else "")
        label.append(domain.name, style=colour[domain.id])
        label.append(f" {domain.score:3.0%}".rjust(5), style="yellow" if uncertain else "dim")
    return label


def _print_domains(
    tagged: TaggedReport, out: Console, taxonomy: Taxonomy, colour: dict[str, str], width: int, t: Translate
) -> None:
    out.print()
    out.print(Rule(Text(t("Coverage by domain", "各领域覆盖情况"), style="bold"), style="dim"), width=width)
    most = max((each.share for each in tagged.coverage.values()), default=0.0) or 1.0
    room = max(8, min(40, width - 62))
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(width=room, no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True, style="dim")
    ranked = sorted(taxonomy.domains, key=lambda domain: -tagged.coverage[domain.id].share)
    for domain in ranked:
        each = tagged.coverage[domain.id]
        if each.clauses:
            bar = "█" * max(1, round(each.share / most * room))
            grid.add_row(
                Text(domain.name, style=colour[domain.id]),
                domain.id,
                Text(bar, style=colour[domain.id]),
                t(f"{each.clauses} clauses", f"{each.clauses} 句"),
                f"{each.share:.1%}",
            )
    out.print(grid, width=width)


def _print_scheme(
    tagged: TaggedReport, out: Console, scheme: Scheme, thin: int, taxonomy: Taxonomy, width: int, t: Translate
) -> None:
    coverage = item_coverage(tagged, scheme, thin=thin)
    if scheme.id != DEFAULT:  # that one's items are the domains, which stand above
        out.print()
        out.print(Rule(Text(scheme.title, style="bold"), style="dim"), width=width)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right", no_wrap=True, style="dim")
        grid.add_column(ratio=1, overflow="fold")
        for each in coverage:
            name, style = _states(t)[each.state]
            count = t(f"{len(each.clauses)} clauses", f"{len(each.clauses)} 句")
            grid.add_row(Text(name, style=style), count, Text(screen_text(each.item.name)))
            for ref in each.clauses[:_SHOWN]:
                clause = tagged.paragraphs[ref.paragraph].clauses[ref.clause].clause
                line = Text(screen_text(" ".join(clause.text.split())), style="dim")
                line.truncate(max(20, width - 24), overflow="ellipsis")
                grid.add_row("", "", line)
        out.print(grid, width=width)
    missing, few = gaps(coverage, taxonomy)
    for label, found, style in (
        (t("Missing", "缺失"), missing, "bold red"),
        (t(f"Thin (fewer than {thin} clauses)", f"薄弱（不足 {thin} 句）"), few, "yellow"),
    ):
        names = [f"{each.item.name} ({each.item.id})" for each in found]
        if names:
            out.print(Text(f"{label}: ", style=style) + Text(screen_text("  ".join(names))), width=width)


def _states(t: Translate) -> dict[str, tuple[str, str]]:
    return {
        "present": (t("present", "已覆盖"), "green"),
        "thin": (t("thin", "薄弱"), "yellow"),
        "missing": (t("missing", "缺失"), "bold red"),
    }


def _print_counts(tagged: TaggedReport, out: Console, width: int, t: Translate) -> None:
    ledger = tagged.ledger
    if ledger.problems or ledger.measures:
        line = t(
            f"{len(ledger.problems)} problem clauses, {len(ledger.without_measure)} of them without a measure in their domain; "
            f"{len(ledger.measures)} measures, {len(ledger.without_problem)} of them without a problem",
            f"问题台账：问题 {len(ledger.problems)} 句，其中 {len(ledger.without_measure)} 句没有同领域的措施；"
            f"改进措施 {len(ledger.measures)} 句，其中 {len(ledger.without_problem)} 句没有同领域的问题",
        )
        out.print(Text(line, style="yellow" if ledger.without_measure else "dim"), width=width)
    clauses = [each for part in tagged.paragraphs for each in part.clauses]
    unsure = sum(each.uncertain for each in clauses)
    out.print(
        Text(
            t(
                f"{len(clauses)} clauses, {unsure} marked ? for a person to look at",
                f"共 {len(clauses)} 个分句，其中 {unsure} 个标 ? 请人工查看",
            ),
            style="dim",
        ),
        width=width,
    )
    if tagged.drift:
        out.print(Text(drift_line(tagged.drift, t), style="yellow" if tagged.drift.beyond else "dim"), width=width)


def _colours(taxonomy: Taxonomy) -> dict[str, str]:
    """One colour a group of domains."""
    groups = list(dict.fromkeys(domain.group for domain in taxonomy.domains))
    return {
        domain.id: "white" if domain.exclusive else _GROUP_COLOURS[groups.index(domain.group) % len(_GROUP_COLOURS)]
        for domain in taxonomy.domains
    }


def _columns(text: str) -> int:
    """Terminal columns: Chinese characters take two."""
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)
