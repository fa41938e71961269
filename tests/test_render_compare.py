from __future__ import annotations

import base64
import csv
import io
import json
import re
import zlib

import pytest
from rich.cells import cell_len

from compared import tagged
from dudao.cli.common import console
from dudao.compare import ClauseStore, compare_reports
from dudao.document import Drift, Share
from dudao.errors import ReadError
from dudao.language import translator
from dudao.render.compare_html import write_page
from dudao.render.compare_table import write_comparison
from dudao.render.compare_terminal import print_comparison
from dudao.render.compare_xlsx import write_workbook
from dudao.schemes import load_scheme
from hostile import HOSTILE

AWAY = Drift(100, 5, Share(0.31, 0.05, 0.1, True), Share(0.0))
BAD = ReadError("the file is empty", where="坏.txt")


def reports():
    yield tagged({"finance": 12, "safety": 2, "double_reduction": 1}, year=2020, source="a.txt")
    yield tagged({"finance": 3, "safety": 9, "teachers": 4, "general": 1}, year=2021, source="b.txt", warnings=("no heading found: roles are taken from the text alone",))  # fmt: skip
    yield BAD
    yield tagged({"finance+teachers": 5}, issuer="张家川回族自治县人民政府", source="c.txt", role="problem", drift=AWAY)  # fmt: skip


@pytest.fixture
def scheme(taxonomy):
    return load_scheme("default", taxonomy=taxonomy)


@pytest.fixture
def store():
    with ClauseStore() as made:
        yield made


@pytest.fixture
def comparison(scheme, taxonomy, store):
    return compare_reports(reports(), scheme, taxonomy, store=store)


@pytest.fixture
def hostile(scheme, taxonomy, store):
    """Each text as title, issuer, heading, clause, file name, warning and name of an item."""
    made = [
        tagged({"finance": 1}, issuer="", title=text, section=(text,), text=text, source=text, warnings=(text,))
        for text in HOSTILE.values()
    ]
    return compare_reports(
        [*made, ReadError("the file is empty", where=HOSTILE["script"])], scheme, taxonomy, store=store
    )


def printed(comparison, width, lang="zh"):
    file = io.StringIO()
    out = console(file)
    out.width = width
    print_comparison(comparison, out, t=translator(lang))
    return file.getvalue()


def table(comparison):
    file = io.StringIO()
    write_comparison(comparison, file)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def page(comparison, store):
    file = io.StringIO()
    write_page(comparison, store, file)
    return file.getvalue()


def workbook(comparison, store):
    from openpyxl import load_workbook

    file = io.BytesIO()
    write_workbook(comparison, store, file)
    return load_workbook(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_terminal_keeps_to_its_width(comparison, width, lang):
    lines = printed(comparison, width, lang).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_terminal_shows_all_items_side_by_side_at_80_columns(comparison):
    lines = printed(comparison, 80).splitlines()
    (row,) = [line for line in lines if line.startswith("云岭县2020") and "缺" in line]
    cells = row.removeprefix("云岭县2020").split()
    assert cells.count("缺") == 16
    assert sorted(set(cells) - {"缺"}) == ["0", "1*", "12", "16", "2", "2*"]


def test_terminal_cuts_a_long_name_before_its_year(comparison):
    assert "张家川回…2021" in printed(comparison, 80)
    assert "张家川回族自治县2021" in printed(comparison, 200)


def test_terminal_shows_years_roles_and_totals(comparison):
    text = printed(comparison, 80)
    assert "云岭县 2020 -> 2021" in text
    assert re.search(r"不再出现: +双减 1->0", text)
    assert re.search(r"张家川.*100%", text)
    assert "1 个文件未能读取" in text
    assert "! 云岭" in text


def test_report_beyond_the_model_is_marked_everywhere(comparison, store):
    text = printed(comparison, 80)
    assert "31%!" in text
    assert "超出模型所知，标注请慎用：张家川回族自治县2021" in text.replace("\n", "")
    assert [row["beyond_model"] for row in table(comparison) if row["source"]].count("yes") == 1
    assert '<td class="t">31%<small>超</small></td>' in page(comparison, store)
    values = [(row[0], row[-1]) for row in workbook(comparison, store)["各部分篇幅"].values]
    assert ("张家川回族自治县2021", 0.31) in values


def test_terminal_can_be_shown_by_a_gbk_console(comparison):
    printed(comparison, 80).encode("gbk")


def test_csv_has_a_row_a_report_and_totals(comparison, scheme):
    rows = table(comparison)
    by_name = {row["report"]: row for row in rows if row["source"]}
    assert len(by_name) == 3
    first = by_name["云岭县2020"]
    assert (first["finance 教育投入与经费"], first["share finance"], first["thin"]) == ("12", "0.8", "2")
    assert "特殊教育" in first["missing_items"].split(";")
    later = by_name["云岭县2021"]
    assert (later["previous_year"], later["disappeared"]) == ("2020", "双减")
    assert "教师队伍建设" in later["appeared"]
    assert by_name["张家川回族自治县2021"]["role problem 存在的问题"] == "1.0"
    totals = [row for row in rows if not row["source"]]
    assert [row["finance 教育投入与经费"] for row in totals] == ["20", "0", "0"]
    assert totals[0]["clauses"] == str(15 + 17 + 5)


def test_html_stands_alone(comparison, store):
    text = page(comparison, store)
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!#)[\w/.]""", text)
    assert " style=" not in text


def test_html_marks_gaps_by_words_and_keeps_totals(comparison, store):
    text = page(comparison, store)
    assert text.count('<td class="m">缺</td>') == comparison.count("missing")
    assert text.count("<small>薄</small></td>") == comparison.count("thin")
    assert "坏.txt：文件是空的" in text


def test_html_carries_the_clauses_of_each_report(comparison, store):
    text = page(comparison, store)
    for row in comparison.rows:
        block = re.search(rf'<script type="text/plain" id="r{row.number}">([^<]*)</script>', text)[1]
        clauses = json.loads(zlib.decompress(base64.b64decode(block)))["clauses"]
        assert len(clauses) == row.clauses


def test_workbook_cells_lead_to_their_clauses(comparison, store):
    book = workbook(comparison, store)
    heat, clauses = book["热力图"], book["分句"]
    heads = [cell.value for cell in heat[1]]
    checked = 0
    for row in heat.iter_rows(min_row=2, max_row=1 + len(comparison.rows)):
        for cell in row:
            if cell.hyperlink:
                at = int(cell.hyperlink.location.rpartition("A")[2])
                behind = [[each.value for each in clauses[at + number]][:2] for number in range(cell.value)]
                assert behind == [[row[0].value, heads[cell.column - 1]]] * cell.value
                checked += cell.value
    assert checked == clauses.max_row - 1 == sum(cell.clauses for row in comparison.rows for cell in row.cells)


def test_workbook_has_all_sheets_with_filters_and_frozen_heads(comparison, store):
    book = workbook(comparison, store)
    assert book.sheetnames == ["热力图", "各项缺口", "各部分篇幅", "年度对比", "分句", "未能读取"]
    assert all(sheet.freeze_panes and sheet.auto_filter.ref for sheet in book)
    assert book["热力图"].auto_filter.ref.endswith(str(1 + len(comparison.rows)))  # totals stay where they are
    assert ["云岭县", 2020, 2021, "不再出现", "双减", 1, 0] in [
        [cell.value for cell in row][:7] for row in book["年度对比"].iter_rows()
    ]
    assert ("坏.txt", "文件是空的") in list(book["未能读取"].values)


def test_hostile_text_is_no_formula_in_csv_and_workbook(hostile, store):
    file = io.StringIO()
    write_comparison(hostile, file)
    for row in csv.reader(io.StringIO(file.getvalue())):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)
    for sheet in workbook(hostile, store):
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_hostile_text_is_text_in_the_page(hostile, store):
    text = page(hostile, store)
    assert len(re.findall("<script", text)) == 2 + len(hostile.rows)
    assert "<img" not in text
    assert "<link" not in text
    text.encode("utf-8")


@pytest.mark.parametrize("width", [80, 200])
def test_hostile_text_does_no_harm_on_a_terminal(hostile, width):
    text = printed(hostile, width)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_long_paragraph_does_no_harm(scheme, taxonomy, store):
    comparison = compare_reports([tagged({"finance": 1}, text="经费到位" * 25_000)], scheme, taxonomy, store=store)
    assert len(workbook(comparison, store)["分句"]["C2"].value) <= 32_767
    assert len(page(comparison, store)) < 200_000
