from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from dudao.document import Document
from dudao.outline import outline
from dudao.render.html import MARKED, page, report_id
from dudao.render.html_index import entry, index
from dudao.render.html_text import Run, runs, visible
from hostile import HOSTILE


class Page(HTMLParser):
    """A page's parts: what stands in the text, what the script is given, what could load something."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text, self.marks, self.loads, self.handlers, self.scripts, self.styles = "", [], [], [], [], []
        self.data: dict = {}
        self.policy = ""
        self._open: list[tuple[str, str]] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.loads += [value for name, value in attrs if name in {"src", "href", "action", "data"} and value[:1] != "#"]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag not in {"meta", "link", "input", "rect"}:
            self._open.append((tag, given.get("class") or given.get("type") or ""))

    def handle_startendtag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in {"src", "href", "xlink:href"}]

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        tag, name = self._open[-1] if self._open else ("", "")
        classes = {each for _, names in self._open for each in names.split()}
        if tag == "script" and name == "application/json":
            self.data = json.loads(data)
        elif tag == "script":
            self.scripts.append(data)
        elif tag == "style":
            self.styles.append(data)
        elif "p" in classes and not classes & {"tags", "role"}:
            self.text += data
            if tag == "mark":
                self.marks.append(data)


@pytest.fixture(scope="module")
def sampled(tagger):
    from conftest import ROOT

    return tagger.tag_report(ROOT / "examples" / "sample-report.txt", explain=True)


@pytest.fixture(scope="module")
def sample_page(sampled, tagger):
    return page(sampled, tagger.taxonomy)


def test_page_holds_every_paragraph_as_it_reads(sampled, sample_page):
    shown = "".join(visible(each.paragraph.text) for each in sampled.paragraphs if each.paragraph.kind == "text")
    plain = re.sub(r"\s", "", Page(sample_page).text)
    assert re.sub(r"\s", "", shown) in plain or all(
        re.sub(r"\s", "", visible(each.paragraph.text)) in plain for each in sampled.paragraphs
    )


def test_page_data_holds_the_exact_text_of_every_clause(sampled, sample_page):
    text = sampled.report.document.text
    data = Page(sample_page).data
    clauses = [each for part in sampled.paragraphs for each in part.clauses]
    assert len(data["clauses"]) == len(clauses) > 100
    for shown, each in zip(data["clauses"], clauses, strict=True):
        assert shown["text"] == text[shown["start"] : shown["end"]] == each.clause.text
        assert [data["domains"][number]["id"] for number, _, _ in shown["domains"]] == [d.id for d in each.domains]


def test_page_loads_nothing_and_allows_only_what_it_carries(sample_page):
    found = Page(sample_page)
    assert found.loads == []
    assert found.handlers == []
    assert "default-src 'none'" in found.policy
    assert "unsafe" not in found.policy
    for each in (*found.scripts, *found.styles):
        assert base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() in found.policy
    assert "http" not in re.sub(r"http-equiv", "", "".join(found.scripts + found.styles))


def test_page_names_the_domain_of_every_clause_beside_its_tint(sampled, sample_page, taxonomy):
    clauses = [each for part in sampled.paragraphs for each in part.clauses]
    for number, each in enumerate(clauses):
        match = re.search(
            rf'<span class="c d(\d+)( u)?" id="c{number}"><span class="tags">(.*?)</span></span>', sample_page
        )
        assert taxonomy.domains[int(match[1])].id == each.domains[0].id
        assert bool(match[2]) == each.uncertain == ("待核" in match[3])
        assert "＋".join(domain.name for domain in each.domains) in match[3]


def test_page_marks_terms_that_carried_a_domain(sampled, sample_page):
    strong = {
        place
        for part in sampled.paragraphs
        for each in part.clauses
        for domain in each.domains
        for evidence in domain.evidence
        if evidence.weight >= MARKED
        for span in evidence.spans
        for place in range(*span)
    }
    assert len(strong) > 500
    assert sum(map(len, Page(sample_page).marks)) == len(strong)


def test_page_coverage_missing_first_then_thin(tagger, taxonomy):
    text = "一、经费\n" + "全县教育经费投入一般公共预算3亿元，足额拨付。" * 4 + "\n二、安全\n开展校园食品安全检查。\n"
    tagged = tagger.tag_report(text.encode(), name="a.txt", explain=True)
    found = page(tagged, taxonomy)
    rows = re.findall(r'class="row d\d+".*?</button>', found, re.DOTALL)
    states = ["missing" if "缺失" in row else "thin" if "薄弱" in row else "" for row in rows]
    assert len(rows) == len(taxonomy.domains)
    assert states == sorted(states, key=["missing", "thin", ""].index)
    assert states.count("missing") > 10


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_page_hostile_text_stays_text(text, tagger, taxonomy):
    report = f"{text}\n\n一、{text}\n全县{text}教师培训到位。\n（一）{text}\n学前教育普惠。{text}\n"
    tagged = tagger.tag_outline(outline(Document(report, f"{text}.txt"), taxonomy), explain=True)
    found = Page(page(tagged, taxonomy))
    page(tagged, taxonomy).encode()
    assert found.loads == []
    assert found.handlers == []
    assert len(found.scripts) == 2
    assert "".join(each["text"] for each in found.data["clauses"])
    assert found.data["clauses"][-1]["text"] == tagged.paragraphs[-1].clauses[-1].clause.text
    index_page = Page(index([entry(tagged, taxonomy, link=f"{text}.html")], [], taxonomy))
    assert index_page.handlers == []
    assert index_page.scripts == []
    assert not any(re.match(r"(?i)https?:|javascript:|//", each) for each in index_page.loads)


def test_page_a_paragraph_of_100_000_characters(tagger, taxonomy):
    text = "全县教育经费投入逐年增长，教师培训全覆盖" * 5000
    tagged = tagger.tag_report(text.encode(), name="long.txt", explain=True)
    assert "".join(each["text"] for each in Page(page(tagged, taxonomy)).data["clauses"]) == text


def test_page_several_reports_in_one_file_are_all_on_it(tagger, taxonomy):
    one = "{}县人民政府关于2021年履行教育职责的自评报告\n\n省人民政府：\n一、基本情况\n全县有学校十所。\n二、自查情况\n教师工资足额发放。\n{}县人民政府\n2022年1月5日\n\n"
    tagged = tagger.tag_report((one.format("甲", "甲") + one.format("乙", "乙")).encode(), name="two.txt", explain=True)
    assert len(tagged.parts) == 2
    assert page(tagged, taxonomy).count('class="h part"') == 2


def test_report_id_differs_by_text_and_survives_any_name(tagger):
    tags = [
        tagger.tag_report(text.encode(), name=name)
        for name, text in (("报告.docx", "教师到位。"), ("报告.docx", "经费到位。"), ("../a b/?.txt", "教师到位。"))
    ]
    ids = [report_id(tagged) for tagged in tags]
    assert len(set(ids)) == 3
    assert ids[0].startswith("报告-")
    assert all(re.fullmatch(r"[\w.-]+", each) for each in ids)


@pytest.mark.parametrize(
    ("text", "spans", "lines", "expected"),
    [
        ("经费到位", [(0, 2)], False, [Run("经费", True), Run("到位", False)]),
        ("经费到位", [(0, 2), (1, 3)], False, [Run("经费到", True), Run("位", False)]),
        ("经费\n到位", [], False, [Run("经费到位", False)]),
        ("two\n  words", [], False, [Run("two words", False)]),
        ("甲\t乙\n丙", [], True, [Run("甲\t乙\n丙", False)]),
        ("\x00\x1b\ud800", [], False, [Run("\u2400\u241b\ufffd", False)]),
        ("", [], False, []),
    ],
)
def test_runs_cuts_at_marks_and_closes_up_print(text, spans, lines, expected):
    assert runs(text, spans, lines=lines) == expected
