"""A tagged report as a workbook for an office: paragraphs, clauses, coverage of a scheme, problems and measures."""

from __future__ import annotations

from typing import BinaryIO

from dudao.document import ClauseRef, DomainScore, LedgerMeasure, TaggedClause, TaggedReport
from dudao.language import translator
from dudao.messages import localised
from dudao.render.palette import tints_of
from dudao.render.sheets import CENTRED, QUIET, SHARE, STATES, Book, Column, Look, Sheet
from dudao.schemes import THIN, Scheme, item_coverage
from dudao.taxonomy import Taxonomy

PARAGRAPHS, CLAUSES, COVERAGE, LEDGER = "段落", "分句", "覆盖情况", "问题与措施"
STATE_NAMES = {"present": "已覆盖", "thin": "薄弱", "missing": "缺失"}
_KINDS = {"text": "正文", "table": "表格", "addressee": "称谓", "signature": "落款", "contents": "目录"}
_DOUBT = Look("#FFF2B3", "#7A5B00", centred=True)
_MATCHED = STATES["present"]._replace(fill="")
_ITEM = Look("#EEF2F4", bold=True)


def write_workbook(
    report: TaggedReport, file: BinaryIO, *, taxonomy: Taxonomy, scheme: Scheme, thin: int = THIN
) -> tuple[str, ...]:
    """Write one report.

    Parameters
    ----------
    file : binary file object
        What is written to.
    scheme : Scheme
        What the sheet 覆盖情况 holds the report against.
    thin : int
        An item with fewer clauses than this is thin.

    Returns
    -------
    tuple of str
        What did not fit into a workbook; empty where all did.
    """
    writer = _Workbook(report, taxonomy)
    writer.paragraphs()
    writer.clauses()
    writer.coverage(scheme, thin)
    writer.ledger()
    return writer.save(file)


class _Workbook:
    """The four sheets of a report."""

    def __init__(self, report: TaggedReport, taxonomy: Taxonomy) -> None:
        self._report, self._taxonomy = report, taxonomy
        self._book = Book(title=report.report.title or report.source, subject=report.report.issuer)
        self._tints = {
            domain.id: Look(tint.light, tint.light_ink)
            for domain, tint in zip(taxonomy.domains, tints_of(taxonomy.domains), strict=True)
        }
        self._rows = {  # of each clause on its sheet
            ref: number
            for number, ref in enumerate(
                (
                    ClauseRef(place, index)
                    for place, part in enumerate(report.paragraphs)
                    for index in range(len(part.clauses))
                ),
                2,
            )
        }
        self._facts: Sheet | None = None

    def save(self, file: BinaryIO) -> tuple[str, ...]:
        warnings = self._book.losses()
        if self._facts is not None:
            for warning in (*self._report.warnings, *warnings):
                self._facts.note(f"提示：{localised(warning, translator('zh'))}")
        self._book.save(file)
        return warnings

    def paragraphs(self) -> None:
        columns = [
            Column("段", 5, CENTRED),
            Column("章节", 24),
            Column("类型", 8, CENTRED),
            Column("角色", 11, CENTRED),
            Column("首要领域", 17),
            Column("领域", 22),
            Column("领域编号", 20, QUIET),
            Column("分句数", 8, CENTRED),
            Column("待核", 8, CENTRED),
            Column("正文", 100),
        ]
        sheet = self._book.sheet(PARAGRAPHS, columns, frozen=1, tab="#1F4E5F")
        for part in self._report.paragraphs:
            paragraph = part.paragraph
            unsure = sum(each.uncertain for each in part.clauses)
            primary = next((domain for domain in part.domains if domain.id == part.primary), None)
            looks = {4: self._tints[primary.id]} if primary else {}
            values = [
                paragraph.index + 1,
                "\n".join(paragraph.section),
                _KINDS.get(paragraph.kind, paragraph.kind),
                self._taxonomy.role_name(paragraph.role),
                primary.name if primary else None,
                _with_scores(part.domains),
                _ids(part.domains),
                len(part.clauses) or None,
                unsure or None,
                paragraph.text,
            ]
            sheet.row(values, looks=looks | ({8: _DOUBT} if unsure else {}))

    def clauses(self) -> None:
        explained = any(
            domain.evidence is not None
            for part in self._report.paragraphs
            for each in part.clauses
            for domain in each.domains
        )
        columns = [
            Column("段", 5, CENTRED),
            Column("句", 5, CENTRED),
            Column("章节", 24),
            Column("角色", 11, CENTRED),
            Column("标号", 8, CENTRED),
            Column("首要领域", 17),
            Column("得分", 8, SHARE),
            Column("其他领域", 20),
            Column("领域编号", 20, QUIET),
            Column("待核", 8, CENTRED),
            Column("正文", 80),
        ] + ([Column("依据词", 36)] if explained else [])
        sheet = self._book.sheet(CLAUSES, columns, frozen=2, tab="#2E7D6B")
        for part in self._report.paragraphs:
            section = "\n".join(part.paragraph.section)
            for number, each in enumerate(part.clauses, 1):
                first = each.domains[0]
                values = [
                    part.paragraph.index + 1,
                    number,
                    section,
                    self._taxonomy.role_name(each.clause.role),
                    each.clause.marker or None,
                    first.name,
                    round(first.score, 4),
                    _with_scores(each.domains[1:]),
                    _ids(each.domains),
                    "是" if each.uncertain else None,
                    each.clause.text,
                ] + ([_evidence(each)] if explained else [])
                sheet.row(values, looks={5: self._tints[first.id]} | ({9: _DOUBT} if each.uncertain else {}))

    def coverage(self, scheme: Scheme, thin: int) -> None:
        columns = [
            Column("条目", 30),
            Column("状态", 9, CENTRED),
            Column("分句数", 8, CENTRED),
            Column("其中问题", 9, CENTRED),
            Column("其中措施", 9, CENTRED),
            Column("占全文", 8, SHARE),
            Column("对应领域", 34, QUIET),
            Column("段", 5, CENTRED),
            Column("句", 5, CENTRED),
            Column("角色", 11, CENTRED),
            Column("体现该条目的分句", 72),
        ]
        sheet = self._facts = self._book.sheet(COVERAGE, columns, frozen=2, tab="#B7791F", outline=True)
        total = sum(each.clause.end - each.clause.start for part in self._report.paragraphs for each in part.clauses)
        for each in item_coverage(self._report, scheme, thin=thin):
            state = STATES[each.state]
            found = [self._clause(ref) for ref in each.clauses]
            roles = [clause.clause.role for clause in found]
            length = sum(clause.clause.end - clause.clause.start for clause in found)
            domains = "、".join(f"{self._taxonomy.domain(domain).name} {domain}" for domain in each.item.domains)
            words = f"\n写明：{'、'.join(each.item.keywords)}" if each.item.keywords else ""
            values = [
                each.item.name,
                STATE_NAMES[each.state],
                len(found),
                roles.count(self._taxonomy.problem_role),
                roles.count(self._taxonomy.measure_role),
                round(length / max(total, 1), 4),
                domains + words,
                None,
                None,
                None,
                f"点左侧 + 展开 {len(found)} 个分句" if found else "没有分句体现该条目",
            ]
            number = Look(_ITEM.fill, bold=True, centred=True)
            looks = {
                **dict.fromkeys(range(len(columns)), _ITEM),
                **dict.fromkeys((2, 3, 4), number),
                1: state,
                5: number._replace(number=SHARE.number),
                6: QUIET._replace(fill=_ITEM.fill),
                10: QUIET._replace(fill=_ITEM.fill),
            }
            sheet.row(values, looks=looks, folded=bool(found))
            for ref, clause in zip(each.clauses, found, strict=True):
                self._item_clause(sheet, each.item.name, STATE_NAMES[each.state], ref, clause)
        self._notes(sheet, scheme, thin)

    def _item_clause(self, sheet: Sheet, item: str, state: str, ref: ClauseRef, clause: TaggedClause) -> None:
        place, number = self._place(ref)
        values = [
            item,
            state,
            None,
            None,
            None,
            None,
            _with_scores(clause.domains),
            place,
            number,
            self._taxonomy.role_name(clause.clause.role),
            clause.clause.text,
        ]
        quiet = QUIET._replace(centred=True)
        sheet.row(values, looks={0: QUIET, 1: quiet}, links={8: self._link(ref)}, level=1)

    def _notes(self, sheet: Sheet, scheme: Scheme, thin: int) -> None:
        report = self._report.report
        facts = [report.title.replace("\n", " "), report.issuer, f"{report.year} 年" if report.year else ""]
        sheet.note("报告：" + "　".join(fact for fact in (*facts, self._report.file_name) if fact))
        sheet.note(f"方案：{scheme.title}（{scheme.id}）" + (f"　来源：{scheme.source}" if scheme.source else ""))
        sheet.note(f"状态：没有分句为缺失，不足 {thin} 句为薄弱，其余为已覆盖。模型 {self._report.model.version}。")

    def ledger(self) -> None:
        columns = [
            Column("序号", 6, CENTRED),
            Column("状态", 14, CENTRED),
            Column("问题领域", 16),
            Column("问题", 48),
            Column("问题出处", 9, CENTRED),
            Column("措施领域", 16),
            Column("同领域的改进措施", 56),
            Column("措施出处", 9, CENTRED),
            Column("责任单位\n（文中写明）", 14),
            Column("时限\n（文中写明）", 14),
            Column("承诺单位", 16, QUIET),
        ]
        sheet = self._book.sheet(LEDGER, columns, frozen=2, tab="#B23A48")
        found = self._report.ledger
        measures = {each.ref: each for each in found.measures}
        for number, problem in enumerate(found.problems, 1):
            if not problem.measures:
                what = "无对应措施" if problem.specific else "未涉具体领域"
                look = STATES["missing"] if problem.specific else QUIET._replace(centred=True)
                self._ledger_row(sheet, number, what, look, problem.ref, None)
            for place, ref in enumerate(problem.measures):
                self._ledger_row(sheet, number, "有措施", _MATCHED, problem.ref, measures[ref], again=place > 0)
        for each in found.without_problem:
            self._ledger_row(sheet, None, "措施无对应问题", STATES["thin"], None, each)
        for each in found.measures:
            if not each.specific:
                self._ledger_row(sheet, None, "未涉具体领域", QUIET._replace(centred=True), None, each)
        unmatched = len(found.without_measure), len(found.without_problem)
        sheet.note(
            f"共有问题 {len(found.problems)} 句、改进措施 {len(found.measures)} 句；"
            f"{unmatched[0]} 句问题没有同领域的措施，{unmatched[1]} 句措施没有同领域的问题。"
        )
        sheet.note("同一问题有几条同领域措施时各占一行，最相近的在前；责任单位和时限只取分句自己写明的。")

    def _ledger_row(
        self,
        sheet: Sheet,
        number: int | None,
        what: str,
        look: Look,
        problem: ClauseRef | None,
        measure: LedgerMeasure | None,
        *,
        again: bool = False,
    ) -> None:
        values: list[str | int | None] = [number, what, *[None] * 9]
        looks, links = {1: look}, {}
        if problem:
            clause = self._clause(problem)
            values[2:5] = [_names(clause.domains), clause.clause.text, "{}.{}".format(*self._place(problem))]
            looks[2], links[4] = self._tints[clause.domains[0].id], self._link(problem)
            if again:  # the same problem beside its next measure
                looks |= {0: QUIET._replace(centred=True), 3: QUIET}
        if measure:
            clause = self._clause(measure.ref)
            values[5:8] = [_names(clause.domains), clause.clause.text, "{}.{}".format(*self._place(measure.ref))]
            values[8:] = [
                "、".join(measure.who) or None,
                "；".join(measure.deadline) or None,
                self._report.report.issuer,
            ]
            looks[5], links[7] = self._tints[clause.domains[0].id], self._link(measure.ref)
        sheet.row(values, looks=looks, links=links)

    def _clause(self, ref: ClauseRef) -> TaggedClause:
        return self._report.paragraphs[ref.paragraph].clauses[ref.clause]

    def _place(self, ref: ClauseRef) -> tuple[int, int]:
        """Number of its paragraph and its own in it, as the sheets count them."""
        return self._report.paragraphs[ref.paragraph].paragraph.index + 1, ref.clause + 1

    def _link(self, ref: ClauseRef) -> str:
        return f"'{CLAUSES}'!K{self._rows[ref]}"


def _with_scores(domains: tuple[DomainScore, ...]) -> str | None:
    return "、".join(f"{domain.name} {domain.score:.0%}" for domain in domains) or None


def _names(domains: tuple[DomainScore, ...]) -> str:
    return "、".join(domain.name for domain in domains)


def _ids(domains: tuple[DomainScore, ...]) -> str | None:
    return "\n".join(domain.id for domain in domains) or None


def _evidence(each: TaggedClause) -> str | None:
    terms = dict.fromkeys(evidence.term for domain in each.domains for evidence in domain.evidence or ())
    return "、".join(terms) or None
