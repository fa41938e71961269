from __future__ import annotations

import pytest

from conftest import ROOT
from dudao.errors import SchemeError
from dudao.messages import chinese_error
from dudao.schemes import DEFAULT, gaps, item_coverage, load_scheme, scheme_names, state_of

TWO_ITEMS = """
title = "两项"
year = 2022
[[item]]
name = "投入"
domains = ["finance"]
[[item]]
id = "pay"
name = "工资"
domains = ["教师队伍建设", "finance"]
keywords = ["工资"]
"""


@pytest.fixture(scope="module")
def report(tagger):
    return tagger.tag_report(ROOT / "examples" / "sample-report.txt")


@pytest.fixture
def written(tmp_path):
    def write(text, name="own.toml", encoding="utf-8"):
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


@pytest.mark.parametrize("name", scheme_names())
def test_every_shipped_scheme_is_valid_and_names_its_source(name, taxonomy):
    scheme = load_scheme(name, taxonomy=taxonomy)
    assert scheme.id == name
    assert scheme.title
    assert scheme.source
    assert scheme.items


def test_scheme_names_hold_the_default_and_the_method_of_2017():
    assert {DEFAULT, "method-2017"} <= set(scheme_names())
    assert len(load_scheme("method-2017").items) == 6
    assert len(load_scheme("plan-2019").items) == 15


def test_default_scheme_counts_what_the_report_counts(report, tagger):
    for each in item_coverage(report, load_scheme(taxonomy=tagger.taxonomy)):
        assert len(each.clauses) == report.coverage[each.item.id].clauses
        assert each.state == state_of(len(each.clauses))


def test_item_coverage_refers_to_the_clauses_that_show_it(report, tagger):
    for each in item_coverage(report, load_scheme("plan-2019", taxonomy=tagger.taxonomy)):
        assert list(each.clauses) == sorted(set(each.clauses))
        for ref in each.clauses:
            clause = report.paragraphs[ref.paragraph].clauses[ref.clause]
            assert {domain.id for domain in clause.domains} & set(each.item.domains)
            assert not each.item.keywords or any(word in clause.clause.text for word in each.item.keywords)


@pytest.mark.parametrize(("count", "thin", "state"), [(0, 3, "missing"), (0, 1, "missing"), (2, 3, "thin"), (3, 3, "present"), (3, 5, "thin"), (1, 1, "present")])  # fmt: skip
def test_state_of_a_count(count, thin, state):
    assert state_of(count, thin=thin) == state


def test_keywords_are_found_in_traditional_characters_too(tagger, written):
    from dudao.readers import read_document

    scheme = load_scheme(written('title="a"\n[[item]]\nname="b"\ndomains=["teachers","finance"]\nkeywords=["发放"]\n'))
    text = "一、自查情况\n教師工資按月發放，教師平均工資收入不低於公務員。\n".encode()
    report = tagger.tag_outline(tagger.outline(text, name="a.txt"))
    assert read_document(text, name="a.txt").text.count("發放") == 1
    assert [each.state for each in item_coverage(report, scheme)] == ["thin"]


def test_own_scheme_takes_chinese_names_and_numbers_its_items(written):
    scheme = load_scheme(written(TWO_ITEMS, encoding="utf-8-sig"))
    assert [(item.id, item.domains) for item in scheme.items] == [("1", ("finance",)), ("pay", ("teachers", "finance"))]
    assert (scheme.id, scheme.title, scheme.year) == ("own", "两项", 2022)


def test_scheme_in_the_home_is_found_by_name_and_goes_before_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path))
    for folder, name in (("schemes", "ours"), ("corpus/schemes", "plan-2019")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / f"{name}.toml").write_text(TWO_ITEMS, encoding="utf-8")
    assert "ours" in scheme_names()
    assert load_scheme("ours").title == load_scheme("plan-2019").title == "两项"
    assert len(load_scheme("method-2017").items) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", ["not TOML"]),
        ('[[item]]\nname="a"\ndomains=["finance"]', ["title is missing"]),
        ('title="a"', ["no list of items", "each_domain"]),
        ('title="a"\neach_domain=true\n[[item]]\nname="a"\ndomains=["finance"]', ["no list of items"]),
        ('title="a"\nitem=["b"]', ["[[item]] 1", "no table"]),
        ('title="a"\n[[item]]\ndomains=["finance"]', ["[[item]] 1", "name is missing"]),
        ('title="a"\n[[item]]\nname="投入"\ndomains=[]', ["[[item]] 1 投入", "no domain", "finance 教育投入与经费"]),
        ('title="a"\n[[item]]\nname="投入"\ndomains=["finanse"]', ["[[item]] 1 投入", "perhaps 'finance'", "allowed"]),
        ('title="a"\n[[item]]\nname="投入"\ndomains="finance"', ["domains is no list"]),
        ('title="a"\n[[item]]\nname="投入"\ndomains=["finance"]\nkeyword=["b"]', ["unknown key 'keyword'", "keywords"]),
        ('title="a"\n[[item]]\nname="投入"\ndomains=["finance"]\nkeywords=[""]', ["keywords is no list"]),
        ('title="a"\nyear="x"\n[[item]]\nname="投入"\ndomains=["finance"]', ["year is no whole number"]),
        ('title="a"\n[[item]]\nid=""\nname="投入"\ndomains=["finance"]', ["id is no text"]),
        (
            'title="a"\n[[item]]\nid="x"\nname="b"\ndomains=["finance"]\n[[item]]\nid="x"\nname="c"\ndomains=["safety"]',
            ["[[item]] 2 c", "'x' is given twice"],
        ),
    ],
)
def test_faulty_scheme_is_told_with_file_item_and_what_is_allowed(text, said, written):
    path = written(text)
    with pytest.raises(SchemeError) as caught:
        load_scheme(path)
    assert all(each in str(caught.value) for each in [str(path), *said])
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese_error(caught.value).replace(caught.value.where, ""))


def test_scheme_that_is_not_there_or_not_text_is_told(tmp_path):
    with pytest.raises(SchemeError, match=r"there are: .*default"):
        load_scheme("nothing")
    with pytest.raises(SchemeError, match="cannot be read"):
        load_scheme(tmp_path / "gone.toml")
    (tmp_path / "gbk.toml").write_bytes('title = "方案"'.encode("gbk"))
    with pytest.raises(SchemeError, match="not UTF-8"):
        load_scheme(tmp_path / "gbk.toml")
    with pytest.raises(SchemeError, match="no such scheme"):
        load_scheme("../schemes/default")


def test_gaps_leave_out_what_only_asks_for_the_label_of_no_domain(report, taxonomy):
    coverage = item_coverage(report, load_scheme(taxonomy=taxonomy), thin=10_000)
    missing, thin = gaps(coverage, taxonomy)
    named = {each.item.id for each in missing + thin}
    assert named == set(taxonomy.domain_ids) - taxonomy.exclusive_ids


@pytest.mark.parametrize("page", ["schemes.md", "schemes.zh.md"])
def test_example_of_the_documentation_is_a_scheme(page, written):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    scheme = load_scheme(written(example))
    assert [len(item.domains) for item in scheme.items][:2] == [1, 2]
    with pytest.raises(SchemeError, match="unknown domain 'finanse', perhaps 'finance'"):
        load_scheme(written(example.replace('"finance"', '"finanse"', 1)))
