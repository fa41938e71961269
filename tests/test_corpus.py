from __future__ import annotations

import json

import numpy as np
import pytest

from dudao import CorpusError
from dudao.corpus import (
    Corpus,
    Record,
    Term,
    check,
    load_corpus,
    near_duplicates,
    read_glossary,
    read_records,
    vocabulary_growth,
)
from dudao.evaluation import calibration_error, judged, macro_f1, summarise


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "not a labelled record"),
        ('{"text": "a"}', "domains"),
        ('{"text": "", "domains": ["finance"]}', "empty"),
        ('{"text": "a", "domains": ["nothing"]}', "unknown domain"),
        ('{"text": "a", "domains": ["general", "finance"]}', "stands alone"),
        ('{"text": "a", "domains": ["finance", "finance"]}', "twice"),
        ('{"text": "a", "domains": []}', "0 domains"),
        ('{"text": "a", "domains": ["finance"], "role": "x"}', "unknown role"),
    ],
)
def test_read_records_bad_line_names_file_line_and_reason(line, what, tmp_path, taxonomy):
    path = write(tmp_path / "a.jsonl", '{"text": "好", "domains": ["finance"]}', line)
    with pytest.raises(CorpusError, match=what) as caught:
        list(read_records(path, taxonomy))
    assert "a.jsonl:2" in str(caught.value)


def test_record_round_trip(taxonomy, tmp_path):
    record = Record("经费😀到位", ("finance",), "r/1", "r", ("一、", "(一)"), 3, "self_check", ("teachers",))
    path = write(tmp_path / "a.jsonl", json.dumps(record.to_dict(), ensure_ascii=False))
    assert list(read_records(path, taxonomy)) == [record]


def test_read_glossary_unknown_domain_names_the_line(tmp_path, taxonomy):
    path = write(
        tmp_path / "g.tsv", "term\tdomains\tkind\tyear", "双减\tdouble_reduction\tpolicy\t2021", "x\tnothing\t\t"
    )
    with pytest.raises(CorpusError, match=r"g\.tsv:3"):
        read_glossary(path, taxonomy)


def test_check_finds_each_kind_of_fault(tmp_path, taxonomy):
    clause = "全县教师工资按月足额发放到位没有拖欠一分钱"
    records = (
        Record(clause, ("teachers",), "a/1", "a", role="self_check"),
        Record(clause, ("finance",), "b/1", "b", role="self_check"),
        Record("别处没有", ("finance",), "a/1", "a", role="self_check"),
        *(Record(f"食堂第{n}次检查", ("safety",), f"c/{n}", "c") for n in range(6)),
    )
    corpus = Corpus(tmp_path, records, (Term("食堂", ("finance",)), Term("食堂", ("safety",))), {"a": clause})
    found = [finding.what for finding in check(corpus, taxonomy)]
    assert any("id given 2 times" in what for what in found)
    assert any("other domains" in what for what in found)
    assert any("not found in the text" in what for what in found)
    assert any("term given twice" in what for what in found)
    assert any("labelled finance" in what for what in found)
    assert any("nearly the same" in what for what in found)


def test_near_duplicates_looks_between_reports_only():
    same = "全县教师工资按月足额发放到位"
    assert near_duplicates([Record(same, ("teachers",), report="a"), Record(same, ("teachers",), report="a")]) == []
    assert (
        near_duplicates([Record(same, ("teachers",), report="a"), Record(same + "了", ("teachers",), report="b")])[0][2]
        > 0.8
    )


def test_summarise_counts_permitted_labels_neither_way():
    records = [Record("a", ("x",), report="1", permitted=("y",)), Record("b", ("y",), report="2")]
    scores = np.array([[0.9, 0.8], [0.2, 0.7]])
    result = summarise(judged(records, scores, [(0, 1), (1,)], [False, False], ("x", "y")))
    assert result["macro_f1"] == result["micro_f1"] == result["exact_match"] == 1.0


def test_macro_f1_is_over_the_domains_that_occur():
    gold = np.array([[True, False], [True, False]])
    assert macro_f1(gold, np.array([[True, False], [False, False]])) == pytest.approx(2 / 3)


def test_calibration_error_of_a_perfect_and_a_boastful_model():
    right = np.array([True, False] * 50)
    assert calibration_error(np.full(100, 0.5), right) == pytest.approx(0)
    assert calibration_error(np.full(100, 0.99), right) == pytest.approx(0.49)


def test_load_corpus_sets_the_test_split_aside(tmp_path, taxonomy):
    (tmp_path / "reports").mkdir()
    for name in ("a", "b"):
        write(
            tmp_path / "reports" / f"{name}.jsonl",
            f'{{"id": "{name}/1", "report": "{name}", "text": "经费{name}", "domains": ["finance"]}}',
        )
    whole = load_corpus(tmp_path, taxonomy)
    assert [record.report for record in whole.records] == ["a", "b"]
    write(tmp_path / "reports.csv", "id,split", "a,train", "b,test")
    split = load_corpus(tmp_path, taxonomy)
    assert [record.report for record in split.records] == ["a"]
    assert [record.report for record in split.held_out] == ["b"]
    assert split.digest != whole.digest


def test_check_leakage_between_the_splits_is_an_error(tmp_path, taxonomy):
    same = "全县教师工资按月足额发放到位没有拖欠一分钱"
    corpus = Corpus(
        tmp_path,
        (Record(same, ("teachers",), "a/1", "a", role="self_check"),),
        (),
        held_out=(Record(same, ("teachers",), "b/1", "b", role="self_check"),),
    )
    assert any(finding.level == "error" and "leaks" in finding.what for finding in check(corpus, taxonomy))


def test_check_glossary_faults(tmp_path, taxonomy):
    terms = (
        Term("ＡＩ教育", ("digital_education",)),
        Term("AI 教育", ("teachers",)),
        Term("某某意见", ("finance",), "document"),
        Term("费", ("finance",)),
        Term("概况", ("general", "finance")),
    )
    found = [finding.what for finding in check(Corpus(tmp_path, (), terms), taxonomy)]
    assert "term given twice: AI 教育 with other domains" in found
    assert "document without its year: 某某意见" in found
    assert "term too short: 费" in found
    assert "an exclusive domain beside another: 概况" in found


def test_vocabulary_growth_lies_flat_where_reports_repeat_each_other(tmp_path):
    records = tuple(Record("教师工资按月足额发放", ("teachers",), report=name) for name in "abcd")
    assert [different for _, _, different in vocabulary_growth(Corpus(tmp_path, records, ()))] == [5, 5, 5, 5]
