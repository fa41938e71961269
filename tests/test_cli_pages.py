from __future__ import annotations

import pytest

from dudao.cli import run
from dudao.cli.folder import Folder
from dudao.errors import DudaoError


def dudao(*arguments):
    return run(["--lang", "en", *map(str, arguments)])


def test_tag_html_of_one_report_to_a_file_and_to_standard_output(sample, tmp_path, capsys):
    assert dudao("tag", sample, "--to", "html", "-o", tmp_path / "a.html") == 0
    assert capsys.readouterr() == ("", "")
    text = (tmp_path / "a.html").read_bytes().decode()
    assert text.startswith("<!doctype html>")
    assert dudao("tag", sample, "--to", "html") == 0
    assert capsys.readouterr().out == text


def test_tag_html_of_several_reports_into_a_folder_with_an_index(sample, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(sample.read_bytes())
    (folder / "a.md").write_bytes(sample.read_bytes())
    (folder / "b.txt").write_bytes(b"")
    assert dudao("tag", folder, "--to", "html", "-o", tmp_path / "out") == 1
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["a-2.html", "a.html", "index.html"]
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'href="a.html"' in index
    assert 'href="a-2.html"' in index
    assert "b.txt" in index
    assert "文件是空的" in index


def test_tag_html_of_several_reports_needs_a_folder(sample, tmp_path, capsys):
    assert dudao("tag", sample, sample, "--to", "html") == 2
    assert "need -o FOLDER" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    assert dudao("tag", sample, sample, "--to", "html", "-o", tmp_path / "file") == 1
    assert "several reports go into a folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "x"


def test_tag_other_formats_into_a_folder_are_refused(sample, tmp_path, capsys):
    assert dudao("tag", sample, "-o", tmp_path) == 2
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("报告.docx", "报告.html"),
        ("a/b\\报告.2021.docx", "报告.2021.html"),
        ("all.zip#2", "all-2.html"),
        ("INDEX.txt", "INDEX-2.html"),
        ("con.txt", "report-con.html"),
        ('a<b>:"c|?*.txt', "a-b-c.html"),
        ("<stdin>", "stdin.html"),
        ("...", "report.html"),
        ("长" * 300 + ".txt", "长" * 60 + ".html"),
    ],
)
def test_folder_names_are_what_every_system_takes(source, name, tmp_path):
    assert Folder(tmp_path, reserved=("index.html",)).file_for(source, ".html").name == name


def test_folder_two_reports_of_one_name_get_two_files(tmp_path):
    folder = Folder(tmp_path / "new")
    assert [folder.file_for(each, ".html").name for each in ("a/Re.txt", "b/re.txt")] == ["Re.html", "re-2.html"]
    (tmp_path / "file").touch()
    with pytest.raises(DudaoError):
        Folder(tmp_path / "file")
