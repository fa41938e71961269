"""One report in many forms: the same headings with the same levels, the same clauses, in order."""

from __future__ import annotations

import difflib
import functools
import quopri
import re
import shutil
import subprocess

import pytest

from builders import docx, level, num, numbering, ofd, p, pdf, printed, row, t, text_box, w
from conftest import ROOT
from dudao import read_document
from dudao.outline import outline
from dudao.taxonomy import load_taxonomy

LINES = (ROOT / "examples" / "sample-report.txt").read_text(encoding="utf-8").strip().split("\n")
TEXT = "\n".join(LINES)
HAN, PAREN = re.compile(r"[一二三四五六七八九十]+、"), re.compile(r"\([一二三四五六七八九十]+\)")
LEVELS = (level(0, "%1、", "chineseCountingThousand"), level(1, "(%2)", "chineseCounting"))
HEADER = "沐松县人民政府自评材料"


def heads(line: str) -> tuple[int, str] | None:
    """The level of a heading line and its text without the number."""
    for depth, marker in enumerate((HAN, PAREN)):
        found = marker.match(line)
        if found and len(line) < 30:
            return depth, line[found.end() :]
    return None


def automatic(by_style: bool) -> bytes:
    body = ""
    for line in LINES:
        found = heads(line)
        if found is None:
            body += p(line)
        elif by_style:
            body += p(found[1], w("pStyle", val=f"Heading{found[0] + 1}"))
        else:
            body += p(found[1], num(1, found[0]))
    styles = "".join(
        w("style", w("pPr", num(1, depth)), type="paragraph", styleId=f"Heading{depth + 1}") for depth in (0, 1)
    )
    return docx(body, numbering=numbering(*LEVELS), **({"styles": styles} if by_style else {}))


def tables_and_text_boxes() -> bytes:
    """The title in a text box, headings in boxes too, sections in one-celled tables, the rest in content controls."""
    body = p(text_box(p(LINES[0])))
    for n, line in enumerate(LINES[1:]):
        if heads(line) and n % 2:
            body += p(text_box(p(line)))
        elif n % 3 == 0:
            body += w("tbl", row(p(line)))
        else:
            body += w("sdt", w("sdtContent", p(line)))
    return docx(body, header=p(HEADER), footer=p(t("- 1 -")))


def page(paragraphs: str, *, before: str = "", after: str = "", charset: str = "utf-8") -> bytes:
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>{LINES[0]}_沐松县人民政府</title></head><body>'
        '<div class="nav"><a href="/">首页</a><a href="/zwgk">政务公开</a><a href="/hd">互动交流</a></div>'
        f"{before}{paragraphs}{after}"
        '<div class="footer"><p>主办单位：沐松县人民政府</p><p>某ICP备20220001号</p></div></body></html>'
    ).encode(charset)


def layout_tables() -> bytes:
    """A page of tables inside tables: navigation above and beside the report, which has a row a paragraph."""

    def table(*rows: str) -> str:
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"

    def links(*names: str) -> list[str]:
        return [f"<td><a href='/{n}'>{name}</a></td>" for n, name in enumerate(names)]

    report = table(*(f"<td>\u3000\u3000{line}</td>" for line in LINES[1:]))
    main = table(
        f"<td><font size=5>{LINES[0]}</font></td>", "<td>发布日期：2022-11-20 阅读：33次</td>", f"<td>{report}</td>"
    )
    body = table(
        f"<td colspan=2>{table(''.join(links('首页', '县情', '公告')))}</td>",
        f"<td>{table(*links('图片新闻', '通知公告', '督导动态'))}</td><td>{main}</td>",
        "<td colspan=2>版权所有：沐松县教育局 某ICP备20220001号</td>",
    )
    return f"<html><head><title>{LINES[0]}</title></head><body>{body}</body></html>".encode("gbk")


def web_archive() -> bytes:
    html = page("".join(f"<p>{line}</p>" for line in LINES), before='<div id="zoom">', after="</div>")
    return (
        b"From: <Saved by a browser>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="--x"\r\n\r\n'
        b"----x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(html)
        + b"\r\n----x\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n----x--\r\n"
    )


FORMS = {
    **{f"text {each}": (lambda each=each: TEXT.encode(each)) for each in ("utf-8-sig", "gb18030", "utf-16")},
    "docx typed": lambda: docx("".join(map(p, LINES)), header=p(HEADER), footer=p(t("- 1 -"))),
    "docx automatic": lambda: automatic(by_style=False),
    "docx automatic by style": lambda: automatic(by_style=True),
    "docx tables and text boxes": tables_and_text_boxes,
    "pdf set": lambda: pdf(printed(LINES, header=HEADER)),
    "pdf cut at 26": lambda: pdf(printed(LINES, indent=0, hard=True, header=HEADER, number="{} / 9")),
    "pdf flush": lambda: pdf(printed(LINES, indent=0, header=HEADER, number="第 {} 页")),
    "pdf two columns": lambda: pdf(
        printed(LINES, width=17, size=12, leading=18, left=(70, 310), rows=36, header=HEADER)
    ),
    "ofd": lambda: ofd(printed(LINES, header=HEADER)),
    "html zoom gbk": lambda: page(
        "".join(f"<p>\u3000\u3000{line}</p>" for line in LINES), before='<div id="zoom">', after="</div>", charset="gbk"
    ),
    "html trs br": lambda: page(
        "<br>".join(re.sub("(.{60})", r"\1\n    ", line) for line in LINES),
        before="<div class='TRS_Editor'>",
        after="</div>",
    ),
    "html plain": lambda: page(
        "".join(
            f"<h3><a name='a{n}'>{line}</a></h3>" if heads(line) else f"<p>{line}</p>" for n, line in enumerate(LINES)
        ),
        before='<div class="main"><h1>',
        after="</div>",
    ).replace(b"<h1>", b"", 1),
    "html tables": layout_tables,
    "mht": web_archive,
}
SUFFIXES = {"text": "txt", "docx": "docx", "pdf": "pdf", "ofd": "ofd", "html": "html", "mht": "mht"}


def units(data: bytes, name: str) -> tuple[list[tuple[int, str]], list[str], list[str]]:
    """Headings with levels, clauses, and paragraphs, without the line ends that a clause may hold."""
    report = outline(read_document(data, name=name), load_taxonomy())
    return (
        [(heading.level, heading.text) for heading in report.headings],
        [re.sub(r"\s+", "", clause.text) for paragraph in report.paragraphs for clause in paragraph.clauses],
        [re.sub(r"\s+", "", paragraph.text) for paragraph in report.paragraphs],
    )


@functools.cache
def plain() -> tuple[list[tuple[int, str]], list[str], list[str]]:
    return units(TEXT.encode(), "report.txt")


def same(found: list[str], wanted: list[str]) -> float:
    return difflib.SequenceMatcher(None, found, wanted, autojunk=False).ratio()


@pytest.mark.parametrize("form", FORMS)
def test_read_document_any_form_gives_the_same_outline(form):
    headings, clauses, paragraphs = units(FORMS[form](), f"report.{SUFFIXES[form.split()[0]]}")
    wanted_headings, wanted_clauses, wanted_paragraphs = plain()
    assert headings == wanted_headings
    assert same(clauses, wanted_clauses) >= (0.95 if form.startswith("pdf") else 0.98)
    assert same(paragraphs, wanted_paragraphs) >= 0.95
    assert len(wanted_headings) == 19


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize(("suffix", "filter"), [("doc", "doc:MS Word 97"), ("odt", "odt")])
def test_read_document_old_word_by_libreoffice_gives_the_same_outline(suffix, filter, tmp_path):
    (tmp_path / "a.docx").write_bytes(automatic(by_style=False))
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            filter,
            "a.docx",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )
    data = (tmp_path / f"a.{suffix}").read_bytes()
    assert units(data, f"a.{suffix}") == plain()
    # Content decides: a .doc called .wps, as WPS writes them.
    if suffix == "doc":
        assert units(data, "a.wps") == plain()
