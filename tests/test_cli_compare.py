from __future__ import annotations

import csv
import io
import sys
import zipfile

import pytest

from dudao.cli import run as run_here
from test_cli import dudao


@pytest.fixture
def compare(capfdbinary, monkeypatch):
    """Runs the command in this process: status, standard output, standard error."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*arguments):
        status = run_here(["compare", *map(str, arguments)])
        sys.stdout.flush()
        return (status, *capfdbinary.readouterr())

    return call


@pytest.fixture
def folder(sample, tmp_path):
    """The sample in two years and a file that cannot be read."""
    text = sample.read_text(encoding="utf-8")
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "a.txt").write_text(text, encoding="utf-8")
    (reports / "b.txt").write_bytes(b"")
    (reports / "c.txt").write_text(text.replace("2022年", "2023年"), encoding="utf-8")
    return reports


def rows(output: bytes) -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(output.decode("utf-8-sig"))) if row["source"]]


def test_compare_in_a_pipe_is_csv_and_names_what_failed(folder):
    run = dudao("compare", folder)
    assert run.returncode == 1
    assert b"b.txt" in run.stderr
    assert b"Traceback" not in run.stderr
    assert [row["report"] for row in rows(run.stdout)] == ["沐松县2022", "沐松县2023"]


def test_compare_gives_the_same_with_more_processes(folder, compare):
    assert compare(folder, "--jobs", 2) == compare(folder)


def test_compare_terminal_speaks_chinese(folder):
    run = dudao("compare", folder, "--to", "terminal", LC_ALL="zh_CN.UTF-8", COLUMNS="80")
    text = run.stdout.decode()
    assert "2 份报告，20 项" in text
    assert "1 个文件未能读取" in text
    assert "沐松县 2022 -> 2023" in text


@pytest.mark.parametrize(("name", "opening"), [("t.csv", b"\xef\xbb\xbf"), ("t.xlsx", b"PK"), ("t.html", b"<!doctype")])
def test_compare_takes_the_format_from_the_file_name(folder, tmp_path, compare, name, opening):
    status, out, _ = compare(folder, "-o", tmp_path / name)
    assert (status, out) == (1, b"")  # b.txt
    assert (tmp_path / name).read_bytes().startswith(opening)


def test_compare_workbook_needs_a_file(folder, compare):
    status, _, err = compare(folder, "--to", "xlsx")
    assert (status, b"-o" in err) == (2, True)


def test_compare_holds_reports_against_a_scheme(sample, compare):
    status, out, _ = compare(sample, "--scheme", "method-2017")
    assert status == 0
    assert sum(head.startswith("share ") for head in rows(out)[0]) == 6


def test_compare_unknown_scheme_is_told(sample, compare):
    status, _, err = compare(sample, "--scheme", "nonesuch")
    assert status == 1
    assert b"nonesuch" in err
    assert b"method-2017" in err


def test_compare_thin_is_settable(sample, compare):
    few, many = (int(rows(compare(sample, "--thin", n)[1])[0]["thin"]) for n in (1, 50))
    assert few == 0
    assert many >= 15


def test_compare_reads_archives(sample, tmp_path, compare):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(sample, "a.txt")
        archive.write(sample, "b.txt")
    status, out, _ = compare(tmp_path / "all.zip", sample)
    assert (status, len(rows(out))) == (0, 3)


def test_compare_nothing_readable_writes_nothing(tmp_path, compare):
    (tmp_path / "in").mkdir()
    status, _, err = compare(tmp_path / "in", "-o", tmp_path / "t.html")
    assert status == 1
    assert b"no report in the folder" in err
    assert not (tmp_path / "t.html").exists()


def test_compare_says_where_it_cannot_write(sample, tmp_path, compare):
    status, _, err = compare(sample, "-o", tmp_path / "no" / "t.html")
    assert (status, b"cannot be written" in err) == (1, True)
