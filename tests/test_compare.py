from __future__ import annotations

import pytest

from compared import tagged
from dudao.compare import ClauseStore, compare_reports
from dudao.errors import ReadError
from dudao.schemes import Item, Scheme, load_scheme

SCHEME = Scheme(
    "two",
    "两项",
    (
        Item("money", "钱和人", ("finance", "teachers")),
        Item("safe", "安全", ("safety",)),
        Item("rest", "其他", ("general",)),
    ),
)


@pytest.fixture
def compare(taxonomy):
    return lambda results, scheme=SCHEME, **options: compare_reports(results, scheme, taxonomy, **options)


def names(comparison):
    return [row.name for row in comparison.rows]


def kinds(pair):
    return {SCHEME.items[change.item].id: change.kind for change in pair.changes}


def test_cell_counts_clauses_of_all_domains_of_an_item_once(compare):
    (row,) = compare([tagged({"finance": 1, "teachers": 2, "finance+teachers": 1, "safety": 2})]).rows
    assert [(cell.state, cell.clauses) for cell in row.cells] == [("present", 4), ("thin", 2), ("present", 0)]
    assert row.cells[0].share == pytest.approx(4 / 6)


def test_thin_follows_the_bound_that_is_given(compare):
    (row,) = compare([tagged({"safety": 2})], thin=2).rows
    assert row.cells[1].state == "present"


def test_item_of_no_domain_is_never_a_gap_and_stands_last(compare, taxonomy):
    comparison = compare([tagged({"safety": 5})], load_scheme("default", taxonomy=taxonomy))
    (row,) = comparison.rows
    last = comparison.scheme.items[comparison.columns[-1]]
    assert set(last.domains) <= taxonomy.exclusive_ids
    assert row.count("missing") == len(taxonomy.domains) - 2


def test_columns_put_what_most_reports_lack_first(compare):
    comparison = compare([tagged({"finance": 3}), tagged({"finance": 3, "safety": 1})])
    assert comparison.columns == (1, 0, 2)
    assert [(total.missing, total.thin) for total in comparison.totals] == [(0, 0), (1, 1), (0, 0)]
    assert comparison.count("missing") == 1


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("gaps", ["丙县2019", "甲县2020", "乙县2021"]),
        ("name", ["丙县2019", "乙县2021", "甲县2020"]),
        ("year", ["丙县2019", "甲县2020", "乙县2021"]),
        ("given", ["甲县2020", "乙县2021", "丙县2019"]),
    ],
)
def test_rows_stand_in_the_order_asked_for(compare, sort, order):
    reports = [
        tagged({"finance": 3, "safety": 1}, issuer="甲县人民政府", year=2020),
        tagged({"finance": 3, "safety": 3}, issuer="乙县人民政府", year=2021),
        tagged({"finance": 3}, issuer="丙县人民政府", year=2019),
    ]
    assert names(compare(reports, sort=sort)) == order


def test_failures_are_kept_and_stop_nothing(compare):
    failure = ReadError("the file is empty", where="b.txt")
    comparison = compare([tagged({"finance": 1}), failure, tagged({"finance": 1})])
    assert (len(comparison.rows), comparison.failures) == (2, (failure,))


def test_names_that_two_reports_share_are_told_apart_by_the_file(compare):
    comparison = compare([tagged({"finance": 1}, source="x/a.txt"), tagged({"finance": 1}, source="y/b.txt")])
    assert sorted(names(comparison)) == ["云岭县2021 (a.txt)", "云岭县2021 (b.txt)"]


def test_name_without_a_place_is_the_title_or_the_file(compare):
    reports = [tagged({"finance": 1}, issuer=""), tagged({"finance": 1}, issuer="", title="", source="x/b.txt")]
    assert sorted(names(compare(reports))) == ["b.txt", "自评报告"]


def test_roles_share_the_text(compare, taxonomy):
    (row,) = compare([tagged({"finance": 2}, role="problem")]).rows
    assert row.roles["problem"] == 1
    assert set(row.roles) == set(taxonomy.role_ids)


def test_years_of_a_county_are_compared_one_with_the_next(compare):
    reports = [
        tagged({"finance": 30, "safety": 0}, year=2019),
        tagged({"finance": 30, "safety": 5}, year=2021),
        tagged({"finance": 10, "safety": 30}, year=2022),
        tagged({"finance": 10}, year=2021, issuer="别处县人民政府"),
    ]
    first, second = compare(reports).pairs
    assert (first.place, first.years, kinds(first)) == ("云岭县", (2019, 2021), {"safe": "appeared"})
    assert (second.years, kinds(second)) == ((2021, 2022), {"money": "shrank", "safe": "grew"})
    assert second.changes[1].clauses == (5, 30)


def test_item_that_is_gone_is_told(compare):
    (pair,) = compare([tagged({"finance": 9, "safety": 1}, year=2020), tagged({"finance": 9}, year=2021)]).pairs
    assert kinds(pair) == {"safe": "disappeared"}


def test_small_differences_between_years_are_no_change(compare):
    (pair,) = compare(
        [tagged({"finance": 20, "safety": 5}, year=2020), tagged({"finance": 20, "safety": 8}, year=2021)]
    ).pairs
    assert pair.changes == ()


def test_several_reports_of_a_year_count_together(compare):
    reports = [
        tagged({"finance": 9}, year=2020, source="a.txt"),
        tagged({"safety": 9}, year=2020, source="b.txt"),
        tagged({"finance": 9, "safety": 9}, year=2021),
    ]
    (pair,) = compare(reports).pairs
    assert (len(pair.before), len(pair.after), pair.changes) == (2, 1, ())


@pytest.mark.parametrize(
    ("issuers", "pairs"),
    [
        (("山阴县人民政府办公室", "中共山阴县委"), 1),
        (("山阴县教育局", "山阴县人民政府"), 1),
        (("朔州市山阴县人民政府", "山阴县人民政府"), 1),
        (("沙市区人民政府", "荆州市沙市区人民政府"), 1),
        (("吉林省人民政府", "吉林省吉林市人民政府"), 0),
        (("城西区人民政府", "城东区人民政府"), 0),
        (("", ""), 0),
    ],
)
def test_county_is_one_whichever_office_signs(compare, issuers, pairs):
    reports = [tagged({"finance": 5}, issuer=issuer, year=2020 + number) for number, issuer in enumerate(issuers)]
    assert len(compare(reports).pairs) == pairs


def test_districts_of_one_name_in_two_cities_are_two(compare):
    issuers = ("南京市鼓楼区人民政府", "福州市鼓楼区人民政府", "鼓楼区人民政府")
    reports = [tagged({"finance": 5}, issuer=issuer, year=2020 + number) for number, issuer in enumerate(issuers)]
    assert compare(reports).pairs == ()


def test_store_gives_back_the_clauses_behind_the_cells(compare):
    with ClauseStore() as store:
        comparison = compare([tagged({"finance": 1, "safety": 2}), tagged({"general": 1})], store=store)
        lines = [list(store.read(row.number)) for row in sorted(comparison.rows, key=lambda row: row.number)]
    assert [[line.items for line in each] for each in lines] == [[(0,), (1,), (1,)], [(2,)]]
    assert lines[0][0].domains == (("finance", 90),)
    assert (lines[0][0].section, lines[0][0].text) == ("二、自查情况", "写了一句。")


def test_store_takes_text_that_is_no_unicode(compare):
    with ClauseStore() as store:
        compare([tagged({"finance": 1}, text="经费\ud800到位。")], store=store)
        assert next(store.read(0)).text == "经费?到位。"


def test_parts_of_a_file_are_rows_of_their_own(compare):
    from dataclasses import replace

    parts = (tagged({"finance": 1}, year=2020), tagged({"finance": 2}, year=2021))
    comparison = compare([replace(tagged({"finance": 3}), parts=parts)])
    assert sorted(row.clauses for row in comparison.rows) == [1, 2]


def test_no_report_makes_an_empty_comparison(compare):
    comparison = compare([])
    assert (comparison.rows, comparison.pairs, comparison.count("missing")) == ((), (), 0)
