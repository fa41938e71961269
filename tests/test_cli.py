from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from conftest import ROOT

COMMANDS = ["tag", "inspect", "train", "evaluate", "corpus", "models", "compare"]


def dudao(*arguments, stdin=b"", **environment):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        [sys.executable, "-c", "from dudao.cli import main; main()", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=env,
        cwd=ROOT,
        check=False,
    )


def test_tag_json_prints_one_object(sample):
    run = dudao("tag", sample)
    assert (run.returncode, run.stderr) == (0, b"")
    assert json.loads(run.stdout)["schema"] == "dudao.report/1"


def test_tag_standard_input(sample):
    run = dudao("tag", "-", "--to", "json", stdin=sample.read_bytes())
    assert json.loads(run.stdout)["source"] == "<stdin>"


def test_tag_folder_with_a_bad_file_does_the_others(sample, tmp_path):
    (tmp_path / "a.txt").write_bytes(sample.read_bytes())
    (tmp_path / "b.txt").write_bytes(b"")
    (tmp_path / "c.txt").write_bytes(sample.read_bytes())
    for jobs in ("1", "2"):
        run = dudao("tag", tmp_path, "--jobs", jobs)
        lines = [json.loads(line) for line in run.stdout.decode().splitlines()]
        assert [line["schema"] for line in lines] == ["dudao.report/1", "dudao.error/1", "dudao.report/1"]
        assert lines[1]["source"].endswith("b.txt")
        assert run.returncode == 1
        assert b"b.txt" in run.stderr


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"", b"empty"), (bytes(range(256)) * 50, b"binary"), (b"\n\n", b"empty"), (None, b"no such file")],
    ids=["empty", "binary", "blank", "missing"],
)
def test_tag_unusable_file_ends_in_a_message_and_1(data, what, tmp_path):
    path = tmp_path / "report.txt"
    if data is not None:
        path.write_bytes(data)
    run = dudao("tag", path)
    assert run.returncode == 1
    assert what in run.stderr
    assert b"report.txt" in run.stderr
    assert b"Traceback" not in run.stderr


def test_tag_empty_folder_is_told(tmp_path):
    run = dudao("tag", tmp_path)
    assert run.returncode == 1
    assert b"no report in the folder" in run.stderr


def test_tag_without_headings_still_tags(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(
        "今年全县教育支出比上年增长百分之六，教师工资按月发放。\n校园安全形势平稳，没有发生责任事故。\n",
        encoding="utf-8",
    )
    data = json.loads(dudao("tag", path).stdout)
    assert [paragraph["kind"] for paragraph in data["paragraphs"]] == ["text", "text"]
    assert any("no heading" in warning for warning in data["warnings"])


def test_tag_csv_is_safe_for_spreadsheets(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text('一、基本情况\n=cmd()全县有学校20所,学生"9000"名。\n', encoding="utf-8")
    out = tmp_path / "out.csv"
    assert dudao("tag", path, "--to", "csv", "-o", out).returncode == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert rows[0]["text"].startswith("'=cmd()")
    assert rows[0]["role"] == "overview"
    paragraph_rows = list(
        csv.DictReader(io.StringIO(dudao("tag", path, "--to", "csv", "--unit", "paragraph").stdout.decode()))
    )
    assert len(paragraph_rows) == 1


def test_tag_xlsx_of_one_report_is_a_file(sample, tmp_path):
    import openpyxl

    out = tmp_path / "报告.xlsx"
    run = dudao("tag", sample, "-o", out, "--scheme", "plan-2019", "--thin", "2")
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["段落", "分句", "覆盖情况", "问题与措施"]
    assert book["覆盖情况"]["A2"].value == "全面加强党对教育工作的领导和教育系统党的建设"


@pytest.mark.parametrize(
    ("name", "begins"), [("a.CSV", b"\xef\xbb\xbfsource,"), ("a.jsonl", b'{"schema"'), ("a.txt", b"{\n")]
)
def test_tag_without_to_writes_what_the_file_s_name_says(name, begins, sample, tmp_path):
    assert dudao("tag", sample, "-o", tmp_path / name).returncode == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_tag_xlsx_of_several_reports_goes_into_a_folder(sample, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("甲县.txt", "乙县.txt"):
        (tmp_path / "in" / name).write_bytes(sample.read_bytes())
    (tmp_path / "in" / "丙县.txt").write_bytes(b"")
    run = dudao("tag", tmp_path / "in", "--to", "xlsx", "-o", tmp_path / "out")
    assert run.returncode == 1
    assert "丙县.txt" in run.stderr.decode()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["乙县.xlsx", "甲县.xlsx"]
    assert dudao("tag", sample, "--to", "xlsx", "-o", tmp_path / "out").returncode == 0
    assert (tmp_path / "out" / "sample-report.xlsx").is_file()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("to", ["csv", "xlsx"])
def test_tag_onto_a_full_disk_ends_in_a_message(to, sample):
    run = dudao("tag", sample, "--to", to, "-o", "/dev/full")
    assert run.returncode == 1
    assert b"cannot be written" in run.stderr
    assert b"Traceback" not in run.stderr
    assert b"unexpected" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "xlsx"], b"-o FILE.xlsx"),
        (["--to", "csv", "--scheme", "plan-2019"], b"do nothing for csv"),
        (["--to", "json", "--thin", "0"], b"--thin"),
    ],
)
def test_tag_wrong_use_of_workbook_and_scheme_is_2(arguments, said, sample):
    run = dudao("tag", sample, *arguments)
    assert run.returncode == 2
    assert said in run.stderr


def test_tag_unknown_scheme_is_told_before_anything_is_written(sample, tmp_path):
    run = dudao("tag", sample, "--to", "xlsx", "-o", tmp_path / "out", "--scheme", "plan-1999")
    assert run.returncode == 1
    assert b"no such scheme" in run.stderr
    assert b"plan-2019" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_tag_json_has_the_ledger_and_the_scheme_that_is_asked_for(sample):
    plain = json.loads(dudao("tag", sample, "--to", "json").stdout)
    held = json.loads(dudao("tag", sample, "--to", "json", "--scheme", "method-2017", "--thin", "20").stdout)
    assert held.pop("scheme")["items"][0]["state"] in {"present", "thin"}
    assert held == plain
    assert set(plain["ledger"]) >= {"problems", "measures", "problems_without_measure", "measures_without_problem"}


def test_tag_terminal_tells_each_item_of_a_scheme_and_counts_the_ledger(sample):
    run = dudao("--lang", "zh", "tag", sample, "--to", "terminal", "--scheme", "focus-2020", COLUMNS="100")
    shown = run.stdout.decode()
    assert "公开的六个重点事项" in shown
    assert "问题台账：问题" in shown
    for item in ("党的建设", "教育经费投入", "高校毕业生就业"):
        assert item in shown


def test_tag_of_hostile_text_sends_no_control_to_the_terminal(tmp_path):
    path = tmp_path / "a.txt"
    lines = [
        "一、自查情况",
        "[/red]教师工资\u202e按月发放。",
        "教师\u2066培训\x1b[2J到位。",
        "教师工资按月发放，" * 12_000,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    run = dudao("tag", path, "--to", "terminal", COLUMNS="100")
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.decode()) & {"\x1b", "\u202e", "\u2066"}
    assert "[/red]" in run.stdout.decode()


def test_tag_output_is_replaced_as_a_whole_or_not_at_all(sample, tmp_path):
    out = tmp_path / "out.json"
    out.write_text("old", encoding="utf-8")
    assert dudao("tag", tmp_path / "gone.txt", "-o", out).returncode == 1
    assert out.read_text(encoding="utf-8") == "old"
    assert dudao("tag", sample, "-o", out).returncode == 0
    assert json.loads(out.read_text(encoding="utf-8"))["schema"] == "dudao.report/1"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    run = dudao("tag", sample, "-o", tmp_path / "no" / "out.json")
    assert run.returncode == 1
    assert b"folder exists" in run.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "ascii"])
def test_tag_terminal_shows_sections_coverage_and_missing_domains(sample, encoding):
    run = dudao("--lang", "zh", "tag", sample, "--to", "terminal", PYTHONIOENCODING=encoding, COLUMNS="100")
    assert run.returncode == 0, run.stderr
    if encoding != "ascii":
        shown = run.stdout.decode(encoding, "replace")
        assert "各领域覆盖情况" in shown
        assert "存在的问题" in shown


def test_tag_output_follows_links_and_writes_into_pipes(sample, tmp_path):
    (tmp_path / "kept.json").write_text("old", encoding="utf-8")
    (tmp_path / "link.json").symlink_to(tmp_path / "kept.json")
    assert dudao("tag", sample, "-o", tmp_path / "link.json").returncode == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))["schema"] == "dudao.report/1"
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE)
    assert dudao("tag", sample, "-o", tmp_path / "pipe").returncode == 0
    assert json.loads(reader.communicate(timeout=30)[0])["schema"] == "dudao.report/1"


def test_tag_terminal_markup_in_a_report_is_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("一、基本情况\n全县[/red]有[bold]学校20所。\n", encoding="utf-8")
    assert "全县[/red]有[bold]学校20所。" in dudao("tag", path, "--to", "terminal", COLUMNS="120").stdout.decode()


def test_tag_explain_has_evidence(sample):
    data = json.loads(dudao("tag", sample, "--explain").stdout)
    evidence = data["paragraphs"][-3]["clauses"][0]["domains"][0]["evidence"]
    assert {"term", "weight", "spans"} <= set(evidence[0])


TWO = "{}县2021年自评报告\n一、基本情况\n全县学校20所。\n二、存在的问题\n缺教师。\n{}县人民政府\n2021年1月2日\n"


def test_several_reports_in_one_file_are_one_object_each(tmp_path):
    path = tmp_path / "two.txt"
    path.write_text(TWO.replace("{}", "甲") + TWO.replace("{}", "乙"), encoding="utf-8")
    for command in ("inspect", "tag"):
        found = [json.loads(line) for line in dudao(command, path, "--to", "json").stdout.decode().splitlines()]
        assert [each["source"] for each in found] == [f"{path}#1", f"{path}#2"]
        assert [each["title"] for each in found] == ["甲县2021年自评报告", "乙县2021年自评报告"]
        assert [paragraph["index"] for paragraph in found[1]["paragraphs"]] == [0, 1, 2, 3]
    assert found[1]["coverage"]["teachers"]["clauses"] == 1


@pytest.mark.parametrize("columns", ["80", "120"])
def test_inspect_terminal_keeps_every_unit_on_one_line(columns, sample):
    from rich.cells import cell_len

    lines = dudao("inspect", sample, "--to", "terminal", COLUMNS=columns).stdout.decode().splitlines()
    data = json.loads(dudao("inspect", sample, "--to", "json").stdout)
    clauses = [paragraph["clauses"] for paragraph in data["paragraphs"]]
    units = len(data["headings"]) + len(clauses) + sum(len(each) for each in clauses if len(each) > 1)
    assert len(lines) == 1 + units + 1 + len(data["warnings"])
    assert max(cell_len(line) for line in lines) <= int(columns)
    assert any(cell_len(line) >= int(columns) - 3 for line in lines)


def test_inspect_text_prints_what_offsets_count_in(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff一、基本情况\r\n全县有学校20所。\r\n".encode())
    assert dudao("inspect", path, "--to", "text").stdout.decode() == "一、基本情况\r\n全县有学校20所。\r\n"
    data = json.loads(dudao("inspect", path).stdout)
    assert data["headings"][0]["text"] == "一、基本情况"
    assert "20" in dudao("inspect", path, "--to", "terminal").stdout.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_in_the_asked_language(command):
    english, chinese = dudao(command, "--help"), dudao(command, "--help", LC_ALL="zh_CN.UTF-8")
    assert english.returncode == chinese.returncode == 0
    assert english.stdout.decode().isascii() or command == "tag"
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese.stdout.decode())


@pytest.mark.parametrize(
    "arguments", [["tag"], ["tag", "x", "--to", "nothing"], ["nothing"], ["tag", "x", "--jobs", "0"]]
)
def test_wrong_usage_is_2(arguments):
    run = dudao(*arguments)
    assert run.returncode == 2
    assert b"Traceback" not in run.stderr


def test_models_commands():
    listed = json.loads(dudao("models", "list", "--json").stdout)
    assert any(each["current"] for each in listed)
    assert dudao("models", "verify").returncode == 0
    assert "macro F1" in dudao("models", "show").stdout.decode()
    assert json.loads(dudao("models", "show", "--json").stdout)["files"]
    assert dudao("models", "use", "77.0.0").returncode == 1


def test_corpus_check_and_stats():
    assert dudao("corpus", "check").returncode == 0
    counts = json.loads(dudao("corpus", "stats", "--json").stdout)
    assert counts["whole_reports"] >= 15
    assert counts["clauses"] >= 1500
    assert min(counts["domains"].values()) >= 40
    assert all(count >= (10 if role == "closing" else 30) for role, count in counts["roles"].items())
    assert counts["terms"] >= 1200


def test_evaluate_prints_metrics(tmp_path):
    gold = ROOT / "tests" / "data" / "heldout" / "musong-2022.jsonl"
    data = json.loads(dudao("evaluate", gold, "--json").stdout)
    assert {"macro_f1", "macro_f1_interval", "micro_f1", "domains", "expected_calibration_error"} <= set(data)
    assert dudao("evaluate", gold).returncode == 0
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "x", "domains": ["finance"]}\n{"text": "x"}\n', encoding="utf-8")
    run = dudao("evaluate", bad)
    assert run.returncode == 1
    assert b"bad.jsonl:2" in run.stderr


def test_evaluate_takes_records_from_outside(tmp_path):
    path = tmp_path / "outside.jsonl"
    path.write_text(
        '{"text": "教师工资按月发放。", "domains": ["teachers"], "permitted": ["finance"]}\n', encoding="utf-8"
    )
    assert json.loads(dudao("evaluate", path, "--json").stdout)["clauses"] == 1


def test_tag_a_report_imports_neither_scikit_learn_nor_lxml(sample):
    code = f"import sys; sys.argv = ['dudao', 'tag', {str(sample)!r}, '--to', 'json']\nfrom dudao.cli import run\nrun(sys.argv[1:])\nprint([m for m in ('sklearn', 'scipy', 'lxml', 'pypdfium2', 'jieba', 'joblib', 'pandas', 'jinja2', 'rich') if m in sys.modules], file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.stderr.strip() == "[]"


def test_help_imports_neither_numpy_nor_rich():
    code = "import sys\nfrom dudao.cli import run\nrun(['--help'])\nprint([m for m in ('numpy', 'rich', 'jinja2') if m in sys.modules], file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.stderr.strip() == "[]"


def test_tag_ten_megabytes_ends(tmp_path):
    path = tmp_path / "large.txt"
    path.write_text(
        "某县自评报告\n一、自查情况\n" + "全县教师工资按月足额发放，校园安全形势平稳有序。\n" * 60_000, encoding="utf-8"
    )
    run = dudao("inspect", path, "--to", "json")
    assert run.returncode == 0
    assert len(run.stdout) > 10_000_000


def test_errors_and_usage_are_in_chinese_where_the_locale_is(tmp_path):
    run = dudao("tag", tmp_path / "gone.txt", LC_ALL="zh_CN.UTF-8")
    assert "没有这个文件" in run.stderr.decode()
    assert "请检查路径" in run.stderr.decode()
    assert "缺少参数" in dudao("tag", "--lang", "zh").stderr.decode()
    assert "没有命令" in dudao("--lang", "zh", "nothing").stderr.decode()


def test_every_raised_message_has_its_chinese():
    import ast

    from dudao.messages import CATALOGUE, chinese

    def templates(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.IfExp):
            yield from templates(node.body)
            yield from templates(node.orelse)

    errors = {"DudaoError", "ReadError", "TaxonomyError", "CorpusError", "ModelError", "TrainingError", "SchemeError"}
    missing = set()
    for path in (ROOT / "src" / "dudao").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in errors:
                for argument in [*node.args[:1], *(word.value for word in node.keywords if word.arg == "hint")]:
                    missing |= {template for template in templates(argument) if template not in CATALOGUE}
    assert missing == set()
    assert all(text.count("{}") == CATALOGUE[text].count("{}") for text in CATALOGUE)
    assert chinese("is a RAR archive, which is not read") == "是 RAR 压缩包，不能读取"
    assert chinese("what nobody says") == "what nobody says"
