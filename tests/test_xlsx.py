from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT
from dudao.document import Document
from dudao.outline import outline
from dudao.render.cells import CUT, LONGEST
from dudao.render.xlsx import write_workbook
from dudao.schemes import item_coverage, load_scheme

SHEETS = ["段落", "分句", "覆盖情况", "问题与措施"]
HOSTILE = "\n".join(
    [
        "=报告<b>&amp;",
        "一、自查情况",
        '(一)=HYPERLINK("http://x")财政教育支出情况',
        "=cmd|' /C calc'!A0 财政教育投入增加500万元。",
        "+1+1 教师工资按月发放。",
        "-2+3 校园安全没有事故。",
        "@SUM(A1) 学前教育普惠率提高。",
        "<script>alert(1)</script> 教师培训。",
        "_x0041_ 教师培训_x000D_。",
        "#N/A 教师培训。",
        "表情😀，扩展区𠮷𪚥㐂，教师培训。",
        "反向\u202e教师\u2066培训\u200f。",
        "控制\x00\x07\x1b[31m字符\x7f\x85，教师培训\ud800。",
        "前后空格  教师  培训。 ",
        "二、存在的问题",
        "=1+1 教师缺编一百人。",
        "三、改进措施",
        "@县教育局2023年底前补充教师。",
        "教师工资按月发放，" * 12_000,
    ]
)


@pytest.fixture(scope="module")
def sample_report(tagger):
    return tagger.tag_report(ROOT / "examples" / "sample-report.txt")


@pytest.fixture(scope="module")
def hostile_report(tagger):
    return tagger.tag_outline(outline(Document(HOSTILE, source="=evil.txt"), tagger.taxonomy))


def written(report, tagger, *, scheme="default", thin=3):
    """The workbook's bytes, and what it warned of."""
    file = io.BytesIO()
    scheme = load_scheme(scheme, taxonomy=tagger.taxonomy)
    return file, write_workbook(report, file, taxonomy=tagger.taxonomy, scheme=scheme, thin=thin)


def opened(file):
    import openpyxl

    return openpyxl.load_workbook(file)


def column(sheet, title):
    head = [cell.value for cell in sheet[1]]
    return [row[head.index(title)] for row in sheet.iter_rows(min_row=2, max_row=last_row(sheet))]


def last_row(sheet):
    return int("".join(char for char in sheet.auto_filter.ref.partition(":")[2] if char.isdigit()))


def texts(report):
    return [each.clause.text for part in report.paragraphs for each in part.clauses]


def test_workbook_holds_every_paragraph_and_clause(sample_report, tagger):
    file, warnings = written(sample_report, tagger)
    book = opened(file)
    assert book.sheetnames == SHEETS
    assert warnings == ()
    assert [cell.value for cell in column(book["段落"], "正文")] == [
        part.paragraph.text for part in sample_report.paragraphs
    ]
    assert [cell.value for cell in column(book["分句"], "正文")] == texts(sample_report)
    firsts = [each.domains[0] for part in sample_report.paragraphs for each in part.clauses]
    assert [cell.value for cell in column(book["分句"], "首要领域")] == [first.name for first in firsts]
    assert [cell.value for cell in column(book["分句"], "得分")] == [round(first.score, 4) for first in firsts]


def test_every_sheet_has_a_frozen_header_filter_widths_and_wrapped_text(sample_report, tagger):
    for sheet in opened(written(sample_report, tagger)[0]):
        assert sheet.freeze_panes in {"B2", "C2"}
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.print_title_rows == "$1:$1"
        assert all(dimension.width >= 5 for dimension in sheet.column_dimensions.values())
        for row in sheet.iter_rows(min_row=2, max_row=last_row(sheet)):
            assert all(cell.alignment.wrap_text for cell in row)
            assert 10 < sheet.row_dimensions[row[0].row].height <= 409


@pytest.mark.parametrize(("scheme", "thin"), [("default", 3), ("plan-2019", 5), ("method-2017", 30)])
def test_coverage_tells_every_item_with_the_clauses_that_show_it(scheme, thin, sample_report, tagger):
    sheet = opened(written(sample_report, tagger, scheme=scheme, thin=thin)[0])["覆盖情况"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_row=last_row(sheet))]
    expected = item_coverage(sample_report, load_scheme(scheme, taxonomy=tagger.taxonomy), thin=thin)
    names = {"present": "已覆盖", "thin": "薄弱", "missing": "缺失"}
    items = [row for row in rows if row[2] is not None]
    assert [row[:3] for row in items] == [[each.item.name, names[each.state], len(each.clauses)] for each in expected]
    found = [[row[0], row[10]] for row in rows if row[2] is None]
    assert found == [
        [each.item.name, sample_report.paragraphs[ref.paragraph].clauses[ref.clause].clause.text]
        for each in expected
        for ref in each.clauses
    ]
    assert sheet.sheet_format.outlineLevelRow == 1


def test_place_of_a_clause_leads_to_it(sample_report, tagger):
    book = opened(written(sample_report, tagger)[0])
    for sheet, title, text in (("覆盖情况", "句", "体现该条目的分句"), ("问题与措施", "措施出处", "同领域的改进措施")):
        linked = [
            (place.hyperlink.location, cell.value)
            for place, cell in zip(column(book[sheet], title), column(book[sheet], text), strict=True)
            if place.hyperlink
        ]
        assert linked
        for location, value in linked:
            name, _, cell = location.partition("!")
            assert book[name.strip("'")][cell].value == value


def test_ledger_sheet_tells_each_problem_and_what_stands_alone(tagger):
    text = (
        "一、存在的问题\n一是教师编制不足，缺英语教师四十人。二是校园周边两处路口没有信号灯。\n"
        "二、改进措施\n一是由县委编办2023年底前补足教师编制，招聘英语教师。二是普惠性幼儿园两年内再建三所。\n"
    )
    report = tagger.tag_report(text.encode(), name="a.txt")
    sheet = opened(written(report, tagger)[0])["问题与措施"]
    states = [cell.value for cell in column(sheet, "状态")]
    assert states == ["有措施", "无对应措施", "措施无对应问题"]
    assert [cell.value for cell in column(sheet, "责任单位\n（文中写明）")] == ["县委编办", None, None]
    assert [cell.value for cell in column(sheet, "时限\n（文中写明）")] == ["2023年底前", None, "两年内"]


def test_explained_report_has_its_evidence(tagger):
    report = tagger.tag_report("一、自查情况\n教师工资按月发放。\n".encode(), name="a.txt", explain=True)
    assert column(opened(written(report, tagger)[0])["分句"], "依据词")[0].value


def test_hostile_text_stays_text_and_says_what_it_lost(hostile_report, tagger):
    file, warnings = written(hostile_report, tagger)
    book = opened(file)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not isinstance(cell.value, str) or len(cell.value.encode("utf-16-le")) <= 2 * LONGEST
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    assert cell.quotePrefix
    found = [cell.value for cell in column(book["分句"], "正文")]
    assert any(text.startswith("=cmd|' /C calc'!") for text in found)
    assert any("表情😀，扩展区𠮷𪚥㐂" in text for text in found)
    assert any("反向\u202e教师" in text for text in found)
    assert any("控制␀␇␛[31m字符␡" in text for text in found)
    assert any(text.endswith(CUT) for text in found)
    assert len(warnings) == 2
    notes = [row[0].value or "" for row in book["覆盖情况"].iter_rows(min_row=last_row(book["覆盖情况"]) + 1)]
    assert sum(note.startswith("提示：有 ") for note in notes) == 2


def test_workbook_of_many_clauses_takes_time_in_proportion(tagger):
    import time

    def seconds(count):
        text = "一、自查情况\n" + "教师工资按月发放，编制足额配备。\n" * count
        report = tagger.tag_outline(outline(Document(text), tagger.taxonomy))
        start = time.process_time()
        written(report, tagger)
        return time.process_time() - start

    assert seconds(800) < 12 * max(seconds(200), 0.1)


def calc():
    """LibreOffice with its spreadsheet part: the writer alone cannot open a workbook."""
    program = shutil.which("soffice")
    return program if program and (Path(program).resolve().parent / "libsclo.so").exists() else None


@pytest.mark.slow
@pytest.mark.skipif(calc() is None, reason="LibreOffice Calc is not installed")
@pytest.mark.parametrize("name", ["sample_report", "hostile_report"])
def test_libreoffice_reads_the_same_cells(name, tagger, tmp_path, request):
    file, _ = written(request.getfixturevalue(name), tagger)
    (tmp_path / "a.xlsx").write_bytes(file.getvalue())
    subprocess.run(
        [
            calc(),
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            *("--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "out"), str(tmp_path / "a.xlsx")),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    ours, theirs = opened(file), opened(tmp_path / "out" / "a.xlsx")
    assert ours.sheetnames == theirs.sheetnames
    for sheet in SHEETS:
        mine, other = ([[cell.value for cell in row] for row in book[sheet].iter_rows()] for book in (ours, theirs))
        assert mine == other
        assert ours[sheet].auto_filter.ref == theirs[sheet].auto_filter.ref
