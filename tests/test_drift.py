from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from conftest import ROOT
from dudao import Tagger
from dudao.drift import Tally, count_words, judge_drift, warnings_of
from dudao.messages import chinese
from dudao.modelfiles import Reference, Spread
from dudao.taxonomy import load_taxonomy

OTHER_FIELDS = sorted((ROOT / "tests" / "data" / "other-fields").glob("*.txt"))
HELD_OUT = sorted((ROOT / "tests" / "data" / "heldout").glob("*.txt"))
# What cross-validation over the corpus of model 0.2.0 gave; later models carry their own figures.
USUAL = Reference(91, Spread(0.0986, 0.1408), Spread(0.0593, 0.1903), Spread(0.1053, 0.2766))


@pytest.fixture(scope="module")
def usual_tagger(tagger):
    return Tagger(tagger.classifier, tagger.model, tagger.reference or USUAL)


@pytest.mark.parametrize("path", OTHER_FIELDS, ids=lambda path: path.stem)
def test_report_of_another_field_is_told(usual_tagger, path):
    report = usual_tagger.tag_report(path)
    assert report.drift.beyond
    assert any("is this one?" in warning for warning in report.warnings)
    assert report.to_dict()["drift"]["beyond"] is True


@pytest.mark.parametrize("path", HELD_OUT, ids=lambda path: path.stem)
def test_report_of_the_field_is_not_told(usual_tagger, path):
    report = usual_tagger.tag_report(path)
    assert not report.drift.beyond
    assert not any("is this one?" in warning for warning in report.warnings)


def test_real_report_is_not_told(usual_tagger, shared_report):
    assert not usual_tagger.tag_report(shared_report).drift.beyond


def test_set_aside_reports_raise_few_false_alarms(usual_tagger):
    from dudao.corpus import load_corpus

    corpus = load_corpus(ROOT / "corpus", load_taxonomy(ROOT / "corpus" / "taxonomy.toml"))
    reports = sorted({record.report for record in corpus.held_out} & set(corpus.texts))
    told = [name for name in reports if usual_tagger.tag_report(corpus.texts[name].encode()).drift.beyond]
    assert len(reports) >= 8
    assert len(told) <= 1, told


def test_model_without_figures_gives_shares_and_judges_nothing(tagger):
    plain = Tagger(tagger.classifier, tagger.model)
    report = plain.tag_report(OTHER_FIELDS[0])
    assert report.drift.unknown.share > 0.2
    assert report.drift.unknown.bound is None
    assert not report.drift.beyond
    assert warnings_of(report.drift) == []


def test_several_reports_in_a_file_are_judged_each_by_itself(usual_tagger):
    first, second = (path.read_text(encoding="utf-8").strip() for path in (HELD_OUT[-1], OTHER_FIELDS[0]))
    second = second.replace("农业农村工作情况报告", "农业农村工作自查报告")
    whole = usual_tagger.tag_report(f"{first}\n\n{second}\n禾川县人民政府\n2022年12月20日\n".encode())
    assert [part.drift.beyond for part in whole.parts] == [False, True]
    assert whole.drift.words == sum(part.drift.words for part in whole.parts)
    assert whole.drift.units == sum(part.drift.units for part in whole.parts)


def nothing_known(found):
    import numpy as np

    return np.zeros(len(found.start), dtype=np.bool_)


def test_count_words_leaves_out_names_of_places_and_numerals(tagger):
    words, unknown = count_words(
        ["青槐县在青槐设站二十四处。", "秸秆还田。", "2021年ABC"], tagger.classifier.segmenter, nothing_known
    )
    assert not {"青槐县", "青槐", "二十四"} & set(unknown)
    assert "秸秆" in unknown
    assert words == unknown.total()


def test_judge_a_short_text_is_not_called_strange_for_a_few_words():
    usual = Reference(50, Spread(0.1, 0.15), Spread(0.1, 0.2), Spread(0.1, 0.2))

    def beyond(unknown, words):
        counted = Tally(words, 5, 5)
        counted.unknown["生词"] = unknown
        return judge_drift(counted, usual).unknown.beyond

    assert [beyond(8, 20), beyond(12, 60), beyond(20, 60), beyond(170, 1000), beyond(100, 1000)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_judge_few_clauses_are_never_too_uncertain():
    usual = Reference(50, Spread(0.1, 0.15), Spread(0.05, 0.1), Spread(0.05, 0.5))
    assert not judge_drift(Tally(100, 3, 3), usual).uncertain.beyond
    assert judge_drift(Tally(100, 30, 15), usual).uncertain.beyond
    assert not judge_drift(Tally(100, 30, 15), usual, alone=True).uncertain.beyond


def test_warnings_have_their_chinese():
    usual = Reference(50, Spread(0.1, 0.15), Spread(0.05, 0.1), Spread(0.05, 0.1))
    counted = Tally(100, 30, 20)
    counted.unknown["秸秆"] = 60
    said = warnings_of(judge_drift(counted, usual))
    assert len(said) == 2
    assert all("本领域" in chinese(each) and "60%" in said[0] for each in said)


def test_reference_survives_the_manifest():
    usual = Reference(50, Spread(0.1, 0.15), Spread(0.05, 0.1), Spread(0.05, 0.1))
    assert Reference.from_dict(json.loads(json.dumps(asdict(usual)))) == usual
    for broken in ({}, {**asdict(usual), "unknown": {"median": 0.1, "p95": float("nan")}}, []):
        with pytest.raises((KeyError, TypeError, ValueError)):
            Reference.from_dict(broken)


def test_loaded_model_has_the_figures_of_its_manifest(tagger):
    from dudao import store

    drift = store.resolve("current").manifest().get("drift")
    assert tagger.reference == (Reference.from_dict(drift) if drift else None)


def test_tally_adds_up_and_survives_json():
    first, second = Tally(10, 2, 1), Tally(5, 1, 0)
    first.unknown["甲词"], second.unknown["甲词"], second.unknown["乙词"] = 2, 1, 1
    first.add(Tally.from_dict(json.loads(json.dumps(second.to_dict()))))
    assert (first.words, first.units, first.uncertain) == (15, 3, 1)
    assert first.unknown == {"甲词": 3, "乙词": 1}


def test_new_terms_of_a_report_come_again_and_the_most_frequent_first(usual_tagger):
    terms = usual_tagger.tag_report(OTHER_FIELDS[0]).drift.new_terms
    assert terms
    assert all(count >= 2 for _, count in terms)
    assert [count for _, count in terms] == sorted((count for _, count in terms), reverse=True)


def test_share_to_dict_of_a_model_without_figures_has_nulls(tagger):
    entry = Tagger(tagger.classifier, tagger.model).tag_report(HELD_OUT[0]).to_dict()["drift"]
    assert entry["unknown"]["bound"] is None
    assert set(entry) == {"beyond", "words", "units", "unknown", "uncertain", "new_terms"}


def test_tag_tells_on_standard_error_where_a_table_has_no_place_for_it(usual_tagger, monkeypatch, capsys, tmp_path):
    from dudao.cli import run

    monkeypatch.setattr(Tagger, "load", classmethod(lambda cls, *args, **settings: usual_tagger))
    for to in ("csv", "json"):
        assert run(["tag", str(OTHER_FIELDS[0]), "--to", to, "-o", str(tmp_path / "out")]) == 0
        assert "agriculture.txt: " in capsys.readouterr().err
    assert run(["tag", str(HELD_OUT[0]), "--to", "csv", "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == ""
    assert run(["--lang", "zh", "tag", str(OTHER_FIELDS[0]), "--to", "terminal"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "这份文本属于本领域吗" in shown.out.replace("\n", "")
    assert "少有超过" in shown.out.replace("\n", "")


def test_batch_sums_up_the_whole_table(usual_tagger, tmp_path):
    from dudao.batch import run_batch

    told = {}
    for path in (OTHER_FIELDS[0], HELD_OUT[0]):
        source, out = tmp_path / f"{path.stem}.jsonl", tmp_path / f"{path.stem}.out.jsonl"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if len(line) > 20]
        source.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines), encoding="utf-8")
        summary = run_batch(source, out, usual_tagger)
        written = json.loads((tmp_path / f"{out.name}.summary.json").read_text(encoding="utf-8"))
        assert written["drift"] == summary.drift.to_dict()
        assert (written["rows"], written["model"]["version"]) == (len(lines), usual_tagger.model.version)
        told[path.stem] = written["drift"]["beyond"]
    assert list(told.values()) == [True, False]


def test_batch_drift_is_the_same_whatever_the_processes_and_after_a_stop(usual_tagger, tmp_path, monkeypatch):
    from dudao.batch import formats, run_batch

    monkeypatch.setattr(formats, "_PIECE_ROWS", 7)
    monkeypatch.setattr(formats, "_LOOKED_AT", 3)
    lines = [line for line in HELD_OUT[0].read_text(encoding="utf-8").splitlines() if len(line) > 20]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines), encoding="utf-8")
    whole = run_batch(source, tmp_path / "a.jsonl", usual_tagger).drift
    assert run_batch(source, tmp_path / "b.jsonl", usual_tagger, jobs=2).drift == whole
    with pytest.raises(ZeroDivisionError):
        run_batch(source, tmp_path / "c.jsonl", usual_tagger, progress=lambda state: 1 // (state.rows < 14))
    assert run_batch(source, tmp_path / "c.jsonl", usual_tagger).drift == whole
    assert whole.units == len(lines)
