"""A tagged report as one HTML page that needs nothing else: no network, no font, no script from elsewhere.

The page is in Chinese whatever the locale: those it is sent to read Chinese. Text, tints, labels and the coverage chart stand in the
HTML itself; the script adds filters, search, scores and mending.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from dudao.document import DomainScore, Heading, Paragraph, TaggedClause, TaggedParagraph, TaggedReport
from dudao.messages import chinese
from dudao.render.html_text import Run, runs, visible
from dudao.render.inline import inlined, json_element
from dudao.render.palette import Tint, tints_of
from dudao.schemes import THIN, state_of
from dudao.taxonomy import MOST_DOMAINS, Taxonomy
from dudao.templates import asset, render

# Log-odds that a term must bring to be marked in the text: below it stand stray pairs of characters, which make reading harder and
# say nothing (of the six terms a domain has at most, three to four are left).
MARKED = 0.6


def page(tagged: TaggedReport, taxonomy: Taxonomy) -> str:
    """The page of one report, tagged with ``explain=True`` where evidence is to be marked."""
    numbers = {domain.id: number for number, domain in enumerate(taxonomy.domains)}
    view = _View(tagged, taxonomy, numbers)
    style = asset("report.css")
    script = asset("report.js") + asset("mending.js")
    return render(
        "report.html.j2",
        **inlined(style=tint_rules(taxonomy) + style, script=script, early=_EARLY),
        title=visible(tagged.report.title or PurePath(tagged.file_name).stem or "报告"),
        facts=[visible(fact) for fact in _facts(tagged)],
        warnings=[visible(chinese(warning)) for warning in tagged.warnings],
        outline=view.outline(),
        sections=view.sections(),
        coverage=coverage(tagged, taxonomy),
        counts=view.counts,
        domains=taxonomy.domains,
        roles=taxonomy.roles,
        data=json_element(view.data()),
        thin=THIN,
    )


# Runs before the first paint: side panels are open where there is room beside the text, and closed above it on a phone.
_EARLY = (
    "if(matchMedia('(min-width: 60rem)').matches)document.querySelectorAll('details.side').forEach(d=>{d.open=true});"
)


def tint_rules(taxonomy: Taxonomy) -> str:
    """The style rules of ``.d0``, ``.d1``, …: a domain's background and ink, by its number in the taxonomy."""
    of_domains = tints_of(taxonomy.domains)

    def rules(pick: Callable[[Tint], tuple[str, ...]]) -> str:
        return "".join(
            ".d{}{{--tint:{};--ink:{};--edge:{}}}".format(number, *pick(tint)) for number, tint in enumerate(of_domains)
        )

    light = rules(lambda tint: (tint.light, tint.light_ink, tint.light_line))
    dark = rules(lambda tint: (tint.dark, tint.dark_ink, tint.dark_line))
    return f"{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n"


def coverage(tagged: TaggedReport, taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """A row a domain: missing ones first, thin ones behind them, then the others by what they hold."""
    most = max((each.share for each in tagged.coverage.values()), default=0.0) or 1.0
    rows = []
    for number, domain in enumerate(taxonomy.domains):
        each = tagged.coverage[domain.id]
        state = state_of(each.clauses)
        rows.append(
            {
                "number": number,
                "name": domain.name,
                "id": domain.id,
                "clauses": each.clauses,
                "share": each.share,
                "width": round(100 * each.share / most, 1),
                "state": "" if domain.exclusive or state == "present" else state,
            }
        )
    order = {"missing": 0, "thin": 1, "": 2}
    return sorted(rows, key=lambda row: (order[row["state"]], -row["share"], row["number"]))


def _facts(tagged: TaggedReport) -> list[str]:
    report = tagged.report
    year = f"{report.year} 年" if report.year else ""
    return [fact for fact in (report.issuer, year, tagged.file_name, f"模型 {tagged.model.version}") if fact]


def report_id(tagged: TaggedReport) -> str:
    """What corrections call the report: its file's name and the beginning of its text's digest.

    Two counties' files called 报告.docx are two reports, and no report of the corpus is meant by chance.
    """
    digest = hashlib.sha256(tagged.report.document.text.encode("utf-8", "surrogatepass")).hexdigest()
    stem, _, part = tagged.file_name.partition("#")
    name = re.sub(r"[^\w.-]+", "-", "-".join(filter(None, (stem.rsplit(".", 1)[0], part)))).strip("-") or "report"
    return f"{name}-{digest[:12]}"


class _View:
    """What the template shows of one report, and what the script knows of it."""

    def __init__(self, tagged: TaggedReport, taxonomy: Taxonomy, numbers: Mapping[str, int]) -> None:
        self._tagged, self._taxonomy, self._numbers = tagged, taxonomy, numbers
        self._clauses: list[tuple[TaggedParagraph, int, TaggedClause]] = []
        self._titles = {
            part.paragraphs[0].paragraph.start: part.report.title
            for part in tagged.parts
            if part.paragraphs and part.report.title
        }
        self._new_roles = self._roles_that_change()
        self._blocks = list(self._make_blocks())
        self.counts = {
            "clauses": len(self._clauses),
            "uncertain": sum(each.uncertain for _, _, each in self._clauses),
        }

    def _roles_that_change(self) -> list[str]:
        """The role of each heading where it is another than the last one's and the heading does not say it itself."""
        names, last = [], ""
        for heading in self._tagged.report.headings:
            role = self._taxonomy.role_name(heading.role)
            names.append("" if role == last or role in heading.text else role)
            last = role
        return names

    def outline(self) -> list[dict[str, Any]]:
        """The headings, to link to."""
        return [
            {
                "number": number,
                "level": min(heading.level, 6),
                "text": visible(heading.label),
                "role": self._new_roles[number],
            }
            for number, heading in enumerate(self._tagged.report.headings)
        ]

    def sections(self) -> list[list[dict[str, Any]]]:
        """Headings and paragraphs, cut before each heading of the first level: a browser draws the sections that are in sight."""
        found: list[list[dict[str, Any]]] = [[]]
        for block in self._blocks:
            if block["kind"] in {"title", "heading"} and block["level"] <= 1 and found[-1]:
                found.append([])
            found[-1].append(block)
        return found

    def _make_blocks(self) -> Iterator[dict[str, Any]]:
        headings = list(enumerate(self._tagged.report.headings))
        for tagged in self._tagged.paragraphs:
            paragraph = tagged.paragraph
            if paragraph.start in self._titles:
                yield {"kind": "title", "level": 0, "text": visible(self._titles[paragraph.start])}
            while headings and headings[0][1].start < paragraph.start:
                yield self._heading(*headings.pop(0))
            inside = []
            while headings and headings[0][1].start < paragraph.end:
                inside.append(headings.pop(0))
            yield {
                "kind": paragraph.kind,
                "role": self._taxonomy.role_name(paragraph.role),
                "pieces": list(self._pieces(tagged, inside)),
            }
        for number, heading in headings:
            yield self._heading(number, heading)

    def _heading(self, number: int, heading: Heading) -> dict[str, Any]:
        return {
            "kind": "heading",
            "number": number,
            "level": heading.level,
            "text": visible(heading.text),
            "role": self._new_roles[number],
        }

    def _pieces(self, tagged: TaggedParagraph, headings: Sequence[tuple[int, Heading]]) -> Iterator[dict[str, Any]]:
        """A paragraph's run-in headings, clauses, and the text between them, in order."""
        paragraph = tagged.paragraph
        units: list[tuple[int, int, dict[str, Any]]] = [
            (each.start, min(each.end, paragraph.end), self._heading(number, each)) for number, each in headings
        ]
        before: tuple[object, ...] = ()
        role = paragraph.role
        for number, each in enumerate(tagged.clauses):
            labels = tuple(domain.id for domain in each.domains)
            shown = {
                "kind": "clause",
                "number": len(self._clauses),
                "domain": self._numbers[labels[0]],
                "names": [domain.name for domain in each.domains],
                "repeats": labels == before and not each.uncertain,
                "role": self._taxonomy.role_name(each.clause.role) if each.clause.role != role else "",
                "uncertain": each.uncertain,
                "runs": _marked(paragraph, each),
            }
            before, role = () if each.uncertain else labels, each.clause.role
            self._clauses.append((tagged, number, each))
            units.append((each.clause.start, each.clause.end, shown))
        at = paragraph.start
        for start, end, unit in sorted(units, key=lambda unit: unit[:2]):
            yield from _between(paragraph, at, start)
            yield unit
            at = max(at, end)
        yield from _between(paragraph, at, paragraph.end)

    def data(self) -> dict[str, Any]:
        """What the script needs beside the text on the page; ``clauses`` holds each clause's exact text for corrections."""
        tagged = self._tagged
        sections: dict[tuple[str, ...], int] = {}
        roles = {role.id: number for number, role in enumerate(self._taxonomy.roles)}
        clauses = [
            {
                "paragraph": part.paragraph.index,
                "number": number,
                "section": sections.setdefault(part.paragraph.section, len(sections)),
                "start": each.clause.start,
                "end": each.clause.end,
                "text": each.clause.text,
                "role": roles.get(each.clause.role, -1),
                "uncertain": each.uncertain,
                "domains": [self._domain(domain) for domain in each.domains],
            }
            for part, number, each in self._clauses
        ]
        return {
            "report": report_id(tagged),
            "source": tagged.file_name,
            "model": {"version": tagged.model.version, "sha256": tagged.model.sha256},
            "domains": [
                {"id": each.id, "name": each.name, "exclusive": each.exclusive} for each in self._taxonomy.domains
            ],
            "roles": [{"id": each.id, "name": each.name} for each in self._taxonomy.roles],
            "mostDomains": MOST_DOMAINS,
            "thin": THIN,
            "sections": [list(section) for section in sections],
            "clauses": clauses,
        }

    def _domain(self, domain: DomainScore) -> list[Any]:
        terms = [each.term for each in domain.evidence or ()]
        return [self._numbers[domain.id], round(domain.score, 4), terms]


def _marked(paragraph: Paragraph, tagged: TaggedClause) -> list[Run]:
    """The clause's text, cut where the terms that carried its domains begin and end."""
    clause = tagged.clause
    spans = [
        (start - clause.start, end - clause.start)
        for domain in tagged.domains
        for evidence in domain.evidence or ()
        if evidence.weight >= MARKED
        for start, end in evidence.spans
    ]
    return runs(clause.text, spans, lines=paragraph.kind == "table")


def _between(paragraph: Paragraph, start: int, end: int) -> Iterator[dict[str, Any]]:
    text = paragraph.text[start - paragraph.start : end - paragraph.start]
    if text:
        yield {"kind": "between", "runs": runs(text, [], lines=paragraph.kind == "table")}
