"""Tagged reports made by hand, for the tests of comparisons."""

from __future__ import annotations

from dudao.document import (
    Clause,
    Coverage,
    Document,
    DomainScore,
    Drift,
    ModelInfo,
    Paragraph,
    Report,
    TaggedClause,
    TaggedParagraph,
    TaggedReport,
)


def tagged(
    counts: dict[str, int],
    *,
    issuer: str = "云岭县人民政府",
    year: int | None = 2021,
    source: str = "a.txt",
    title: str = "自评报告",
    role: str = "self_check",
    text: str = "写了一句。",
    section: tuple[str, ...] = ("二、自查情况",),
    warnings: tuple[str, ...] = (),
    drift: Drift | None = None,
) -> TaggedReport:
    """A report of one paragraph with so many clauses of each domain; ``a+b`` stands for clauses of two."""
    clauses = []
    for domains, count in counts.items():
        for _ in range(count):
            start = len(text) * len(clauses)
            scores = tuple(DomainScore(domain, domain, 0.9) for domain in domains.split("+"))
            clauses.append(TaggedClause(Clause("", start, start + len(text), text, role), scores, False))
    whole = text * len(clauses)
    outline = tuple(each.clause for each in clauses)
    paragraph = Paragraph(0, "text", section, role, 0, len(whole), whole, outline)
    report = Report(Document(whole, source), title, issuer, year, (), (paragraph,), warnings)
    parts = (TaggedParagraph(paragraph, (), None, tuple(clauses)),)
    return TaggedReport(report, ModelInfo("1.0.0", "1", ""), parts, dict[str, Coverage](), warnings, drift=drift)
