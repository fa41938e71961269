"""Files that are broken, locked, or made to do harm: each its own message, bounded in time and memory, the others still done."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from builders import docx, ofd, p, package, pdf, t
from conftest import ROOT
from dudao import Limits, ReadError, read_document, read_documents
from dudao.messages import chinese_error
from dudao.readers.ole import OLE

SENTENCE = "全县教育支出比上年增长百分之六，教师工资按月足额发放到位，学校建设进展顺利，校园安全形势平稳。"
NOISE = random.Random(4).randbytes(20_000)


def ole(*streams: str, header: bytes = b"") -> bytes:
    """What matters of a compound file: its magic and the names of its streams."""
    directory = b"".join(stream.encode("utf-16-le").ljust(128, b"\0") for stream in streams)
    return OLE.ljust(512, b"\0") + directory.ljust(1024, b"\0") + header.ljust(512, b"\0")


def zipped(name: str, content: bytes, *, mode: int = 0, flag: int = 0) -> bytes:
    """A zip of one member, with a Unix mode or a flag of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    data = bytearray(out.getvalue())
    if flag:
        data[6:8] = struct.pack("<H", struct.unpack("<H", data[6:8])[0] | flag)
        central = data.index(b"PK\x01\x02")
        data[central + 8 : central + 10] = struct.pack(
            "<H", struct.unpack("<H", data[central + 8 : central + 10])[0] | flag
        )
    return bytes(data)


def entity_docx(declaration: str, encoding: str = "utf-8") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{declaration}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{p(t("甲"))}</w:body></w:document>'
    return package({"[Content_Types].xml": "<Types/>", "word/document.xml": text.encode(encoding)})


def lying_zip() -> bytes:
    """A zip whose directory says that a megabyte is ten bytes."""
    data = bytearray(zipped("a.txt", b"x" * 1_000_000))
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(magic) + at
        data[start : start + 4] = struct.pack("<I", 10)
    return bytes(data)


BAD: dict[str, tuple[bytes, str, str]] = {
    "empty.docx": (b"", "empty", "空"),
    "noise.doc": (NOISE, "not a Word or WPS document inside", "内容却不是"),
    "noise.docx": (NOISE, "not a Word document inside", "内容却不是"),
    "noise.pdf": (NOISE, "not a PDF inside", "内容却不是"),
    "noise.txt": (NOISE, "binary", "二进制"),
    "ole-noise.doc": (OLE + NOISE, "no Word file inside", "不是 Word"),
    "book.doc": (ole("Workbook"), "table or a presentation", "表格"),
    "cut.docx": (docx(p(t(SENTENCE)))[:-200], "damaged", "损坏"),
    "cut.ofd": (ofd([[(80, 100, 16, SENTENCE)]])[:-200], "damaged", "损坏"),
    "cut.pdf": (pdf([[(80, 100, 16, SENTENCE)]])[:-200], "cut short", "不完整"),
    "cut.rtf": (b"{\\rtf1 " + b"x" * 100, "cut short", "不完整"),
    "scan.pdf": (pdf([[]], picture=True), "needs OCR", "OCR"),
    "bomb.docx": (docx("", extra={"word/document.xml": b"<a>" + b" " * 60_000_000}), "zip bomb", "炸弹"),
    "bomb.zip": (zipped("a.txt", b" " * 60_000_000), "zip bomb", "炸弹"),
    "many.zip": (package({f"{n}.txt": b" " * 4_000_000 for n in range(5)}), "zip bomb", "炸弹"),
    "lies.zip": (lying_zip(), "damaged", "损坏"),
    "escape.zip": (zipped("../../etc/report.txt", SENTENCE.encode()), "out of the archive", "之外"),
    "root.zip": (zipped("/etc/report.txt", SENTENCE.encode()), "out of the archive", "之外"),
    "drive.zip": (zipped("C:\\report.txt", SENTENCE.encode()), "out of the archive", "之外"),
    "link.zip": (zipped("a.txt", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "is a link", "链接"),
    "locked.zip": (zipped("a.txt", SENTENCE.encode(), flag=1), "password", "密码"),
    "nothing.zip": (package({"picture.png": b"x", "__MACOSX/a.txt": b"x", ".hidden.txt": b"x"}), "no report in", "没有报告"),
    "deep.zip": (package({"b.zip": package({"c.zip": package({"a.txt": SENTENCE})})}), "deep", "嵌套"),
    "locked.docx": (ole("EncryptionInfo", "EncryptedPackage"), "password", "密码"),
    "locked.doc": (ole("WordDocument", header=b"\xec\xa5" + bytes(9) + b"\x01"), "password", "密码"),
    "locked.pdf": (pdf([[(80, 100, 16, SENTENCE)]], encrypted=True), "password", "密码"),
    "external.docx": (entity_docx('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "entities", "实体"),
    "laughs.docx": (entity_docx('<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>'), "entities", "实体"),
    "laughs16.docx": (entity_docx('<!DOCTYPE a [<!ENTITY x "ha">]>', "utf-16"), "entities", "实体"),
    "deep.docx": (docx("<w:sdt>" * 200 + "</w:sdt>" * 200), "deeper", "嵌套"),
    "deeper.docx": (docx("<w:sdt>" * 2000 + "</w:sdt>" * 2000), "deeper", "嵌套"),
    "unclosed.docx": (docx("<w:p>"), "XML is damaged", "XML"),
    "attachment.html": (b"<html><body><div id='zoom'><a href='/f/a.docx'>a.docx</a></div></body></html>", "attachments", "附件"),
    "attachments.html": (
        "<html><head><title>自评报告</title></head><body><div><a href='/'>首页</a><a href='/b'>政务公开</a></div><h1>沐松县自评报告</h1><div>发布时间：2022-11-20 来源：县教育局</div>"
        "<div id='zoom'><p>附件：<a href='/f.jsp?n=1.pdf'>沐松县自评报告.pdf</a></p></div><div>主办：沐松县人民政府办公室 某ICP备1号</div></body></html>".encode(),
        "attachments", "附件",
    ),
    "nested.html": (b"<html><body>" + b"<div>" * 300 + SENTENCE.encode() + b"</div>" * 300 + b"</body></html>", "deeper than 250", "嵌套"),
    "deep.html": (b"<html><body>" + b"<div>" * 100_000 + SENTENCE.encode(), "deeper", "嵌套"),
    "deep.mht": (b"MIME-Version: 1.0\r\n" + b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\n' * 5_000, "parts", "部分"),
    "nothing.mht": (b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="a"\r\n\r\n--a--', "no page", "没有网页"),
    "book.xlsx.docx": (package({"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<a/>"}), "Excel", "Excel"),
    "a.rar.zip": (b"Rar!\x1a\x07\x00" + NOISE, "RAR", "RAR"),
    "photo.pdf": (b"\xff\xd8\xff\xe0" + NOISE, "picture", "图片"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_read_document_bad_file_says_what_is_wrong_in_both_languages(name):
    data, english, chinese = BAD[name]
    with pytest.raises(ReadError, match=english) as caught:
        read_document(data, name=name)
    assert name in str(caught.value)
    translated = chinese_error(caught.value)
    assert chinese in translated
    assert caught.value.hint
    assert not any(word in translated for word in (" the ", " is ", " it "))


def test_tag_folder_of_bad_files_names_each_and_does_the_rest(tmp_path, sample):
    """All in one process: little memory, little time, status 1, the good ones done."""
    for name, (data, _, _) in BAD.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "good.docx").write_bytes(docx("".join(map(p, sample.read_text(encoding="utf-8").strip().split("\n")))))
    temporary = tmp_path.parent / "temporary"
    temporary.mkdir()
    # Not ru_maxrss, which a process inherits from the one that forked it: here the whole test run.
    code = (
        "import sys\nfrom dudao.cli import run\nstatus = run(['tag', sys.argv[1]])\n"
        "peak = next((line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')), 0)\n"
        "print(peak, file=sys.stderr)\nsys.exit(status)"
    )
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(temporary)}
    run = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, env=env, check=False)
    assert run.returncode == 1
    found = [json.loads(line) for line in run.stdout.splitlines()]
    assert [each["source"] for each in found if each["schema"] == "dudao.report/1"] == [str(tmp_path / "good.docx")]
    failed = {
        Path(each["source"].removeprefix(str(tmp_path) + "/").split("/")[0]).name for each in found if "error" in each
    }
    assert failed == set(BAD)
    assert "Traceback" not in run.stderr
    assert int(run.stderr.split()[-1]) < 500_000  # kilobytes
    assert list(temporary.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {*BAD, "good.docx"}


def test_read_document_external_entity_is_never_opened(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("不可读取的内容", encoding="utf-8")
    page = f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><html><body><div id="zoom"><p>{SENTENCE}&x;</p></div></body></html>'
    assert "不可读取" not in read_document(page.encode(), name="a.html").text


# Limits: each by itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "data", "what"),
    [
        (Limits(bytes=10), b"x" * 11, "larger than 10 bytes"),
        (Limits(bytes=1_000), package({"a.txt": "县" * 400 + "\n" + SENTENCE}), "more than 1,000 bytes"),
        (Limits(unpacked_bytes=200), docx(p(t(SENTENCE))), "more than 200 bytes"),
        (Limits(archive_bytes=100), package({"a.txt": SENTENCE * 2}), "more than 100 bytes"),
        (Limits(ratio=2), zipped("a.txt", b"abcdefgh" * 2_000_000), "2 times its size"),
        (Limits(members=2), package({"a.txt": "a", "b.txt": "b", "c.txt": "c"}), "more than 2"),
        (Limits(nesting=1), package({"b.zip": package({"a.txt": SENTENCE})}), "more than 1 deep"),
        (Limits(nesting=0), package({"a.txt": SENTENCE}), "more than 0 deep"),
        (Limits(pages=1), ofd([[(80, 100, 16, SENTENCE)]] * 2), "more than 1 pages"),
        (Limits(xml_nodes=10), docx(p(t(SENTENCE))), "more than 10 XML nodes"),
        (Limits(xml_nodes=10), b"<html><body>" + b"<p>x</p>" * 20, "more than 10 XML nodes"),
        (Limits(page_bytes=10), b"<html><body>" + b"<p>x</p>" * 20, "more than 10 bytes"),
        (Limits(page_depth=5), b"<html><body>" + b"<div>" * 5, "deeper than 5 levels"),
        (Limits(xml_depth=3), docx(p(t(SENTENCE))), "deeper than 3 levels"),
        (Limits(seconds=0), docx(p(t(SENTENCE))), "longer than 0 seconds"),
        (Limits(seconds=0), ofd([[(80, 100, 16, SENTENCE)]]), "longer than 0 seconds"),
        (Limits(seconds=0), f"<html><body><p>{SENTENCE}</p></body></html>".encode(), "longer than 0 seconds"),
    ],
)  # fmt: skip
def test_read_document_limit_is_held(limits, data, what):
    with pytest.raises(ReadError, match=what):
        read_document(data, name="a", limits=limits)
    assert read_document(docx(p(t(SENTENCE)))).text == SENTENCE


def test_read_documents_archive_bytes_count_over_all_members():
    data = package({f"{n}.txt": SENTENCE for n in range(4)})
    size = len(SENTENCE.encode())
    results = list(read_documents(data, name="a.zip", limits=Limits(archive_bytes=2 * size)))
    assert [isinstance(each, ReadError) for each in results] == [False, False, True, True]


# Archives ---------------------------------------------------------------------------------------------------------------


def test_read_documents_archive_gives_each_member_errors_as_values():
    inner = package({"丙.txt": SENTENCE})
    data = package(
        {"b/乙.txt": SENTENCE, "a.docx": docx(p(t(SENTENCE))), "c.zip": inner, "bad.txt": b"", "x.bin": b"x", "b/": b""}
    )
    results = list(read_documents(data, name="all.zip"))
    assert [each.where if isinstance(each, ReadError) else each.source for each in results] == [
        "all.zip/a.docx",
        "all.zip/b/乙.txt",
        "all.zip/bad.txt",
        "all.zip/c.zip/丙.txt",
    ]
    assert [each.text for each in results if not isinstance(each, ReadError)] == [SENTENCE] * 3


def test_read_document_archive_of_one_report_is_that_report():
    assert read_document(package({"a.txt": SENTENCE})).text == SENTENCE
    with pytest.raises(ReadError, match="more than one"):
        read_document(package({"a.txt": SENTENCE, "b.txt": SENTENCE}))


def test_read_documents_gbk_names_of_old_archivers():
    data = zipped("XX.txt", SENTENCE.encode()).replace(b"XX.txt", "县.txt".encode("gbk"))
    assert next(read_documents(data, name="a.zip")).source == "a.zip/县.txt"


def test_read_documents_folder_and_missing_path(tmp_path):
    (tmp_path / "b.zip").write_bytes(package({"a.txt": SENTENCE}))
    (tmp_path / "a.txt").write_text(SENTENCE, encoding="utf-8")
    assert [each.source for each in read_documents(tmp_path)] == [
        str(tmp_path / "a.txt"),
        f"{tmp_path / 'b.zip'}/a.txt",
    ]
    (gone,) = read_documents(tmp_path / "gone")
    assert isinstance(gone, ReadError)


@pytest.mark.parametrize("source", [None, 7, ["a.txt"]])
def test_read_document_of_something_else_says_what_it_takes(source):
    with pytest.raises(ReadError, match="is no report") as caught:
        read_document(source)
    assert "path, bytes" in str(caught.value)


# LibreOffice ------------------------------------------------------------------------------------------------------------

DOC = ole("WordDocument", header=b"\xec\xa5" + bytes(20))


def test_read_document_doc_without_libreoffice_says_so(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    for data in (DOC, b"{\\rtf1 x}"):
        with pytest.raises(ReadError, match="LibreOffice, which is not installed"):
            read_document(data, name="a.doc")


def fake_office(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(program))


def test_read_document_doc_converts_in_a_folder_and_profile_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "made.docx").write_bytes(docx(p(t(SENTENCE))))
    fake_office(
        tmp_path,
        f'pwd >> {tmp_path}/log; echo "$@" >> {tmp_path}/log; mkdir out; cp {tmp_path}/made.docx out/report.docx',
        monkeypatch,
    )
    for _ in range(2):
        document = read_document(DOC, name="a.doc")
        assert (document.text, document.format) == (SENTENCE, "doc")
    folders = (tmp_path / "log").read_text().splitlines()
    assert folders[0] != folders[2]
    assert all(f"-env:UserInstallation=file://{folder}/profile" in call for folder, call in (folders[:2], folders[2:]))
    assert not any(Path(folder).exists() for folder in folders[::2])


@pytest.mark.parametrize(
    ("script", "what"),
    [("exit 0", "cannot convert"), ("exit 1", "cannot convert"), ("sleep 60 & wait", "longer than 0.3 seconds")],
)
def test_read_document_doc_that_cannot_be_converted(script, what, tmp_path, monkeypatch):
    fake_office(tmp_path, script, monkeypatch)
    with pytest.raises(ReadError, match=what):
        read_document(DOC, name="a.doc", limits=Limits(seconds=0.3))


def test_read_document_doc_that_becomes_noise_is_refused(tmp_path, monkeypatch):
    (tmp_path / "made.docx").write_bytes(docx(p(t("õ±Õ·ßjñØaÍÄ»ÃÑÄ" * 20))))
    fake_office(tmp_path, f"mkdir out; cp {tmp_path}/made.docx out/report.docx", monkeypatch)
    with pytest.raises(ReadError, match="no text"):
        read_document(DOC, name="a.doc")


# Command line -----------------------------------------------------------------------------------------------------------


def dudao(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from dudao.cli import main; main()", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize("command", ["tag", "inspect"])
def test_command_on_an_archive_gives_a_line_a_report(command, tmp_path, sample):
    path = tmp_path / "all.zip"
    path.write_bytes(package({"a.txt": sample.read_bytes(), "b.txt": b"", "c.docx": docx(p(t(SENTENCE)))}))
    for run in (dudao(command, path, "--to", "json"), dudao(command, "-", "--to", "json", stdin=path.read_bytes())):
        assert run.returncode == 1
        assert b"b.txt" in run.stderr
        assert b"Traceback" not in run.stderr
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        assert [Path(line["source"]).name for line in lines if "error" not in line] == ["a.txt", "c.docx"]


def test_tag_many_takes_archives_and_wrong_sources(tagger, tmp_path, sample):
    path = tmp_path / "all.zip"
    path.write_bytes(package({"a.txt": sample.read_bytes(), "b.txt": b""}))
    for jobs in (1, 2):
        first, second, third = tagger.tag_many([path, None], jobs=jobs)
        assert first.source == f"{path}/a.txt"
        assert isinstance(second, ReadError)
        assert "is no report" in str(third)
