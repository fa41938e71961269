from __future__ import annotations

import copy
import json
import os
import pickle
import threading

import pytest

import dudao
from conftest import ROOT
from dudao import ReadError
from dudao.decision import combine
from dudao.tokens import spans


def check_contract(report: dict, text: str, taxonomy) -> None:
    assert report["schema"] == "dudao.report/1"
    assert set(report) >= {
        "source",
        "title",
        "issuer",
        "year",
        "model",
        "headings",
        "paragraphs",
        "coverage",
        "warnings",
    }
    assert set(report["model"]) == {"version", "taxonomy", "sha256"}
    for heading in report["headings"]:
        assert set(heading) == {"level", "marker", "text", "role", "start", "end"}
        assert text[heading["start"] : heading["end"]] == heading["text"]
    assert list(report["coverage"]) == list(taxonomy.domain_ids)
    for number, paragraph in enumerate(report["paragraphs"]):
        assert paragraph["index"] == number
        assert text[paragraph["start"] : paragraph["end"]] == paragraph["text"]
        assert paragraph["kind"] in {"text", "table", "addressee", "signature", "contents"}
        assert not any(label.endswith(("。", ":", "：")) for label in paragraph["section"])
        assert bool(paragraph["domains"]) == (paragraph["kind"] in {"text", "table"}) == bool(paragraph["clauses"])
        if paragraph["clauses"]:
            assert paragraph["primary"] in {domain["id"] for domain in paragraph["domains"]}
        for clause in paragraph["clauses"]:
            assert text[clause["start"] : clause["end"]] == clause["text"]
            assert clause["role"] in taxonomy.role_ids
            ids = [domain["id"] for domain in clause["domains"]]
            assert 1 <= len(ids) <= 3
            assert "general" not in ids or ids == ["general"]
            scores = [domain["score"] for domain in clause["domains"]]
            assert scores == sorted(scores, reverse=True)
            assert all(domain["name"] == taxonomy.domain(domain["id"]).name for domain in clause["domains"])
            assert isinstance(clause["uncertain"], bool)


def test_tag_report_keeps_the_contract(tagger, sample, taxonomy):
    report = tagger.tag_report(sample)
    data = report.to_dict()
    check_contract(data, sample.read_text(encoding="utf-8"), taxonomy)
    json.dumps(data)
    assert data["year"] == 2022
    assert data["title"].endswith("报告")


def test_tag_report_takes_path_bytes_and_file(tagger, sample):
    expected = tagger.tag_report(sample).to_dict()
    expected.pop("source")
    with sample.open("rb") as handle:
        for source in (str(sample), sample.read_bytes(), handle):
            found = tagger.tag_report(source).to_dict()
            found.pop("source")
            assert found == expected


def test_tag_report_explain_gives_terms_and_their_spans(tagger, sample):
    text = sample.read_text(encoding="utf-8")
    report = tagger.tag_report(sample, explain=True)
    plain = tagger.tag_report(sample)
    explained = [domain for part in report.paragraphs for clause in part.clauses for domain in clause.domains]
    assert sum(bool(domain.evidence) for domain in explained) > 0.9 * len(explained)
    for domain in explained:
        for evidence in domain.evidence or ():
            assert evidence.weight > 0
            assert all(text[start:end].replace("\n", "") for start, end in evidence.spans)
            assert evidence.term == text[slice(*evidence.spans[0])] or len(evidence.spans) > 1
    assert [[d.id for d in c.domains] for p in report.paragraphs for c in p.clauses] == [
        [d.id for d in c.domains] for p in plain.paragraphs for c in p.clauses
    ]


def test_tag_gives_one_tag_a_text_in_order(tagger):
    texts = [
        "全县教师工资按月足额发放。",
        "校园食堂全部实现明厨亮灶。",
        "",
        "   ",
        "ok",
        "督学每月进校一次，看完当面反馈。",
    ]
    tags = tagger.tag(texts)
    assert len(tags) == len(texts)
    assert tags[0].domains[0] in {"teachers", "finance"}
    assert tags[1].domains == ("safety",)
    assert tags[5].domains == ("supervision",)
    for tag in tags:
        assert isinstance(tag.domains, tuple)
        assert set(tag.scores) == set(tagger.taxonomy.domain_ids)
        assert tag.role in tagger.taxonomy.role_ids
    assert tags[2].uncertain
    assert tagger.tag([]) == []


def test_tag_headings_give_role_and_context(tagger):
    assert tagger.tag(["学校还缺两名教师。"], headings=[["五、存在的问题"]])[0].role == "problem"
    with pytest.raises(ValueError, match="1 texts but 2"):
        tagger.tag(["a"], headings=[[], []])
    with pytest.raises(TypeError):
        tagger.tag("一个字符串")
    with pytest.raises(TypeError):
        tagger.tag(["a"], headings=["五、存在的问题"])


def test_tag_result_does_not_depend_on_the_batch(tagger):
    texts = [
        json.loads(line)["text"]
        for line in (ROOT / "tests/data/heldout/musong-2022.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    together = tagger.tag(texts)
    for number in range(0, len(texts), 7):
        assert tagger.tag([texts[number]])[0].domains == together[number].domains
        assert tagger.tag([texts[number]])[0].scores == pytest.approx(together[number].scores, abs=1e-9)


def test_tag_many_gives_errors_as_values_in_order(tagger, sample, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    paths = [sample, tmp_path / "gone.txt", sample, empty]
    for jobs in (1, 2):
        results = list(tagger.tag_many(paths, jobs=jobs))
        assert [isinstance(result, ReadError) for result in results] == [False, True, False, True]
        assert results[0].to_dict() == results[2].to_dict()
        assert "gone.txt" in str(results[1])


def test_tagger_pickled_gives_the_same(tagger):
    again = pickle.loads(pickle.dumps(tagger))
    texts = ["县里建成一所特殊教育学校。", "课后服务全覆盖。"]
    assert again.tag(texts) == tagger.tag(texts)


def test_tagger_shared_by_threads_gives_the_same(tagger, sample):
    expected = tagger.tag_report(sample).to_dict()
    found = []
    fresh = pickle.loads(pickle.dumps(tagger))
    threads = [threading.Thread(target=lambda: found.append(fresh.tag_report(sample).to_dict())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_tagger_tagging_does_not_change_it(tagger, sample):
    before = copy.deepcopy(tagger.classifier.settings)
    tagger.tag_report(sample)
    assert tagger.classifier.settings == before


def test_errors_survive_pickling():
    error = ReadError("no such file", where="a.txt", hint="check the path")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.where, type(again)) == (str(error), "a.txt", ReadError)


def test_root_api_is_lazy_and_complete():
    for name in dudao.__all__:
        assert getattr(dudao, name)
    with pytest.raises(AttributeError):
        dudao.nothing  # noqa: B018


EXCLUSIVE = frozenset({"general"})


@pytest.mark.parametrize(
    ("clauses", "expected", "primary"),
    [
        ([("字" * 50, ["finance"]), ("字" * 50, ["teachers"])], ("finance", "teachers"), "finance"),
        ([("字" * 90, ["finance"]), ("字" * 10, ["safety"])], ("finance",), "finance"),
        ([("字" * 90, ["finance"]), ("投入3元字字字字字字", ["safety"])], ("finance", "safety"), "finance"),
        ([("字" * 60, ["general"]), ("字" * 40, ["safety"])], ("safety",), "safety"),
        ([("字" * 100, ["general"])], ("general",), "general"),
        ([("字" * 30, ["a", "z"]), ("字" * 40, ["b", "z"]), ("字" * 30, ["a"])], ("z", "a", "b"), "a"),
        ([("1字" * 10, [name]) for name in "abcde"], ("a", "b", "c", "d"), "a"),
        ([], (), None),
    ],
)
def test_combine_follows_the_paragraph_rule(clauses, expected, primary):
    assert combine([text for text, _ in clauses], [domains for _, domains in clauses], EXCLUSIVE) == (expected, primary)


def _die_of(tagger, task):
    if task == "bad":
        os._exit(9)
    return f"{task} done"


def test_worker_that_dies_is_its_files_failure_only():
    from dudao.workers import in_order

    items = ["a", "bad", "b", "c", "bad", "d"]
    found = list(in_order(_die_of, items, held=None, jobs=2, died=lambda item: f"{item} died"))
    assert found == ["a done", "bad died", "b done", "c done", "bad died", "d done"]


def test_tag_of_many_texts_equals_that_of_each(tagger):
    texts = [
        json.loads(line)["text"]
        for path in sorted((ROOT / "corpus/reports").glob("*.jsonl"))[:6]
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    paragraphs = ["".join(texts[at : at + 4]) for at in range(0, len(texts), 4)]
    together = tagger.tag(texts + paragraphs)
    for number, text in list(enumerate(texts + paragraphs))[::11]:
        (alone,) = tagger.tag([text])
        assert (alone.domains, alone.role, alone.uncertain, alone.primary) == (
            together[number].domains,
            together[number].role,
            together[number].uncertain,
            together[number].primary,
        )
        assert alone.scores == pytest.approx(together[number].scores, abs=1e-9)


def test_tag_equal_texts_are_tagged_once_and_keep_their_places(tagger, monkeypatch):
    texts = ["学校食堂明厨亮灶全覆盖。", "县财政教育投入逐年增长；教师工资按时发放。", "县财政教育投入逐年增长；"]
    order = [0, 1, 0, 2, 1, 0]
    seen: list[str] = []
    monkeypatch.setattr(
        "dudao.classifier.spans", lambda of, segmenter, real=spans: seen.extend(of) or real(of, segmenter)
    )
    tags = tagger.tag([texts[number] for number in order])
    assert sorted(seen) == sorted([texts[0], texts[2], "教师工资按时发放。"])  # the second text holds the third
    for tag, number in zip(tags, order, strict=True):
        alone = tagger.tag([texts[number]])[0]
        assert (tag.domains, tag.role, tag.uncertain) == (alone.domains, alone.role, alone.uncertain)
        assert tag.scores == pytest.approx(alone.scores, abs=1e-9)
    paths = [["一、经费投入"], []]
    under = tagger.tag([texts[2]] * 3, headings=[paths[0], paths[1], paths[0]])
    assert under[0] == under[2] != under[1]


def test_tag_score_is_the_one_of_all_scores(tagger):
    tag = tagger.tag(["县财政教育投入逐年增长；教师工资按时发放。"])[0]
    assert {domain: tag.score(domain) for domain in tag.scores} == tag.scores
    assert pickle.loads(pickle.dumps(tag)) == tag
