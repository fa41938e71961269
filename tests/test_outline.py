from __future__ import annotations

import pytest

from conftest import ROOT, cases
from dudao.document import Document
from dudao.outline import outline, outline_text
from dudao.outline.clauses import split_clauses
from dudao.outline.furniture import is_furniture
from spans import assert_spans_hold


@pytest.mark.parametrize("case", cases("clauses"))
def test_split_clauses_case(case):
    text = case["input"]
    spans = split_clauses(text, 0, len(text), switches=case.get("switches", ()))
    assert [text[span.start : span.end] for span in spans] == case["expect"]
    if "markers" in case:
        assert [span.marker for span in spans] == case["markers"]


@pytest.mark.parametrize("case", [*cases("outlines"), *cases("layouts")])
def test_outline_case(case, taxonomy):
    report = outline(Document(case["input"], source="f"), taxonomy)
    assert_spans_hold(report)
    if "title" in case:
        assert report.title == case["title"]
    if "issuer" in case:
        assert report.issuer == case["issuer"]
    if "year" in case:
        assert report.year == case["year"]
    if "headings" in case:
        assert [[each.level, each.text, each.role] for each in report.headings] == case["headings"]
    if "kinds" in case:
        assert [paragraph.kind for paragraph in report.paragraphs] == case["kinds"]
    if "paragraphs" in case:
        assert len(report.paragraphs) == case["paragraphs"]
    if "sections" in case:
        assert [list(paragraph.section) for paragraph in report.paragraphs] == case["sections"]
    if "texts" in case:
        assert [paragraph.text for paragraph in report.paragraphs] == case["texts"]
    if "warnings" in case:
        assert list(report.warnings) == case["warnings"]
    if "parts" in case:
        assert [[part.document.source, part.title, part.issuer] for part in report.parts] == case["parts"]
    if "clauses" in case:
        assert [[clause.text, clause.role] for p in report.paragraphs for clause in p.clauses] == case["clauses"]


def test_outline_text_takes_role_from_headings_then_text(taxonomy):
    assert outline_text("经费到位。", taxonomy, headings=("三、存在的问题",)).role == "problem"
    assert outline_text("全县现有学校20所，学生9000名。", taxonomy).role == "overview"
    assert outline_text("经费到位。", taxonomy).role == "self_check"
    assert outline_text("存在的问题:缺教师。", taxonomy).role == "problem"


@pytest.mark.parametrize(
    "line",
    [
        "工具条已关闭",
        "繁体版",
        "打印本页",
        "【字体：大 中 小】",
        "网站地图 | 网站声明",
        "晋ICP备08002782号",
        "当前位置：首页",
        "- 3 -",
        "第3页 共9页",
        "责任编辑：某某",
        "浏览次数：12",
    ],
)
def test_is_furniture_knows_page_lines(line):
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "打印机配备到班。",
        "分享优质资源，全县集团化办学覆盖率达到90%。",
        "技术支持由县电教中心提供，覆盖120所学校。",
        "监督电话：12345，受理投诉86件，全部办结。",
        "学校分享经验",
        "附件齐全",
        "大中小学思政课一体化",
        "第三页",
        "教育网站建设",
    ],
)
def test_is_furniture_leaves_text(line):
    assert not is_furniture(line)


@pytest.mark.parametrize("line", ["大   " * 28 + "x", "字体大" * 39 + "x", "> a    " * 16 + "。x"])
def test_is_furniture_does_not_try_every_way_to_share_out_blanks(line):
    assert len(line) <= 120
    assert not is_furniture(line)  # took longer than anyone waits


def test_outline_gives_each_report_of_a_file_its_own_outline(taxonomy):
    one = (
        "{}县2021年履行教育职责自评报告\n一、基本情况\n学校20所。\n二、存在问题\n缺教师。\n{}县人民政府\n2021年1月2日\n"
    )
    text = one.replace("{}", "甲") + one.replace("{}", "乙").replace("二、", "三、")
    report = outline(Document(text, source="f", warnings=("read badly",)), taxonomy)
    first, second = report.parts
    assert report.warnings == (
        "read badly",
        "2 reports in one file, starting in lines 1, 8",
        "line 11: 三、 follows 一、; a heading may be missing",
    )
    assert first.warnings == report.warnings[:2]
    assert second.warnings == report.warnings
    assert report.paragraphs[len(first.paragraphs)].text == second.paragraphs[0].text
    assert second.paragraphs[0].index == 0
    assert second.document.text == text
    assert not first.parts


def test_outline_finds_the_labelled_clauses_and_roles_of_the_corpus(taxonomy):
    from dudao.corpus import load_corpus
    from dudao.evaluation import outline_metrics

    corpus = load_corpus(ROOT / "corpus", taxonomy)
    found = outline_metrics(corpus.texts, corpus.records, taxonomy)
    assert found["clauses"] >= 0.98
    assert found["roles"] >= 0.93
