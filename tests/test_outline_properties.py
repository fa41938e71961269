from __future__ import annotations

import gc
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import ROOT
from dudao.document import Document
from dudao.outline import outline
from dudao.taxonomy import load_taxonomy
from spans import assert_spans_hold
from vocabulary import PIECES

TAXONOMY = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")
SAMPLE = (ROOT / "examples" / "sample-report.txt").read_text(encoding="utf-8")

LINES = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@settings(max_examples=250, deadline=None)
@given(st.lists(LINES, max_size=24).map("\n".join))
@example(
    "某县人民政府\n某縣人民政府關於履行教育職責的自評報告\n表1 学校统计表其一，二\n自 评 报 告\n·（2021年8月）\n自 评 报 告"
)  # said again in other characters
def test_outline_of_any_lines_loses_and_doubles_nothing(text):
    assert_spans_hold(outline(Document(text), TAXONOMY))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_outline_of_any_text_loses_and_doubles_nothing(text):
    assert_spans_hold(outline(Document(text), TAXONOMY))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_outline_of_a_damaged_report_loses_and_doubles_nothing(data):
    lines = SAMPLE.splitlines()[: data.draw(st.integers(5, 60))]
    for _ in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at : at + data.draw(st.integers(0, 2))] = [data.draw(LINES)]
    width = data.draw(st.sampled_from([None, 20, 26, 40]))
    if width:
        lines = [line[at : at + width] for line in lines for at in range(0, len(line), width)]
    joiner = data.draw(st.sampled_from(["\n", "\r\n", "\n\n", " ", ""]))
    assert_spans_hold(outline(Document(joiner.join(lines)), TAXONOMY))


@pytest.mark.parametrize("width", [26, 33, 40])
@pytest.mark.parametrize("indent", ["", "\u3000\u3000"])
def test_outline_survives_lines_broken_at_a_width(width, indent):
    def outlined(text):
        report = outline(Document(text), TAXONOMY)
        return [[each.level, "".join(each.text.split()), each.role] for each in report.headings], {
            "".join(clause.text.split()) for paragraph in report.paragraphs for clause in paragraph.clauses
        }

    broken = []
    for line in SAMPLE.splitlines():
        line = indent + line.strip() if line.strip() else ""
        broken += [line[at : at + width] for at in range(0, len(line), width)]
    headings, clauses = outlined(SAMPLE)
    found, cut = outlined("\n".join(broken))
    assert found == headings
    assert len(clauses & cut) >= 0.98 * len(clauses)


# What repeats here has been quadratic, or exponential, in one version or another, or looks as if it could be.
REPEATED = [
    *(
        "(",
        ")",
        "“",
        '"',
        "《",
        "（好）",
        "(。",
        "1",
        "a",
        "、",
        "：",
        "。",
        "好。",
        "\u3000",
        "\n",
        "\r\n",
        "\x1c",
        "\t",
        "|",
    ),
    *("(一)1.①", "一、", "一是", "一是好，", "存在的问题:", "(一)情况 ", "1.1", "…", "大  中  小 "),
    *(
        "(一)\n",
        "一、\n",
        "一、好\n",
        "某县\n",
        "1\n",
        "-\n",
        "小\n1\n",
        "小学 1 2\n",
        "a\tb\n",
        "……1\n",
        "目录\n",
        "附件：\n",
        "A1\n",
        "1.\n",
    ),
    *(
        "某县教育自查报告\n好。\n",
        "某县人民政府\n2021年1月2日\n",
        "某县人民政府 2021年1月2日\n好。\n",
        "篇一：自查报告\n",
        "## 一、好\n",
    ),
]


@pytest.mark.parametrize("unit", REPEATED)
def test_outline_of_one_thing_repeated_loses_and_doubles_nothing(unit):
    assert_spans_hold(outline(Document(unit * (3000 // len(unit))), TAXONOMY))


@pytest.mark.slow
@pytest.mark.parametrize("unit", REPEATED)
def test_outline_time_is_linear_in_the_length(unit):
    """Twice the text, at most 2.3 times the work.

    Processor time, the shortest of three to ten runs in turn: what else a machine does can only make a run longer. What earlier
    tests left in the memory is kept from the garbage collector: it would be walked more often for the longer text.
    """

    def seconds(size):
        text = unit * (size // len(unit))
        gc.collect()
        gc.freeze()
        started = time.process_time()
        try:
            outline(Document(text), TAXONOMY)
            return time.process_time() - started
        finally:
            gc.unfreeze()

    size = 100_000
    once = twice = float("inf")
    for run in range(10):
        once, twice = min(once, seconds(size)), min(twice, seconds(2 * size))
        if run >= 2 and twice <= 2.3 * once + 0.05:
            return
    pytest.fail(f"{twice:.2f} s for twice the text, {once:.2f} s for the text")
