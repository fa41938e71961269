"""The ledger of a report (问题台账): each problem beside the measures of its domains, who is named for them and until when.

Who and when are what a clause itself writes, found by fixed wordings; what they miss stays empty, and nothing is inferred.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dudao.document import ClauseRef, Ledger, LedgerMeasure, LedgerProblem, TaggedParagraph, TaggedReport
from dudao.patterns import holds, later
from dudao.taxonomy import Taxonomy, load_taxonomy

# A clause is looked at with its Han and full-width numerals each as one 九, so that a number is two ranges of characters: the
# set of all of them takes ten times as long to compile, in each of a dozen places. Spans stay what they are.
_AS_NINE = str.maketrans(dict.fromkeys("０１２３４５６７８９〇零一二两三四五六七八九十百", "九"))
_NUMBER = "[0-9九]"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Bodies that county reports name for what they promise: over the measures of the corpus these are nearly all. A county's (区's, 旗's …)
# prefix may stand before any of them; a plain tuple, since compiling them as a pattern costs a cold start four milliseconds.
_LEVELS = tuple("省市县区旗州盟")
_BODIES = _names(
    "教育和体育局 教育体育局 教育科技和体育局 教育科技体育局 教育科技局 教育局 教体局 教科局 教委 财政局 审计局 人社局 人力资源和社会保障局"
    " 人力资源社会保障局 编办 编委办 发改局 发改委 发展和改革局 发展和改革委 公安局 公安分局 派出所 交警大队 交警 市场监管局 市场监督管理局"
    " 住建局 住房和城乡建设局 自然资源局 规划局 卫健局 卫健委 卫生健康局 卫生健康委 民政局 司法局 检察院 法院 应急局 应急管理局 消防大队"
    " 消防救援大队 消防部门 交通局 交通运输局 水利局 水务局 城管局 文旅局 科技局 农业农村局 乡村振兴局 残联 妇联 团委 关工委 工会 语委 语委办"
    " 督导室 督导办 督导委员会 督导委 教育督导室 教育督导办 教育督导委员会 督查室 组织部 组织部门 宣传部 宣传部门 统战部 统战部门 政法委 纪委"
    " 纪委监委 教育工委 教育工作领导小组 常委会 常务会 常务会议 人大 政协 人民政府 政府 政府办 政府办公室 教育部门 教育行政部门 财政部门"
    " 人社部门 编制部门 机构编制部门 公安部门 市场监管部门 卫健部门 卫生健康部门 住建部门 民政部门 审计部门 发改部门 自然资源部门 应急部门"
    " 交通部门 乡镇 各乡镇 乡镇党委 乡镇政府 各乡镇政府 街道 街道办 教研室 职教中心 中心校 各学校 各校 各中小学校"
)
_OF_LEVEL = (*_BODIES, *_names("委 委办 委办公室 财政 公安"))  # bodies only behind a level: 县委, 旗财政
# What turns a body's name into something else: 县委党校, 乡镇幼儿园, 财政投入.
_NO_BODY = _names(
    "的 班子 领导 大院 投入 收入 预算 支出 性 委员 党校 中心 幼儿园 学校 小学 中学 教师 老师 卫生 负责人 主要 园"
)
# A body is meant to act where it opens a part of the clause, comes after one of these, or is joined to one that does.
_ACTS_AFTER = ("，", ",", "。", "；", ";", "：", ":", "\n", "由", "责成", "督促", "会同", "联合")
_JOINS = ("、", "和", "与", "及")
_DONE = "建成|完成|实现|达到|投入使用|投用|竣工|开工|启用|动工|全部|全面|消除|清零|通过|交付|覆盖|起步|推开|招聘|新增|整改|解决|到位"
_MOST = 100  # measures looked at for a problem's domain: no report comes near it, and a file of a million clauses stays linear
_COMING_YEARS = ("明年", "来年", "后年")


_POINT = "(?:初|底|末|[中上下]旬|[春夏秋冬][季天节]?|[上下]半年|年[初中底末]|暑期|[寒暑]假|开学|学期)?"
_YEAR = "(?:19|20)[0-9]{2}年|今年|明年|来年|后年|本年度?|[本下]学[年期]"
_BEFORE = "的?(?:之前|以前|前|之内|以内|内|为止)"
_SHORT_NUMBER = f"{_NUMBER}{{1,4}}"
# A clause without one of these has no date or term in it.
_TERM_WORDS = ("年", "月", "学期", "期末", "开学", "入学", "开春", "入冬", "汛期", "春节", "限", "时间")
_TERM = later(
    rf"(?P<to>到|至|力争|确保|争取)?(?P<year>{_YEAR})(?:{_SHORT_NUMBER}月(?:份)?)?(?:{_SHORT_NUMBER}日)?{_POINT}(?P<by>{_BEFORE})?"
    rf"|(?:[年期]末|开学|开春|入冬|入学|汛期|春节|{_SHORT_NUMBER}月(?:{_SHORT_NUMBER}日|底|末|[中上下]旬)?){_BEFORE}"
    rf"|(?<![半数几多{_NUMBER[1:-1]}])(?:年内|年底前?|学期内)"
    rf"|(?:在|用|力争|争取)?(?:未来)?{_SHORT_NUMBER}个?半?(?:年|月|学期|学年)(?:之内|以内|内)(?!不|取消)"
    rf"|限期?{_SHORT_NUMBER}个?(?:工作)?[日天月]"
    r"|(?:完成|整改)(?:时限|时间)\s*[:：]\s*(?P<stated>[^()（）。；;，,\n]{2,24})"
)
# Right after a date: it is when something will be there.
_DONE_BY_THEN = later(f"(?:将|要|拟|计划|力争|确保|争取|起)?(?:{_DONE})")
_TITLE = later("《[^》]*》")
_MARKER = later(rf"\s*(?:{_NUMBER}+(?:是|要)|[(（]?{_NUMBER}+[)）、.．])")
_NAMED_AS = ("单位", "部门", "领导", "人")  # before a colon
_NAMED = later(
    r"(?:责任|牵头|配合|承办|主办|整改|落实)(?:单位|部门|领导|人)\s*[:：]\s*([^()（）\[\]【】。；;:：\n]{2,60}?)"
    r"(?=[。；;)）\]】\n]|[，,、\s]*(?:责任|牵头|配合|完成|整改)(?:单位|部门|领导|人|时限|时间)|$)"
)


def ledger(report: TaggedReport, *, taxonomy: Taxonomy | None = None) -> Ledger:
    """Set a report's problems against its measures.

    A problem's measures are those that share a domain with it: first those of its own section, then those whose first domain is
    the same, then those that share more of their wording, then the earlier ones. The label of no domain matches nothing.

    Parameters
    ----------
    report : TaggedReport
        The report.
    taxonomy : Taxonomy, optional
        Names the two roles and the labels that match nothing; without it, the corpus's.
    """
    return pair(report.paragraphs, taxonomy or load_taxonomy())


def pair(paragraphs: Sequence[TaggedParagraph], taxonomy: Taxonomy) -> Ledger:
    """The ledger of a report's paragraphs."""
    exclusive = taxonomy.exclusive_ids
    measures = [
        LedgerMeasure(ref, domains, who(text), deadlines(text), not exclusive.issuperset(domains))
        for ref, domains, text in _clauses(paragraphs, taxonomy.measure_role)
    ]
    closeness = _Closeness(paragraphs)
    of_domain: dict[str, list[LedgerMeasure]] = {}
    for each in measures:
        for domain in each.domains:
            of_domain.setdefault(domain, []).append(each)
    problems = []
    for ref, domains, _ in _clauses(paragraphs, taxonomy.problem_role):
        matched = [domain for domain in domains if domain not in exclusive]
        near = {each.ref: each for domain in matched for each in _following(of_domain.get(domain, []), ref)}
        ranked = sorted(near.values(), key=lambda each, ref=ref, first=domains[0]: closeness(each, ref, first))  # type: ignore[misc]
        problems.append(LedgerProblem(ref, domains, tuple(each.ref for each in ranked), bool(matched)))
    return Ledger(tuple(problems), tuple(measures))


def joined(ledgers: Sequence[tuple[int, Ledger]]) -> Ledger:
    """The ledger of a file from those of its reports, each with the number of paragraphs before it."""

    def moved(ref: ClauseRef, by: int) -> ClauseRef:
        return ClauseRef(ref.paragraph + by, ref.clause)

    return Ledger(
        tuple(
            replace(each, ref=moved(each.ref, by), measures=tuple(moved(ref, by) for ref in each.measures))
            for by, ledger in ledgers
            for each in ledger.problems
        ),
        tuple(replace(each, ref=moved(each.ref, by)) for by, ledger in ledgers for each in ledger.measures),
    )


def _following(measures: Sequence[LedgerMeasure], ref: ClauseRef) -> Iterator[LedgerMeasure]:
    """The measures after a clause, then the others, as many as are looked at."""
    first = bisect.bisect_left(measures, ref, key=lambda each: each.ref)
    return itertools.islice(itertools.chain(measures[first : first + _MOST], measures[:first]), _MOST)


class _Closeness:
    """How far a measure is from a problem: less is nearer."""

    def __init__(self, paragraphs: Sequence[TaggedParagraph]) -> None:
        self._paragraphs = paragraphs
        self._words: dict[ClauseRef, frozenset[str]] = {}

    def __call__(self, measure: LedgerMeasure, problem: ClauseRef, first_domain: str) -> tuple[bool, bool, float]:
        section, own = self._paragraphs[problem.paragraph].paragraph.section, self._wording(problem)
        words = self._wording(measure.ref)
        return (
            self._paragraphs[measure.ref.paragraph].paragraph.section != section,
            measure.domains[0] != first_domain,
            -len(own & words) / (len(words) or 1) ** 0.5,  # a long measure shares words with everything
        )

    def _wording(self, ref: ClauseRef) -> frozenset[str]:
        """A clause's pairs of neighbouring Han characters."""
        if ref not in self._words:
            text = self._paragraphs[ref.paragraph].clauses[ref.clause].clause.text
            self._words[ref] = frozenset(
                first + second for first, second in itertools.pairwise(text) if first >= "\u4e00" <= second
            )
        return self._words[ref]


def who(text: str) -> tuple[str, ...]:
    """The bodies that a clause names for what it promises, in their order."""
    text = _without_titles(text)
    named_before = any(part.rstrip().endswith(_NAMED_AS) for part in text.replace("：", ":").split(":")[:-1])
    listed = _NAMED.finditer(text) if named_before else ()
    named = [name for match in listed for name in re.split("[、，,]", match.group(1))]
    return tuple(dict.fromkeys(filter(None, map(str.strip, named)))) or tuple(dict.fromkeys(_acting(text)))


def _without_titles(text: str) -> str:
    """A text without the titles of documents in it."""
    return _TITLE.sub("", text) if "《" in text else text


def _acting(text: str) -> Iterator[str]:
    """The bodies that stand where one acts."""
    marker = _MARKER.match(text.translate(_AS_NINE))
    at = marker.end() if marker else 0
    acts = True
    while at < len(text):
        end = _body_end(text, at) if acts else at
        if end > at and not text.startswith(_NO_BODY, end):
            yield text[at:end]
            at = end
            acts = text.startswith(_JOINS, at)
            at += acts
            continue
        at += 1
        acts = text.endswith(_ACTS_AFTER, 0, at) or (acts and text[at - 1].isspace())


def _body_end(text: str, at: int) -> int:
    """Where the longest body's name that begins here ends; here, where none does."""
    starts = [(at, _BODIES)]
    if text.startswith(_LEVELS, at):
        starts.append((at + 1, _OF_LEVEL))
        if text.startswith("委", at + 1):  # 县委组织部
            starts.append((at + 2, _BODIES))
    return max(
        (
            start + len(name)
            for start, names in starts
            if text.startswith(names, start)
            for name in names
            if text.startswith(name, start)
        ),
        default=at,
    )


def deadlines(text: str) -> tuple[str, ...]:
    """The dates and terms by which a clause promises something, as it writes them."""
    text = _without_titles(text)
    found = []
    for match in _TERM.finditer(text.translate(_AS_NINE)) if holds(text, 0, len(text), _TERM_WORDS) else ():
        year = match["year"]
        if not year or match["to"] or match["by"] or year in _COMING_YEARS or _DONE_BY_THEN.match(text, match.end()):
            found.append(text[slice(*match.span("stated" if match["stated"] else 0))].strip())
    return tuple(dict.fromkeys(found))


def _clauses(paragraphs: Sequence[TaggedParagraph], role: str) -> Iterator[tuple[ClauseRef, tuple[str, ...], str]]:
    for place, part in enumerate(paragraphs):
        for index, each in enumerate(part.clauses):
            if each.clause.role == role:
                yield ClauseRef(place, index), tuple(domain.id for domain in each.domains), each.clause.text
