from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT, cases
from dudao.document import Document
from dudao.outline import outline, outline_text
from dudao.outline.clauses import split_clauses
from dudao.outline.furniture import is_furniture


@pytest.mark.parametrize("case", cases("clauses"))
def test_split_clauses_case(case):
    text = case["input"]
    spans = split_clauses(text, 0, len(text), switches=case.get("switches", ()))
    assert [text[span.start : span.end] for span in spans] == case["expect"]
    if "markers" in case:
        assert [span.marker for span in spans] == case["markers"]


@pytest.mark.parametrize("case", cases("outlines"))
def test_outline_case(case, taxonomy):
    report = outline(Document(case["input"]), taxonomy)
    assert_spans_exact(report)
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
    if "clauses" in case:
        assert [[clause.text, clause.role] for p in report.paragraphs for clause in p.clauses] == case["clauses"]


def assert_spans_exact(report):
    text = report.document.text
    last = 0
    for paragraph in report.paragraphs:
        assert text[paragraph.start : paragraph.end] == paragraph.text
        assert paragraph.start >= last
        last = paragraph.end
        inner = paragraph.start
        for clause in paragraph.clauses:
            assert text[clause.start : clause.end] == clause.text
            assert inner <= clause.start < clause.end <= paragraph.end
            inner = clause.end
    last = 0
    for heading in report.headings:
        assert text[heading.start : heading.end] == heading.text
        assert heading.start >= last
        last = heading.end


PIECES = st.sampled_from(
    [
        *'一二（）()“”"《》。！？；：:,，、.1239①②\n\t \u3000县校',
        "一、",
        "(一)",
        "1.",
        "一是",
        "存在的问题:",
        "情况",
        "报告",
        "自评得分",
        "\r\n",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=80).map("".join) | st.text(max_size=120))
def test_outline_any_text_gives_exact_ordered_spans(text):
    from dudao.taxonomy import load_taxonomy

    taxonomy = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")
    report = outline(Document(text), taxonomy)
    assert_spans_exact(report)
    for paragraph in report.paragraphs:
        headed = [each for each in report.headings if paragraph.start == each.start]
        start = headed[0].end if headed else paragraph.start
        covered = "".join(clause.text for clause in paragraph.clauses)
        if paragraph.kind == "text":
            assert (
                sorted("".join(covered.split()))
                == sorted("".join(text[start : paragraph.end].replace("\u200b", "").replace("\ufeff", "").split()))
                or "\u200b" in text
                or "\ufeff" in text
            )


@pytest.mark.parametrize("unit", ["(", "1", "一、", "。", "(一)1.①", "“", "存在的问题:", "一是好，", "某县\n"])
def test_outline_time_grows_with_length_only(unit, taxonomy):
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        started = time.perf_counter()
        outline(Document(text), taxonomy)
        return time.perf_counter() - started

    # Not a benchmark: quadratic work on 400,000 characters would take minutes.
    assert seconds(400_000) < 20


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


def test_outline_finds_the_labelled_clauses_and_roles_of_the_corpus(taxonomy):
    from dudao.corpus import load_corpus
    from dudao.evaluation import role_accuracy

    corpus = load_corpus(ROOT / "corpus", taxonomy)
    found = role_accuracy(corpus.texts, corpus.records, taxonomy)
    assert found["clauses"] >= 0.98
    assert found["roles"] >= 0.93
