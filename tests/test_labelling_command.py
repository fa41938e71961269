from __future__ import annotations

import json

import pytest

from conftest import ROOT
from dudao.cli import run
from dudao.corpus import read_records


def dudao(*arguments):
    return run([str(each) for each in arguments])


@pytest.mark.parametrize("to", ["doccano", "labelstudio", "csv", "jsonl"])
def test_export_and_import_of_one_report_give_its_file(to, tmp_path, taxonomy):
    assert dudao("corpus", "export", "--to", to, "--report", "boxi-2024", "-o", tmp_path / "tasks") == 0
    assert dudao("corpus", "import", tmp_path / "tasks", "-o", tmp_path / "back.jsonl") == 0
    wanted = list(read_records(ROOT / "corpus" / "reports" / "boxi-2024.jsonl", taxonomy))
    assert list(read_records(tmp_path / "back.jsonl", taxonomy)) == wanted


def test_export_of_reports_names_the_one_that_fails_and_writes_the_others(sample, tmp_path, capsys):
    (tmp_path / "in" / "b").mkdir(parents=True)
    for name in ("a.txt", "b/a.txt"):
        (tmp_path / "in" / name).write_bytes(sample.read_bytes())
    (tmp_path / "in" / "empty.txt").write_bytes(b"")
    out = tmp_path / "tasks.json"
    assert dudao("corpus", "export", "--to", "labelstudio", "--unit", "report", "-o", out, tmp_path / "in") == 1
    tasks = json.loads(out.read_text(encoding="utf-8"))
    assert [task["data"]["uid"] for task in tasks] == ["a", "a-2"]
    assert all("annotations" not in task for task in tasks)
    assert "empty.txt" in capsys.readouterr().err


def test_export_of_the_corpus_with_a_model_puts_predictions_beside_labels(tmp_path):
    given = ["--to", "labelstudio", "--report", "qipu-2021", "--model", "current"]  # set aside: not all is sure
    assert dudao("corpus", "export", *given, "-o", tmp_path / "all.json") == 0
    assert dudao("corpus", "export", *given, "--uncertain", "-o", tmp_path / "some.json") == 0
    every, some = (json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in ("all.json", "some.json"))
    assert all(task["annotations"] and task["predictions"] for task in every)
    assert some
    assert [task["data"]["uid"] for task in some] == [
        task["data"]["uid"] for task in every if task["data"]["uncertain"]
    ]


def test_import_names_bad_tasks_counts_bare_ones_and_keeps_the_rest(tmp_path, capsys):
    lines = [
        {"id": 1, "text": "食堂抽检。", "label": ["safety"], "uid": "a/1"},
        {"id": 2, "text": "经费到位。", "label": ["money"], "uid": "a/2"},
        {"id": 3, "text": "还没有标。", "label": [], "uid": "a/3"},
    ]
    file = tmp_path / "admin.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert dudao("corpus", "import", file, "--lang", "zh") == 1
    said = capsys.readouterr()
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == ["a/1"]
    assert "a/2" in said.err
    assert "未知标签：money" in said.err
    assert "1 个没有领域标签的任务未导入" in said.err


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        (["export"], 2, "--to"),
        (["export", "--to", "csv", "--report", "nobody"], 1, "no such report: nobody"),
        (["export", "--to", "csv", "--uncertain"], 2, "--uncertain needs --model"),
        (["export", "--to", "csv", "--report", "boxi-2024", "x.txt"], 2, "without reports"),
        (["import", "/nowhere/at/all.json"], 1, "No such file"),
        (["import", str(ROOT / "README.md")], 1, "no column"),
        (["labels"], 2, "--to"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_says_what(arguments, status, what, capsys):
    assert dudao("corpus", *arguments) == status
    assert what in capsys.readouterr().err


def test_labels_prints_what_a_project_needs(capsys):
    assert dudao("corpus", "labels", "--to", "doccano") == 0
    assert json.loads(capsys.readouterr().out)[0]["text"] == "party_leadership 党的领导与党建"
    assert dudao("corpus", "labels", "--to", "Label-Studio", "--unit", "report") == 0
    assert '<Label value="party_leadership"' in capsys.readouterr().out
