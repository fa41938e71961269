"""Another field, agriculture, from its taxonomy file to tagged reports: nothing in the code names a domain."""

from __future__ import annotations

import json
import shutil

import pytest

from conftest import ROOT
from dudao import Tagger, TaxonomyError
from dudao.cli import run
from dudao.corpus import load_corpus, read_records
from dudao.evaluation import judge, macro_f1
from dudao.taxonomy import Taxonomy, load_taxonomy

FIELD = ROOT / "tests" / "data" / "agriculture"
REPORT, GOLD = FIELD / "report.txt", FIELD / "gold.jsonl"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A corpus without a taxonomy file of its own, and a model trained on it with ``--taxonomy``."""
    folder = tmp_path_factory.mktemp("agriculture")
    shutil.copytree(FIELD / "corpus", folder / "corpus")
    (folder / "corpus" / "taxonomy.toml").rename(folder / "own.toml")
    given = ["train", "--corpus", "corpus", "--taxonomy", "own.toml", "--models", "models", "--version", "1.0.0"]
    assert dudao(*(str(folder / word) if word in {"corpus", "own.toml", "models"} else word for word in given)) == 0
    return folder


@pytest.fixture(scope="module")
def model(folder):
    return folder / "models" / "1.0.0"


@pytest.fixture(scope="module")
def own(folder):
    return load_taxonomy(folder / "own.toml")


def dudao(*arguments):
    return run([str(each) for each in arguments])


def test_train_with_a_taxonomy_file_gives_a_model_of_its_labels(model, own):
    tagger = Tagger.load(model)
    assert tagger.taxonomy == own
    result = judge(tagger.classifier, list(read_records(GOLD, own)))
    assert macro_f1(result.gold, result.given) > 0.8  # 96 clauses learnt from, 12 asked


def test_tag_gives_domains_and_roles_of_the_other_field(model, own):
    report = Tagger.load(model).tag_report(REPORT)
    first = {each.clause.text: each.domains[0].id for paragraph in report.paragraphs for each in paragraph.clauses}
    assert first["水稻播种四十二万亩，亩产五百六十公斤；"] == "crops"
    assert first["秸秆离田九千吨，测土配方覆盖每个村，粪污送进沼气站。"] == "green"
    roles = [heading.role for heading in report.report.headings if heading.level == 1]
    assert roles == ["intro", "done", "gap", "plan"]
    assert list(report.coverage) == list(own.domain_ids)
    assert (report.report.issuer, report.report.year) == ("湖东县农业农村局", 2024)


def test_model_card_speaks_of_the_other_field(model):
    for name, said in (("MODEL_CARD.md", "agriculture"), ("MODEL_CARD.zh-CN.md", "县级农业农村工作总结")):
        card = (model / name).read_text(encoding="utf-8")
        assert said in card
        assert "履行教育职责" not in card


@pytest.mark.parametrize("command", ["check", "stats"])
def test_corpus_commands_take_the_taxonomy(command, folder, capsys):
    assert dudao("corpus", command, "--corpus", folder / "corpus", "--taxonomy", folder / "own.toml", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (
        found == []
        if command == "check"
        else set(found["domains"]) == set(load_taxonomy(folder / "own.toml").domain_ids)
    )


def test_corpus_without_a_taxonomy_says_how_to_give_one(folder, capsys):
    assert dudao("corpus", "check", "--corpus", folder / "corpus") == 1
    assert "--taxonomy FILE" in capsys.readouterr().err


def test_evaluate_with_the_models_own_labels(model, capsys):
    assert dudao("evaluate", GOLD, "--model", model, "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["domains"]) == {
        "crops", "livestock", "machinery", "market", "green", "overall",
    }  # fmt: skip


@pytest.mark.parametrize("to", ["doccano", "labelstudio", "csv"])
def test_labelling_tools_take_the_other_labels(to, folder, own, tmp_path):
    given = ["--corpus", folder / "corpus", "--taxonomy", folder / "own.toml"]
    for unit in ("clause", "report"):
        assert dudao("corpus", "export", "--to", to, "--unit", unit, "-o", tmp_path / "tasks", *given) == 0
        assert dudao("corpus", "import", tmp_path / "tasks", "-o", tmp_path / "back.jsonl", *given) == 0
        records = load_corpus(folder / "corpus", own).everything
        assert list(read_records(tmp_path / "back.jsonl", own)) == sorted(records, key=lambda record: record.report)


def test_reports_are_prelabelled_by_the_models_own_labels(model, tmp_path, capsys):
    given = ["--to", "jsonl", "--predict", REPORT, "--model", model, "-o", tmp_path / "a.jsonl"]
    assert dudao("corpus", "export", *given) == 0
    assert {record.role for record in read_records(tmp_path / "a.jsonl")} >= {"intro", "done", "gap", "plan"}


@pytest.mark.parametrize("to", ["terminal", "json", "jsonl", "csv"])
def test_every_output_of_tag_has_the_other_names(to, model, capsys):
    assert dudao("tag", REPORT, "--model", model, "--to", to) == 0
    said = capsys.readouterr().out
    assert "粮食与种植业" in said
    assert "学前教育" not in said


def test_page_workbook_and_comparison_have_the_other_names(model, own, tmp_path):
    from openpyxl import load_workbook

    assert dudao("tag", REPORT, "--model", model, "-o", tmp_path / "page.html", "--to", "html") == 0
    assert dudao("tag", REPORT, "--model", model, "-o", tmp_path / "book.xlsx", "--to", "xlsx") == 0
    assert dudao("compare", REPORT, "--model", model, "-o", tmp_path / "table.html") == 0
    assert dudao("compare", REPORT, "--model", model, "-o", tmp_path / "table.csv") == 0
    book = load_workbook(tmp_path / "book.xlsx", read_only=True)
    cells = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    book.close()
    texts = [(tmp_path / name).read_text(encoding="utf-8-sig") for name in ("page.html", "table.html", "table.csv")]
    for said in (*texts, "\n".join(cells)):
        assert all(domain.name in said for domain in own.domains)
        assert "学前教育" not in said
        assert "party_leadership" not in said


def test_ledger_sets_the_other_roles_beside_each_other(model):
    ledger = Tagger.load(model).tag_report(REPORT).ledger
    assert len(ledger.problems) == 3
    assert ledger.measures


def test_tag_with_other_names_and_cues_needs_no_training(folder, model, tmp_path, capsys):
    renamed = (folder / "own.toml").read_text(encoding="utf-8").replace("粮食与种植业", "种植")
    renamed = (
        renamed.replace("'来年', ", "")
        .replace("'打算'", "'不存在的'")
        .replace("'主要工作', ", "'主要工作', '来年打算', ")
    )
    (tmp_path / "renamed.toml").write_text(renamed, encoding="utf-8")
    assert dudao("tag", REPORT, "--model", model, "--taxonomy", tmp_path / "renamed.toml") == 0
    found = json.loads(capsys.readouterr().out)
    assert {"id": "crops", "name": "种植"}.items() <= found["paragraphs"][3]["domains"][0].items()
    assert [heading["role"] for heading in found["headings"] if heading["level"] == 1] == [
        "intro",
        "done",
        "gap",
        "done",
    ]
    assert dudao("evaluate", GOLD, "--model", model, "--taxonomy", tmp_path / "renamed.toml") == 0
    assert "种植" in capsys.readouterr().out


def test_taxonomy_of_other_domains_than_the_models_is_refused(model, taxonomy):
    with pytest.raises(TaxonomyError, match="trained on other domains"):
        Tagger.load(model, taxonomy=taxonomy)


def test_taxonomy_without_roles_is_enough_for_domains(folder, own, tmp_path):
    from dudao.training import save, train

    text = (folder / "own.toml").read_text(encoding="utf-8")
    bare = text[text.index("[[domain]]") : text.index("[[role]]")]
    file = tmp_path / "bare.toml"
    file.write_text(f'version = "1"\n{bare}', encoding="utf-8")
    (tmp_path / "reports").mkdir()
    for path in sorted((folder / "corpus" / "reports").glob("*.jsonl")):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        stripped = [json.dumps({key: each[key] for key in ("text", "domains", "report")}) for each in lines]
        (tmp_path / "reports" / path.name).write_text("\n".join(stripped), encoding="utf-8")
    labels = load_taxonomy(file)
    trained = train(load_corpus(tmp_path, labels), labels, file.read_bytes(), version="1.0.0")
    report = Tagger.load(save(trained, tmp_path / "models")).tag_report(REPORT)
    assert {clause.clause.role for paragraph in report.paragraphs for clause in paragraph.clauses} == {""}
    assert sum(each.clauses for each in report.coverage.values()) >= 12


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("id = \"crops\"", 'id = "a,b"'), "not a label"),
        (("id = \"crops\"", 'id = "green"'), "ids given twice: green"),
        (("name = \"粮食与种植业\"", 'name = " "'), "not a label"),
        (("cues = ['短板'", "cues = ['(短板'"), "no regular expression"),
        (("'存在的问题', '短板'", "'', '短板'"), "fits everything"),
        (("default_role = \"done\"", 'default_role = "nobody"'), "unknown role"),
        (("version = \"nong-1\"", ""), "not a taxonomy file"),
        (("[[domain]]", "[[domain"), "not a taxonomy file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_malformed_taxonomy_names_the_fault(change, what, folder, tmp_path):
    text = (folder / "own.toml").read_text(encoding="utf-8")
    if what == "no regular expression":
        change = ("'存在的问题', '短板'", "'(短板'")
    assert change[0] in text
    file = tmp_path / "bad.toml"
    file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(TaxonomyError, match=what) as caught:
        load_taxonomy(file)
    assert "bad.toml" in str(caught.value)


def test_every_example_of_a_taxonomy_reads():
    assert isinstance(load_taxonomy(), Taxonomy)
