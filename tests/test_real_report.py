"""The shared real report, where it lies beside the checkout: labels are kept as spans, its text is not part of the project."""

from __future__ import annotations

import json

import pytest

from conftest import ROOT
from dudao.evaluation import judge, label_spans, summarise


@pytest.fixture(scope="module")
def tagged(tagger, shared_report):
    return tagger.tag_report(shared_report)


@pytest.fixture(scope="module")
def labels():
    return json.loads((ROOT / "tests" / "data" / "shanyin-2021.labels.json").read_text(encoding="utf-8"))["clauses"]


def test_real_report_outline(tagged):
    report = tagged.report
    assert report.year == 2021
    assert report.issuer.startswith("山阴县")
    assert [heading.role for heading in report.headings if heading.level == 1] == [
        "overview",
        "self_check",
        "achievement",
        "experience",
        "problem",
    ]
    assert len([heading for heading in report.headings if heading.level == 2]) == 13
    for word in ("工具条", "繁体版", "网站地图", "ICP备", "联系电话"):
        assert not any(word in paragraph.text for paragraph in report.paragraphs)


def test_real_report_clauses_and_roles(tagged, labels):
    found = {(clause.start, clause.end): clause.role for part in tagged.report.paragraphs for clause in part.clauses}
    assert set(found) == {(each["start"], each["end"]) for each in labels}
    right = sum(found[each["start"], each["end"]] == each["role"] for each in labels)
    assert right >= 0.97 * len(labels)


def test_real_report_domains(tagged, labels, tagger):
    records = label_spans(tagged.report, labels)
    assert len(records) == len(labels)
    assert summarise(judge(tagger.classifier, records))["macro_f1"] >= 0.80
