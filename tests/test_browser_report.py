"""The report page in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from browser import NARROW, Watched, accessibility_faults, chromium
from conftest import ROOT
from dudao.document import Document
from dudao.outline import outline
from dudao.render.html import page as render
from dudao.render.html_index import entry, index
from hostile import HOSTILE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tagger, tmp_path_factory):
    """The sample's page, the page of a long report, one of hostile texts, and an index."""
    folder = tmp_path_factory.mktemp("pages")
    sample = ROOT / "examples" / "sample-report.txt"
    text = sample.read_text(encoding="utf-8")
    body = text[text.index("一、") :]
    hostile = "\n".join(f"第{number}节\n{text}" for number, text in enumerate(HOSTILE.values(), 1))
    hostile = f"一、基本情况\n{hostile}\n二、长段\n{'全县教育经费投入逐年增长，教师培训全覆盖' * 5000}\n"
    sources = {
        "sample": Document(text, "sample-report.txt"),
        "long": Document(text + "".join(f"\n{body}" for _ in range(15)), "long.txt"),
        "hostile": Document(hostile, "hostile.txt"),
    }
    tagged = {
        name: tagger.tag_outline(outline(document, tagger.taxonomy), explain=True) for name, document in sources.items()
    }
    found = {name: folder / f"{name}.html" for name in (*tagged, "index")}
    for name, report in tagged.items():
        found[name].write_text(render(report, tagger.taxonomy), encoding="utf-8", newline="")
    entries = [entry(report, tagger.taxonomy, link=f"{name}.html") for name, report in tagged.items()]
    found["index"].write_text(index(entries, [], tagger.taxonomy), encoding="utf-8", newline="")
    return found


@pytest.fixture
def context(tmp_path):
    with chromium(tmp_path / "profile") as browser:
        yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_page_breaks_no_accessibility_rule(pages, tmp_path, scheme, size):
    settings = {"color_scheme": scheme, **({"viewport": NARROW} if size == "narrow" else {})}
    with chromium(tmp_path / "profile", **settings) as browser:
        for name in ("sample", "index"):
            watched = Watched(browser, pages[name])
            page = watched.page
            assert accessibility_faults(page) == []
            if name == "sample":
                for panel in page.locator("details.side").all():
                    panel.evaluate("each => { each.open = true; }")
                page.locator(".c").first.focus()
                page.select_option("#by-state", "uncertain")
                page.fill("#query", "教")
                page.wait_for_timeout(300)
                assert accessibility_faults(page) == []
                page.locator(".c:not(.off)").first.press("Enter")
                assert accessibility_faults(page) == []
                page.select_option("#domain-2", page.locator("#domain-1").input_value())
                page.click("#save")
                assert "选了两次" in page.text_content("#editor-trouble")
                assert accessibility_faults(page) == []
            assert watched.quiet()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_page_of_sixty_pages_paints_within_a_second_and_filters_smoothly(pages, context):
    assert pages["long"].stat().st_size > 500_000
    paints, filters = [], []
    for _ in range(3):
        watched = Watched(context, pages["long"])
        page = watched.page
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        filters.append(
            page.evaluate(
                """() => { const began = performance.now(); const pick = document.getElementById('by-domain');
                pick.value = '3'; pick.dispatchEvent(new Event('change')); document.body.offsetHeight;
                return performance.now() - began; }"""
            )
        )
        assert page.evaluate("data.clauses.length") > 2000
        assert watched.quiet()
        page.close()
    assert min(paints) < 1000, paints
    assert min(filters) < 500, filters


def test_page_of_hostile_texts_runs_nothing_and_shows_them(pages, context):
    watched = Watched(context, pages["hostile"])
    page = watched.page
    page.locator(".c").first.hover()
    page.wait_for_timeout(400)
    page.locator(".c").first.click()
    page.keyboard.press("Escape")
    page.fill("#query", "onerror")
    page.wait_for_timeout(300)
    assert "找到 1 处" in page.text_content("#shown")
    assert page.evaluate("window.harmed") is None
    assert page.evaluate("document.querySelectorAll('main img, main script, main link, main a').length") == 0
    shown = page.evaluate("document.getElementById('text').textContent")
    assert "<img src=x onerror='window.harmed=1'>" in shown
    assert HOSTILE["rare"] in shown
    assert HOSTILE["emoji"] in shown
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watched.quiet()


def test_page_is_usable_by_keyboard(pages, context):
    page = Watched(context, pages["sample"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "c0"
    assert page.locator("#card").is_visible()
    assert "%" in page.text_content("#card")
    page.keyboard.press("Escape")
    assert not page.locator("#card").is_visible()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "c1"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "domain-1"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "c1"


def test_page_filters_and_search_show_what_fits(pages, context):
    watched = Watched(context, pages["sample"])
    page = watched.page
    row = page.locator(".row").nth(4)
    number = row.get_attribute("data-domain")
    asked = int(row.locator(".clauses").text_content().split()[0])
    row.click()
    assert page.locator("#by-domain").input_value() == number
    assert page.locator(".c:not(.off)").count() == asked
    assert page.text_content("#shown").startswith(f"显示 {asked} / ")
    page.click("#clear")
    page.fill("#query", "学校")
    page.wait_for_timeout(300)
    hits = page.evaluate("CSS.highlights.get('found').size")
    assert f"找到 {hits} 处" in page.text_content("#shown")
    page.press("#query", "Enter")
    page.press("#query", "Enter")
    assert f"第 2 / {hits} 处" in page.text_content("#shown")
    page.fill("#query", "绝无此词")
    page.wait_for_timeout(300)
    assert page.locator("#nothing").is_visible()
    assert watched.quiet()


def mend(page, number, *domains, role=None):
    """Give a clause those domains (numbers) and that role."""
    page.locator(f"#c{number}").focus()
    page.keyboard.press("Enter")
    for place in (1, 2, 3):
        page.select_option(f"#domain-{place}", str(domains[place - 1]) if place <= len(domains) else "")
    if role is not None:
        page.select_option("#role", str(role))
    page.click("#save")


def test_mending_is_kept_undone_exported_and_added(pages, tmp_path):
    profile = tmp_path / "profile"
    with chromium(profile) as browser:
        watched = Watched(browser, pages["sample"])
        page = watched.page
        for number in range(5):
            mend(page, number, 3, 4)
        mend(page, 5, 2, role=5)
        assert page.text_content("#count") == "更正 6 处，6 处未导出"
        assert page.locator("#c5.m .tags").text_content() == "已更正存在的问题教育评价改革"
        page.click("#undo")
        assert page.text_content("#count") == "更正 5 处，5 处未导出"
        page.reload()
        assert page.text_content("#count") == "更正 5 处，5 处未导出"
        assert page.locator(".c.m").count() == 5
        assert watched.quiet()
    with chromium(profile, accept_downloads=True) as browser:  # the browser was closed meanwhile
        watched = Watched(browser, pages["sample"])
        page = watched.page
        assert page.locator(".c.m").count() == 5
        page.select_option("#by-state", "mended")
        assert page.locator(".c:not(.off)").count() == 5
        with page.expect_download() as download:
            page.get_by_role("button", name="导出更正").click()
        assert download.value.suggested_filename == "corrections.jsonl"
        path = tmp_path / "corrections.jsonl"
        download.value.save_as(path)
        assert page.text_content("#count") == "更正 5 处，均已导出"
        data = page.evaluate("data")
        assert watched.quiet()
    learnt = pages["sample"].read_text(encoding="utf-8").replace(data["model"]["sha256"], "0" * 64)
    newer = tmp_path / "newer.html"  # by a model that has learnt the first clause's labels
    labels = re.compile(r'"domains":(?=\[\[\d)')
    newer.write_text(labels.sub('"domains":[[3,0.9,[]],[4,0.8,[]]],"before":', learnt, count=1), encoding="utf-8")
    with chromium(profile) as browser:
        assert Watched(browser, newer).page.text_content("#count") == "更正 4 处，均已导出"
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, record in enumerate(records):
        assert record["text"] == data["clauses"][number]["text"]
        assert record["domains"] == [data["domains"][each]["id"] for each in (3, 4)]
        assert record["original"]["domains"] == [
            data["domains"][each]["id"] for each, _, _ in data["clauses"][number]["domains"]
        ]
    home = tmp_path / "home"
    run = subprocess.run(
        [sys.executable, "-c", "from dudao.cli import main; main()", "corpus", "add", str(path)],
        env={"DUDAO_HOME": str(home), "PATH": "/usr/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    stored = (home / "corpus" / "corrections" / "corrections.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in stored] == [record["text"] for record in records]
