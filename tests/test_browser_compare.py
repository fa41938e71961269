"""The page of a comparison in a real browser, also with 500 reports."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import pytest

from browser import NARROW, Watched, accessibility_faults, chromium
from compared import tagged
from conftest import ROOT
from dudao.compare import ClauseStore, compare_reports
from dudao.errors import ReadError
from dudao.render.compare_html import write_page
from dudao.schemes import load_scheme
from hostile import HOSTILE

pytestmark = pytest.mark.slow

REPORTS = 500


@pytest.fixture(scope="module")
def pages(taxonomy, tmp_path_factory):
    """A small page, one of hostile texts."""
    folder = tmp_path_factory.mktemp("pages")
    few = [
        tagged({"finance": 12, "safety": 2, "double_reduction": 1}, year=2020),
        tagged({"finance": 3, "safety": 30, "teachers": 4}, year=2021, warnings=("no heading found: roles are taken from the text alone",)),
        tagged({"finance+teachers": 5, "safety": 1}, issuer="云岭市人民政府", role="problem"),
        ReadError("the file is empty", where="坏.txt"),
    ]  # fmt: skip
    hostile = [
        tagged({"finance": 3}, issuer="", title=text, section=(text,), text=text, source=text, warnings=(text,))
        for text in (*HOSTILE.values(), "经费到位" * 25_000)
    ]
    for name, reports in (("few", few), ("hostile", hostile)):
        with ClauseStore() as store, (folder / f"{name}.html").open("w", encoding="utf-8", newline="") as file:
            scheme = load_scheme("default", taxonomy=taxonomy)
            write_page(compare_reports(reports, scheme, taxonomy, store=store), store, file)
    return folder


@pytest.fixture
def context(tmp_path):
    with chromium(tmp_path / "profile") as browser:
        yield browser


def opened(page):
    """The panel's heading and clauses, once they are there."""
    page.wait_for_selector("#panel-body .text, #panel-body .none")
    return page.text_content("#panel-title"), page.locator("#panel-body .text").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_page_breaks_no_accessibility_rule(pages, tmp_path, scheme, size):
    settings = {"color_scheme": scheme, **({"viewport": NARROW} if size == "narrow" else {})}
    with chromium(tmp_path / "profile", **settings) as browser:
        watched = Watched(browser, pages / "few.html")
        page = watched.page
        for gap in page.locator("details").all():
            gap.evaluate("each => { each.open = true; }")
        assert accessibility_faults(page) == []
        page.locator("#cells tbody th").first.click()
        opened(page)
        assert accessibility_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.quiet()


def test_cell_opens_its_clauses_by_mouse_and_by_keyboard(pages, context):
    watched = Watched(context, pages / "few.html")
    page = watched.page
    row = page.locator("#cells tbody tr", has_text="云岭县2020")
    cell = row.locator("td", has_text=re.compile("^12$"))
    cell.click()
    assert opened(page) == ("云岭县2020：教育投入与经费", 12)
    page.keyboard.press("Escape")
    assert not page.locator("#panel").is_visible()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert opened(page)[1] == 0
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert opened(page) == ("云岭县2020", 15)
    assert watched.quiet()


def test_grid_is_one_stop_of_the_tab_key(pages, context):
    page = Watched(context, pages / "few.html").page
    assert page.evaluate("document.querySelectorAll('#cells tbody [tabindex=\"0\"]').length") == 1
    page.locator("#cells tbody [tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("[document.activeElement.cellIndex, document.activeElement.parentNode.sectionRowIndex]") == [
        1,
        1,
    ]
    page.fill("#query", "云岭市")
    assert page.locator("#cells tbody tr:visible").count() == 1
    assert page.evaluate("document.querySelectorAll('#cells tbody tr:not([hidden]) [tabindex=\"0\"]').length") == 1


def test_columns_sort_and_say_so(pages, context):
    page = Watched(context, pages / "few.html").page
    names = page.locator("#cells tbody th")
    button = page.locator("#cells thead button", has_text="教育投入与经费")
    for state, order in (("ascending", [3, 5, 12]), ("descending", [12, 5, 3])):
        button.focus()
        page.keyboard.press("Enter")
        head = page.locator("#cells thead th[aria-sort]")
        assert head.get_attribute("aria-sort") == state
        column = head.evaluate("each => each.cellIndex")
        values = page.locator(f"#cells tbody td:nth-child({column + 1})").all_text_contents()
        assert list(map(int, values)) == order
    page.locator("#cells thead button", has_text="报告").click()
    assert [name.removesuffix("!有提示") for name in names.all_text_contents()] == [
        "云岭市2021",
        "云岭县2020",
        "云岭县2021",
    ]


def test_filters_hold_for_both_tables(pages, context):
    page = Watched(context, pages / "few.html").page
    page.fill("#query", "2020")
    for table in ("#cells", "#shares"):
        assert page.locator(f"{table} tbody tr:visible").count() == 1
    assert "1 / 3" in page.text_content("#shown")


def test_change_between_years_opens_both_years(pages, context):
    page = Watched(context, pages / "few.html").page
    page.locator(".chip", has_text="校园安全与卫生").click()
    assert opened(page) == ("云岭县 2020 → 2021：校园安全与卫生", 32)
    assert page.locator("#panel-body h3").all_text_contents() == ["云岭县2020", "云岭县2021"]


def test_hostile_texts_run_nothing_and_are_shown(pages, context):
    watched = Watched(context, pages / "hostile.html")
    page = watched.page
    for row in page.locator("#cells tbody th").all():
        row.click()
        opened(page)
        page.keyboard.press("Escape")
    page.locator("#cells tbody th", has_text="onerror").click()
    opened(page)
    assert "<img src=x onerror='window.harmed=1'>" in page.text_content("#panel-body")
    assert page.evaluate("window.harmed") is None
    assert page.evaluate("document.querySelectorAll('main img, main script, main link, dialog img').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watched.quiet()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """500 reports: those of the corpus with other names, years and without some of their paragraphs."""
    folder = tmp_path_factory.mktemp("many")
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "corpus" / "reports").glob("*.txt"))]
    rng = random.Random(7)
    for number in range(REPORTS):
        lines = texts[number % len(texts)].splitlines()
        kept = [line for place, line in enumerate(lines) if place < 3 or rng.random() > 0.1]
        county = "甲乙丙丁戊己庚辛壬癸"[number % 10] + "岭川河阳陵"[number // 10 % 5] + "云山水木"[number // 50 % 4]
        title = f"{county}县人民政府关于{2019 + number // 200}年履行教育职责情况的自评报告"
        (folder / f"{number:03}.txt").write_text(
            "\n".join([title, *kept[1:-2], f"{county}县人民政府"]), encoding="utf-8"
        )
    return folder


_MEASURE = """
import re, sys
from dudao.cli import run
assert run(["compare", *sys.argv[1:]]) == 0
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def compare_in_a_process(*arguments) -> int:
    """Peak memory in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1]) // 1024


@pytest.fixture(scope="module")
def page_of_many(many, tmp_path_factory):
    """The page of 500 reports, and the memory in MB that it took."""
    path = tmp_path_factory.mktemp("page") / "t.html"
    return path, compare_in_a_process(many, "-o", path)


def test_500_reports_take_little_more_memory_than_25(many, page_of_many, tmp_path):
    few = sorted(many.iterdir())[:25]
    assert page_of_many[1] < compare_in_a_process(*few, "-o", tmp_path / "few.html") + 60
    workbook = compare_in_a_process(many, "-o", tmp_path / "t.xlsx")
    assert workbook < compare_in_a_process(*few, "-o", tmp_path / "few.xlsx") + 60


def test_page_of_500_reports_is_small_paints_at_once_and_stays_smooth(page_of_many, context):
    path, _ = page_of_many
    assert path.stat().st_size < 10_000_000
    paints, sorts = [], []
    for _ in range(3):
        watched = Watched(context, path)
        page = watched.page
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        assert page.locator("#cells tbody tr").count() == REPORTS
        sorts.append(
            page.evaluate(
                """() => { const began = performance.now(); document.querySelectorAll('#cells .sort')[7].click();
                document.body.offsetHeight; return performance.now() - began; }"""
            )
        )
        page.locator("#cells tbody th").nth(300).click()
        assert opened(page)[1] > 30
        assert watched.quiet()
        page.close()
    assert min(paints) < 1000, paints
    assert min(sorts) < 500, sorts
