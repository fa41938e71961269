from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest

from conftest import ROOT
from dudao import Tagger
from dudao.cli import run
from dudao.corpus import Record, read_records
from dudao.document import Document, DomainScore
from dudao.errors import DudaoError
from dudao.evaluation import Judged, macro_f1, paired
from dudao.language import translator
from dudao.modeldiff import diff_models, paired_metrics
from dudao.render.diff_html import page
from dudao.render.diff_table import write_changes, write_domains

HELD_OUT = ROOT / "tests" / "data" / "heldout"
REPORT = HELD_OUT / "musong-2022.txt"
GOLD = HELD_OUT / "musong-2022.jsonl"
HOSTILE = (
    """一、自查情况
=HYPERLINK("http://x")教师工资按月足额发放。
<script>alert(1)</script><img src=x onerror=alert(2)>学校食堂实行明厨亮灶，\u202e反向文字\u202c，😀𠮷。
@SUM(A1)[/red]县里投入经费五百万元新建幼儿园两所，增加学位六百个。
"""
    + "学校" * 40_000
)


@pytest.fixture(scope="module")
def taggers():
    return Tagger.load("0.1.0"), Tagger.load("0.2.0")


@pytest.fixture(scope="module")
def difference(taggers):
    documents = [Document(path.read_text(encoding="utf-8"), path.name) for path in sorted(HELD_OUT.glob("*.txt"))]
    return diff_models(*taggers, documents, metrics=paired_metrics(*taggers, list(read_records(GOLD))))


def test_diff_same_model_changes_nothing(taggers):
    found = diff_models(taggers[1], taggers[1], [Document(REPORT.read_text(encoding="utf-8"), "a")])
    assert (found.changes, found.share, found.unmatched) == ((), 0.0, 0)
    assert found.clauses > 100


def test_diff_lists_exactly_the_clauses_whose_domains_differ(taggers, difference):
    expected = []
    for path in sorted(HELD_OUT.glob("*.txt")):
        first, second = (each.tag_report(path) for each in taggers)
        for before, after in zip(first.paragraphs, second.paragraphs, strict=True):
            for was, now in zip(before.clauses, after.clauses, strict=True):
                ids = [[domain.id for domain in each.domains] for each in (was, now)]
                if set(ids[0]) != set(ids[1]) or ids[0][0] != ids[1][0]:
                    expected.append((path.name, was.clause.start, *map(tuple, ids)))
    found = [
        (each.source, each.start, tuple(d.id for d in each.before), tuple(d.id for d in each.after))
        for each in difference.changes
    ]
    assert found == expected
    assert found


def test_diff_counts_by_domain_report_and_move_agree_with_its_clauses(difference):
    for each in difference.domains:
        gained = sum(each.id in _ids(change.after) - _ids(change.before) for change in difference.changes)
        lost = sum(each.id in _ids(change.before) - _ids(change.after) for change in difference.changes)
        assert (each.gained, each.lost) == (gained, lost)
        assert each.after - each.before == gained - lost
    assert sum(each.changed for each in difference.reports) == len(difference.changes)
    assert sum(count for *_, count in difference.moves) == sum(each.first_changed for each in difference.changes)


def _ids(domains: tuple[DomainScore, ...]) -> set[str]:
    return {each.id for each in domains}


def result(given, gold, reports):
    scores = np.where(given, 0.9, 0.1)
    nothing = np.zeros_like(gold)
    return Judged(("a", "b"), gold, nothing, given, scores, given.argmax(axis=1), nothing[:, 0], reports)


def test_paired_differences_are_those_of_plain_definitions():
    random = np.random.default_rng(1)
    gold = np.eye(2, dtype=bool)[random.integers(0, 2, 60)]
    good, bad = gold.copy(), gold.copy()
    bad[::3] = ~bad[::3]
    reports = tuple(f"r{number // 10}" for number in range(60))
    found = paired(result(bad, gold, reports), result(good, gold, reports))
    assert found["macro_f1"]["before"] == pytest.approx(macro_f1(gold, bad), abs=1e-4)
    assert found["macro_f1"]["difference"] == pytest.approx(1 - macro_f1(gold, bad), abs=1e-4)
    low, high = found["macro_f1"]["interval"]
    assert 0 < low <= found["macro_f1"]["difference"] <= high
    assert (found["only_before"], found["only_after"]) == (0, 20)
    assert found["exact_match"]["difference"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["domains"]["a"]["after"] == 1.0


def test_paired_same_result_has_no_difference():
    gold = np.eye(2, dtype=bool)[[0, 1, 0, 1]]
    same = result(gold, gold, ("r", "r", "s", "s"))
    assert paired(same, same)["macro_f1"] == {"before": 1.0, "after": 1.0, "difference": 0.0, "interval": [0.0, 0.0]}
    with pytest.raises(ValueError, match="not of the same records"):
        paired(same, result(gold, gold, ("r", "r", "s", "t")))


def test_paired_metrics_of_models_with_other_labels_are_refused(taggers, monkeypatch):
    monkeypatch.setattr(taggers[0].classifier, "labels", ("other",))
    with pytest.raises(DudaoError, match="different labels"):
        paired_metrics(*taggers, [Record("学校。", ("safety",))])


@pytest.fixture(scope="module")
def hostile(taggers):
    class Other:
        """A model that gives every clause the last domain."""

        taxonomy, model = taggers[1].taxonomy, taggers[1].model

        def tag_outline(self, report):
            from dataclasses import replace

            last = self.taxonomy.domains[-2]
            tagged = taggers[1].tag_outline(report)
            return replace(
                tagged,
                paragraphs=tuple(
                    replace(
                        part,
                        clauses=tuple(
                            replace(each, domains=(DomainScore(last.id, last.name, 0.5),)) for each in part.clauses
                        ),
                    )
                    for part in tagged.paragraphs
                ),
            )

    return diff_models(taggers[1], Other(), [Document(HOSTILE + "\ud800", '=<b>"x".txt')])


def test_page_of_hostile_text_runs_and_loads_nothing(hostile):
    html = page(hostile, t=translator("zh"))
    html.encode("utf-8")
    assert "<script" not in html
    assert "onerror=alert(2)&gt;" in html
    assert "default-src 'none'" in html
    assert not re.findall(r"""(?:src|href)\s*=\s*["']""", html)
    assert "&lt;script&gt;" in html


def test_page_style_is_the_one_that_its_policy_allows(difference):
    import base64
    import hashlib

    html = page(difference, t=translator("en"))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in html
    assert " style=" not in html


def test_table_of_hostile_text_holds_no_formula(hostile):
    file = io.StringIO()
    write_changes(hostile, file)
    csv.field_size_limit(1_000_000)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert rows
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert any(row["text"].startswith("'=HYPERLINK") for row in rows)


def test_table_by_domain_has_every_domain_with_both_figures(difference, taxonomy):
    file = io.StringIO()
    write_domains(difference, file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["domain"] for row in rows] == list(taxonomy.domain_ids)
    assert float(rows[0]["f1_after"]) > 0.5


@pytest.mark.parametrize(("bound", "status"), [("0", 1), ("1", 0)])
def test_diff_command_exit_status_follows_the_bound(bound, status, capsys):
    arguments = ["models", "diff", "0.1.0", "0.2.0", str(REPORT), "--gold", str(GOLD), "--fail-above", bound]
    assert run([*arguments, "--to", "json"]) == status
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "dudao.diff/1"
    assert data["metrics"]["clauses"] == 130
    assert data["changed"] == len(data["changes"])


@pytest.mark.parametrize("to", ["terminal", "csv", "html", "json"])
def test_diff_command_same_version_is_0_in_every_form(to, tmp_path):
    gold, out = tmp_path / "gold.jsonl", tmp_path / "out"
    gold.write_text('{"text": "教师工资按月发放。", "domains": ["teachers"]}\n', encoding="utf-8")
    arguments = ["models", "diff", "0.2.0", "0.2.0", str(REPORT), "--gold", str(gold), "--to", to, "-o", str(out)]
    assert run(arguments) == 0
    assert out.stat().st_size > 100
    if to == "csv":
        assert out.read_bytes().startswith(b"\xef\xbb\xbf")
        assert len(list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"))))) == 1


def test_diff_command_without_reports_or_gold_takes_those_set_aside(capsys):
    assert run(["models", "diff", "0.1.0", "0.2.0", "--to", "json", "--fail-above", "1"]) == 0
    data = json.loads(capsys.readouterr().out)
    rows = csv.DictReader(io.StringIO((ROOT / "corpus" / "reports.csv").read_text(encoding="utf-8")))
    assert len(data["reports"]) == data["metrics"]["reports"] == sum(row["split"] == "test" for row in rows) >= 10
    assert any("may have learnt" in note for note in data["notes"])


def test_diff_command_failures_are_named_and_end_in_1(tmp_path, capsys):
    arguments = ["models", "diff", "0.2.0", "0.2.0", "--gold", str(GOLD)]
    (tmp_path / "title.txt").write_text("云岫县2021年履行教育职责自评报告\n", encoding="utf-8")
    assert run([*arguments, str(tmp_path / "gone.txt"), str(REPORT), str(tmp_path / "title.txt")]) == 1
    shown = capsys.readouterr()
    assert "gone.txt" in shown.err
    assert "title.txt: no paragraph" in shown.err
    assert "clauses in 1 reports" in shown.out
    (tmp_path / "none").mkdir()
    assert run([*arguments, str(tmp_path / "none")]) == 1
    assert run(["models", "diff", "0.2.0", "9.9.9", str(REPORT)]) == 1
    assert run(["models", "diff", "0.2.0"]) == 2
    assert run([*arguments, str(REPORT), "--fail-above", "7"]) == 2


def test_diff_command_terminal_is_in_the_asked_language(capsys):
    assert run(["--lang", "zh", "models", "diff", "0.1.0", "0.2.0", str(REPORT), "--gold", str(GOLD)]) == 1
    shown = capsys.readouterr().out
    assert "宏平均 F1" in shown
    assert "首位领域的去向" in shown
