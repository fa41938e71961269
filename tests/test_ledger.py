from __future__ import annotations

import json

import pytest

from dudao.document import Clause, DomainScore, Paragraph, TaggedClause, TaggedParagraph
from dudao.ledger import deadlines, ledger, pair, who

REPORT = """某县2022年履行教育职责自评报告
一、存在的问题
一是教师编制不足，乡村学校缺英语教师四十人。二是校园周边还有两处路口没有信号灯。
二、改进措施
一是由县委编办和教育局在2023年8月底前招聘英语教师四十名，补足乡村教师编制。二是普惠性幼儿园两年内再建三所，公办园在园幼儿占比达到六成。
"""


@pytest.fixture(scope="module")
def report(tagger):
    return tagger.tag_report(REPORT.encode(), name="a.txt")


def paragraph(index, role, *clauses, section=()):
    """A paragraph of clauses given as (text, domain, …)."""
    tagged = tuple(
        TaggedClause(
            Clause("", 0, len(text), text, role), tuple(DomainScore(each, each, 0.9) for each in domains), False
        )
        for text, *domains in clauses
    )
    text = "".join(each.clause.text for each in tagged)
    whole = Paragraph(index, "text", section, role, 0, len(text), text, tuple(each.clause for each in tagged))
    return TaggedParagraph(whole, (), None, tagged)


def test_ledger_sets_measures_of_the_same_domain_beside_each_problem(report):
    found = report.ledger
    domains = [set(each.domains) for each in found.problems]
    assert len(domains) == 2
    assert "teachers" in domains[0]
    assert "safety" in domains[1]
    assert [len(each.measures) for each in found.problems] == [1, 0]
    assert [each.ref for each in found.without_measure] == [found.problems[1].ref]
    assert [each.domains[0] for each in found.without_problem] == ["preschool"]


def test_ledger_says_who_and_until_when_in_the_clause_s_own_words(report):
    first = report.ledger.measures[0]
    assert first.who == ("县委编办", "教育局")
    assert first.deadline == ("2023年8月底前",)
    assert report.ledger.measures[1].deadline == ("两年内",)


def test_ledger_of_a_report_is_what_the_function_gives_and_json_has(report, tagger):
    assert ledger(report) == ledger(report, taxonomy=tagger.taxonomy) == report.ledger
    data = json.loads(json.dumps(report.to_dict()))
    entry = data["ledger"]["problems"][0]
    place, number = entry["clause"]
    assert data["paragraphs"][place]["clauses"][number]["role"] == "problem"
    assert [data["paragraphs"][place]["clauses"][number]["role"] for place, number in entry["measures"]] == [
        "improvement"
    ]
    assert data["ledger"]["problems_without_measure"] == [data["ledger"]["problems"][1]["clause"]]


def test_nearest_measures_come_first_section_then_domain_then_wording(taxonomy):
    problem = paragraph(
        0, "problem", ("食堂面积不够。", "safety", "school_conditions"), section=("三、问题与措施", "食堂")
    )
    near = paragraph(1, "improvement", ("尽快解决。", "school_conditions"), section=("三、问题与措施", "食堂"))
    far = paragraph(
        2,
        "improvement",
        ("新建校舍。", "school_conditions"),
        ("加强安保。", "safety"),
        ("扩大食堂面积。", "safety"),
        ("招聘教师。", "teachers"),
        section=("四、打算",),
    )
    found = pair([problem, near, far], taxonomy)
    assert found.problems[0].measures == ((1, 0), (2, 2), (2, 1), (2, 0))
    assert [each.ref for each in found.without_problem] == [(2, 3)]


def test_clause_without_a_domain_matches_nothing_and_is_not_counted_as_unmatched(taxonomy):
    general = next(iter(taxonomy.exclusive_ids))
    found = pair(
        [paragraph(0, "problem", ("还有差距。", general)), paragraph(1, "improvement", ("将抓落实。", general))],
        taxonomy,
    )
    assert (len(found.problems), len(found.measures)) == (1, 1)
    assert not found.problems[0].measures
    assert not found.without_measure
    assert not found.without_problem


def test_huge_files_stay_linear(taxonomy):
    problems = paragraph(0, "problem", *[("教师不足。", "teachers")] * 1000)
    measures = paragraph(1, "improvement", *[("招聘教师。", "teachers")] * 1000)
    found = pair([problems, measures], taxonomy)
    assert max(len(each.measures) for each in found.problems) == 100
    assert not found.without_problem


def test_ledger_of_a_file_of_several_reports_pairs_within_each(tagger):
    report = tagger.tag_report((REPORT + "\n" + REPORT.replace("某县", "某某县")).encode(), name="two.txt")
    if len(report.parts) != 2:
        pytest.fail("two reports in one file are two parts")
    assert [part.ledger for part in report.parts] == [report.parts[0].ledger] * 2
    shift = len(report.parts[0].paragraphs)
    first, second = report.ledger.problems[:2], report.ledger.problems[2:]
    assert [(each.ref.paragraph + shift, each.ref.clause) for each in first] == [each.ref for each in second]
    assert all(ref.paragraph >= shift for each in second for ref in each.measures)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("县教育局每月通报一次。", ("县教育局",)),
        ("二是县委组织部、县教育局共同修订办法。", ("县委组织部", "县教育局")),
        ("学位缺口由旗财政和人社局逐项核对，残联配合。", ("旗财政", "人社局", "残联")),
        ("由市场监管局每周公布菜价。", ("市场监管局",)),
        ("（责任单位：县教育局、县财政局；完成时限：2023年6月底）", ("县教育局", "县财政局")),
        ("牵头单位：教育局，配合单位：财政局、编办", ("教育局", "财政局", "编办")),
        ("向编制部门申请编制。", ()),
        ("乡镇幼儿园人数少的合成一个。", ()),
        ("县委党校教员到校讲课。", ()),
        ("落实《县教育局工作规则》。", ()),
        ("多渠道筹措资金。", ()),
        ("", ()),
    ],
)
def test_who_is_named(text, expected):
    assert who(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023年8月底前建成。", ("2023年8月底前",)),
        ("到2025年公办园占比达到六成。", ("到2025年",)),
        ("三年内补齐，明年春季先招二十人。", ("三年内", "明年春季")),
        ("年底前全部整改，限期20日报结果。", ("年底前", "限期20日")),
        ("2024年建成第六小学。", ("2024年",)),
        ("（责任单位：县教育局；完成时限：2023年6月底）", ("2023年6月底",)),
        ("半年内约谈校长两人。", ()),
        ("两年内不得评先。", ()),
        ("2021年全县招聘的教师继续留用。", ()),
        ("按照《2023年底前完成的清单》执行。", ()),
        ("", ()),
    ],
)
def test_deadlines_are_found_as_written(text, expected):
    assert deadlines(text) == expected


def test_taxonomy_names_the_two_roles_of_the_ledger(taxonomy):
    from dataclasses import replace

    turned = replace(taxonomy, problem_role="achievement", measure_role="experience")
    found = pair(
        [paragraph(0, "achievement", ("得奖。", "safety")), paragraph(1, "experience", ("做法。", "safety"))], turned
    )
    assert [each.measures for each in found.problems] == [((1, 0),)]
    assert not pair([paragraph(0, "achievement", ("得奖。", "safety"))], taxonomy).problems
