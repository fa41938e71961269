from __future__ import annotations

import json

import pytest

from dudao import CorpusError, ModelError, Tagger, modelfiles, places, store
from dudao.classifier import Classifier
from dudao.cli import run
from dudao.corpus import load_corpus, read_records
from dudao.corrections import add, examine
from dudao.document import ModelInfo
from dudao.taxonomy import load_taxonomy
from test_training import small_corpus

CLAUSE = "今年水稻插秧第0批完成0项。"  # of the small corpus, labelled crops


def line(text="秧苗返青良好。", domains=("crops",), **more):
    return {"text": text, "domains": list(domains), **more}


@pytest.fixture
def folder(tmp_path):
    return small_corpus(tmp_path / "corpus")


@pytest.fixture
def mend(folder, tmp_path):
    """Write lines to a file and examine them."""

    def run(*lines, replace=False):
        path = tmp_path / "corrections.jsonl"
        texts = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in lines]
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        taxonomy = load_taxonomy(folder / "taxonomy.toml")
        return examine([path], load_corpus(folder, taxonomy), taxonomy, replace=replace)

    return run


def reloaded(folder):
    return load_corpus(folder, load_taxonomy(folder / "taxonomy.toml"))


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("{", "not a labelled record"),
        ("[]", "not a labelled record"),
        (line(domains=["nothing"]), "unknown domain: nothing"),
        (line(domains=[]), "0 domains"),
        (line(domains=["crops", "crops"]), "given twice"),
        (line(domains=["other", "crops"]), "stands alone"),
        (line(domains="crops"), "unknown domain"),
        (line(role="nobody"), "unknown role: nobody"),
        (line(text=" "), "text is empty"),
        (line(text=7), "text is empty"),
        (line(section="一"), "section is no list"),
        (line(paragraph="3"), "paragraph is no number"),
        ('{"text": "半\\ud800字", "domains": ["crops"]}', "half a character"),
        (line(text="坏\ufffd字"), "replacement character"),
        (line(CLAUSE, ["animals"]), "conflict: 0/0/crops has crops"),
        (line(CLAUSE, ["crops"]), "duplicate: 0/0/crops says the same"),
        ("[" * 100_000, "not a labelled record"),
    ],
)
def test_examine_bad_line_is_named_with_its_number(bad, what, mend):
    found = mend(line("好苗一。", id="a/1"), bad, line("好苗二。", id="a/2"))
    assert [problem.where.rpartition(":")[2] for problem in found.problems] == ["2"]
    assert what in found.problems[0].what


def test_examine_lines_that_contradict_or_repeat_each_other(mend):
    found = mend(
        line(id="a/1"),
        line(id="a/1"),
        line(domains=["animals"], id="a/2"),
        line("另一句。"),
        line("另一句。"),
        line(id="a/3"),
    )
    assert [problem.where.rpartition(":")[2] for problem in found.problems] == ["2", "3", "5"]
    assert "duplicate: id a/1" in found.problems[0].what
    assert "corrections.jsonl:1 gives the same clause crops" in found.problems[1].what
    assert "duplicate: the same as" in found.problems[2].what


def test_add_nothing_where_a_line_is_wrong(mend, folder):
    with pytest.raises(CorpusError, match="unknown domain"):
        add(mend(line("好苗。"), line(domains=["nothing"])), folder / "corrections")
    assert not (folder / "corrections").exists()


def test_add_records_count_in_the_corpus_and_a_second_time_are_duplicates(mend, folder):
    new = line(id="x/001/00", report="x", section=["一、"], paragraph=1, role="text", model={"version": "1"}, junk=1)
    before = reloaded(folder)
    path = add(mend(new, line("没有编号。")), folder / "corrections")
    after = reloaded(folder)
    assert len(after.records) == len(before.records) + 2
    assert after.digest != before.digest
    assert [record.text for record in after.records if record.corrected] == [new["text"], "没有编号。"]
    assert len({record.id for record in after.records}) == len(after.records)
    stored = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    assert stored["model"] == {"version": "1"}
    assert "junk" not in stored
    again = mend(new)
    assert "duplicate: x/001/00 says the same already" in again.problems[0].what
    assert mend(new, replace=True).known == 1


def test_add_replace_lets_the_correction_take_the_place_of_the_labels(mend, folder):
    path = add(mend(line(CLAUSE, ["animals"]), replace=True), folder / "corrections")
    after = reloaded(folder)
    held = [record for record in after.records if record.text == CLAUSE]
    assert [(record.domains, record.id, record.corrected) for record in held] == [(("animals",), "0/0/crops", True)]
    add(mend(line(CLAUSE, ["other"]), replace=True), folder / "corrections")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1
    assert [record.domains for record in reloaded(folder).records if record.text == CLAUSE] == [("other",)]


def test_examine_a_clause_of_a_report_set_aside_is_refused(mend, folder):
    (folder / "reports.csv").write_text("id,split\nr0,test\n", encoding="utf-8")
    for replace in (False, True):
        found = mend(line(CLAUSE, ["animals"]), replace=replace)
        assert "set aside" in found.problems[0].what


def test_add_one_clause_under_several_headings_keeps_each_with_its_role(mend, folder):
    first = line(id="x/1", report="x", section=["一、情况"], role="text")
    found = mend(first, line(id="x/2", report="x", section=["二、打算"], role=None), line(id="y/1", section=["三、"]))
    assert not found.problems
    add(found, folder / "corrections")
    kept = [record for record in reloaded(folder).records if record.corrected]
    assert [record.section for record in kept] == [("一、情况",), ("二、打算",), ("三、",)]


def test_examine_a_report_set_aside_is_refused_whatever_the_clause(mend, folder):
    (folder / "reports.csv").write_text("id,split\nr0,test\n", encoding="utf-8")
    assert "set aside" in mend(line(report="r0")).problems[0].what


def test_examine_an_id_that_another_text_has_is_changed(mend):
    (record, _), *_ = mend(line("别的句子。", id="0/0/crops")).entries
    assert record.id == "0/0/crops-2"


def test_read_records_line_separators_inside_a_text_end_no_line(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(line("甲\u2028乙\x85丙"), ensure_ascii=False).encode() + b"\r\n")
    assert [record.text for record in read_records(path)] == ["甲\u2028乙\x85丙"]


def test_corpus_add_command_reports_every_line_and_adds_nothing(folder, tmp_path, capsys):
    path = tmp_path / "c.jsonl"
    path.write_text("\n".join(map(json.dumps, (line("好苗。"), line(domains=["x"]), line(role="y")))), encoding="utf-8")
    assert run(["corpus", "add", str(path), "--corpus", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "c.jsonl:2: unknown domain: x" in said
    assert "c.jsonl:3: unknown role: y" in said
    assert not (folder / "corrections").exists()
    assert run(["--lang", "zh", "corpus", "add", str(path), "--corpus", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "c.jsonl:2：未知领域：x" in said
    assert "一行也没有加入" in said


def test_corpus_add_command_goes_to_the_home_and_counts_with_the_package_s_corpus(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path / "home"))
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(line("塘边安了护栏。", ["safety"]), ensure_ascii=False), encoding="utf-8")
    assert run(["--lang", "en", "corpus", "add", str(path)]) == 0
    assert "1 corrections added" in capsys.readouterr().err
    assert (tmp_path / "home" / "corpus" / "corrections" / "corrections.jsonl").is_file()
    taxonomy = load_taxonomy()
    loaded = load_corpus(places.corpus_root(), taxonomy, corrections=places.corrections_root())
    assert [record.text for record in loaded.records if record.corrected] == ["塘边安了护栏。"]


@pytest.mark.slow
def test_train_corrected_clauses_come_out_as_corrected(mend, folder):
    from dudao.training import train

    odd = "生猪出栏超额完成。"
    entry = line(odd, ["crops", "animals"], report="x", section=["一、情况"], paragraph=1, role="text")
    add(mend(entry), folder / "corrections")
    taxonomy_file = (folder / "taxonomy.toml").read_bytes()
    trained = train(reloaded(folder), load_taxonomy(folder / "taxonomy.toml"), taxonomy_file, version="1.0.0", seed=3)
    assert odd not in trained.files["classifier.json"].decode()
    tagger = Tagger(Classifier.from_files(trained.files, where="x"), ModelInfo("1.0.0", "t", ""))
    assert set(tagger.tag([odd])[0].domains) == {"crops", "animals"}
    report = tagger.tag_report(f"一、情况\n今年水稻插秧完成。{odd}\n".encode(), name="a.txt")
    assert [domain.id for domain in report.paragraphs[0].clauses[1].domains] == ["crops", "animals"]


def released(mended):
    """The released model's files, with those mended clauses in them."""
    folder = store.resolve("0.2.0").path
    files = {name: (folder / name).read_bytes() for name in modelfiles.FILES}
    return {**files, "classifier.json": json.dumps({**json.loads(files["classifier.json"]), "mended": mended}).encode()}


def test_tag_report_what_people_decided_stands_where_they_decided_it():
    clause = "教师工资按月足额发放，没有拖欠。"
    decided = {"domains": ["safety", "teachers", "preschool"], "role": "problem"}
    key = modelfiles.clause_key(["一、自查情况"], clause)
    tagger = Tagger(Classifier.from_files(released({key: decided}), where="x"), ModelInfo("0", "1", ""))
    report = tagger.tag_report(f"一、自查情况\n食堂检查到位。{clause}\n二、工作成效\n{clause}\n".encode(), name="a.txt")
    mended, elsewhere = (part.clauses[-1] for part in report.paragraphs)
    assert [domain.id for domain in mended.domains] == decided["domains"]
    assert mended.clause.role == report.to_dict()["paragraphs"][0]["clauses"][1]["role"] == "problem"
    assert not mended.uncertain
    scores = [domain.score for domain in mended.domains]
    assert scores == sorted(scores, reverse=True)
    assert elsewhere.domains[0].id != "safety"
    assert elsewhere.clause.role != "problem"


def test_settings_without_corrections_are_written_as_ever():
    settings = modelfiles.read_settings(released({})["classifier.json"], where="x")
    assert "mended" not in settings.to_dict()


@pytest.mark.parametrize(
    "entry",
    [
        {"domains": ["nothing"], "role": ""},
        {"domains": [], "role": ""},
        {"domains": ["safety"], "role": "nobody"},
        {"domains": 3, "role": ""},
        {},
        [],
    ],
)
def test_parse_a_model_whose_mended_clauses_have_other_labels_is_refused(entry):
    for mended in ({"k": entry}, [entry], "k"):
        with pytest.raises(ModelError):
            modelfiles.parse(released(mended), where="x")
