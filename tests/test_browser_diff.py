"""The page of what two models say differently, in a real browser."""

from __future__ import annotations

import pytest

from browser import NARROW, Watched, accessibility_faults, chromium
from conftest import ROOT
from dudao import Tagger
from dudao.corpus import read_records
from dudao.document import Document
from dudao.language import translator
from dudao.modeldiff import diff_models, paired_metrics
from dudao.render.diff_html import page as render
from hostile import HOSTILE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    taggers = Tagger.load("0.1.0"), Tagger.load("0.2.0")
    heldout = sorted((ROOT / "tests" / "data" / "heldout").glob("*.txt"))
    documents = [Document(path.read_text(encoding="utf-8"), path.name) for path in heldout]
    hostile = "\n".join(f"第{number}条 学校{text}教师经费" for number, text in enumerate(HOSTILE.values(), 1))
    documents.append(Document(f"一、<b>情况</b>\n{hostile}\n", "<script>alert(1)</script>.txt"))
    records = list(read_records(heldout[-1].with_suffix(".jsonl")))
    found = diff_models(*taggers, documents, metrics=paired_metrics(*taggers, records), notes=["figures on 1 reports"])
    path = tmp_path_factory.mktemp("page") / "diff.html"
    path.write_text(render(found, t=translator("zh")), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_diff_page_is_quiet_accessible_and_fits(page_file, tmp_path, scheme, size):
    settings = {"color_scheme": scheme, **({"viewport": NARROW} if size == "narrow" else {})}
    with chromium(tmp_path / "profile", **settings) as browser:
        watched = Watched(browser, page_file)
        page = watched.page
        assert accessibility_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.evaluate("document.scripts.length") == 0
        assert watched.quiet()
