from __future__ import annotations

import io

import pytest

from dudao import Limits, ReadError, find_reports, read_document
from dudao.readers.charset import decode

TEXT = "某县人民政府关于2021年履行教育职责的自评报告\r\n一、基本情况\r\n全县有学校20所，在校学生一万余名。\r\n"
TRADITIONAL = "某縣人民政府關於履行教育職責的自評報告\n全縣有學校二十所，在校學生一萬餘名，教師隊伍建設不斷加強。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_read_text_any_encoding_gives_the_same_characters(encoding):
    document = read_document(TEXT.encode(encoding), name="a.txt")
    assert document.text == TEXT
    assert document.warnings == ()


def test_read_text_utf16_be_with_bom():
    assert read_document(b"\xfe\xff" + TEXT.encode("utf-16-be")).text == TEXT


def test_read_text_big5_is_decoded_as_big5_with_a_warning():
    document = read_document(TRADITIONAL.encode("big5"), name="a.txt")
    assert document.text == TRADITIONAL
    assert "Big5" in document.warnings[0]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_read_text_stray_byte_is_replaced_counted_and_told(encoding):
    data = TEXT.encode(encoding)
    cut = len(TEXT[:30].encode(encoding))
    document = read_document(data[:cut] + b"\xff" + data[cut:], name="a.txt")
    assert document.text.count("\ufffd") == 1
    assert document.text.replace("\ufffd", "") == TEXT
    assert "1 stray byte" in document.warnings[0]


@pytest.mark.parametrize("declared", [")tf-8", "ut", "zlib", "hex", "punycode", "rot13", "a\0b", ""])
def test_decode_declared_encoding_that_is_none_is_passed_over(declared):
    # Found by fuzzing: bytes that fit no encoding well, and a declared one that does not exist.
    data = b"\xe0\xdf\x8b\x9f\xba" + "情况".encode() + b"\xff" * 40
    try:
        text = decode(data, where="a", declared=declared).text
    except ReadError:
        return
    assert text


def test_read_text_short_gbk():
    assert read_document("教育经费".encode("gbk")).text == "教育经费"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (bytes(range(256)) * 40, "binary"),
        (b"%PDF-1.4 ...", "cut short"),
        (b"PK\x03\x04....", "damaged"),
    ],
)
def test_read_document_unusable_bytes_raise_with_the_reason(data, what):
    with pytest.raises(ReadError, match=what):
        read_document(data, name="a.txt")


def test_read_document_random_bytes_are_refused():
    import random

    with pytest.raises(ReadError):
        read_document(random.Random(1).randbytes(20_000), name="a.txt")


def test_read_document_missing_file_names_it(tmp_path):
    with pytest.raises(ReadError, match=r"nothere\.txt"):
        read_document(tmp_path / "nothere.txt")


def test_read_document_too_large(tmp_path):
    with pytest.raises(ReadError, match="larger than"):
        read_document(b"x" * 11, limits=Limits(bytes=10))


def test_read_document_file_object_and_path(tmp_path):
    path = tmp_path / "报告.txt"
    path.write_bytes(TEXT.encode())
    assert read_document(path).text == read_document(str(path)).text == read_document(io.BytesIO(TEXT.encode())).text
    with pytest.raises(ReadError, match="rb"):
        read_document(io.StringIO("x"))  # type: ignore[arg-type]


PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>某县自评报告_某县人民政府</title></head><body>
<div class="nav"><a href="/">首页</a><a href="/zw">政务公开</a></div>
<div id="zoom"><p>一、基本情况</p><p><a name="_Toc1">二、自查情况</a></p><p>（一）经费投入。全县教育支出增长百分之六，教师工资按月发放到位。</p>
<p><a href="#top">（二）教师队伍</a></p><p>补充教师三十名，<b>全部</b>到岗任教。</p>
<table><tr><td>类别</td><td>数量</td></tr><tr><td>小学</td><td>30</td></tr></table><script>alert(1)</script></div>
<div class="footer">主办单位：某县人民政府 某ICP备1号</div></body></html>"""


@pytest.mark.parametrize(("charset", "encoding"), [("utf-8", "utf-8"), ("gb2312", "gb18030"), ("gbk", "gbk")])
def test_read_html_takes_the_container_and_keeps_anchored_headings(charset, encoding):
    page = PAGE.format(charset=charset).replace(
        "百分之六", "百分之六，校名含㐂、镕字" if encoding == "gb18030" else "百分之六"
    )
    document = read_document(page.encode(encoding), name="a.html")
    lines = document.text.split("\n")
    assert "二、自查情况" in lines
    assert "（二）教师队伍" in lines
    assert "补充教师三十名，全部到岗任教。" in lines
    assert "小学\t30" in lines
    assert "alert" not in document.text
    assert "ICP" not in document.text
    assert document.format == "html"


def test_read_html_without_a_known_container_drops_boilerplate():
    body = "".join(
        f"<p>第{n}段：全县教育系统认真落实各项部署，扎实推进学校建设与教师培养，取得了明显进展和成效。</p>"
        for n in range(12)
    )
    page = f"<html><body><nav><a href='/'>首页</a></nav><article><h1>某县2021年自评报告</h1><h2><a name='x'>一、基本情况</a></h2>{body}</article><footer>联系我们</footer></body></html>"
    text = read_document(page.encode(), name="a.html").text
    assert "一、基本情况" in text
    assert "第11段" in text
    assert "联系我们" not in text


def test_read_html_attachment_only_says_so():
    page = "<html><body><div id='zoom'><a href='/f/report.docx'>自评报告.docx</a></div></body></html>"
    with pytest.raises(ReadError, match="attachments"):
        read_document(page.encode(), name="a.html")


def test_read_html_without_text_says_so():
    with pytest.raises(ReadError):
        read_document(b"<html><body></body></html>", name="a.html")


@pytest.mark.parametrize("depth", [60, 240])
def test_read_html_nested_within_the_limit_is_read(depth):
    said = "全县教育支出增长，教师工资按月发放到位，学校建设进展顺利，经费保障有力，群众满意度不断提升，办学水平提高。"
    page = "<html><body>" + "<div>" * depth + said + "</div>" * depth + "</body></html>"
    assert "教师工资" in read_document(page.encode(), name="a.html").text


def test_read_html_layout_table_and_split_containers_keep_their_paragraphs():
    first, second = (
        "<p>一、基本情况</p><p>全县有中小学二十所，在校学生一万余名，教职工九百人。</p>",
        "<p>二、自查情况</p><p>全县教育支出增长，教师工资按月足额发放到位。</p>",
    )
    table = f"<html><body><div id='zoom'><table><tr><td>{first}{second}</td></tr></table></div></body></html>"
    split = f"<html><body><div class='TRS_Editor'>{first}</div><div class='TRS_Editor'>{second}</div></body></html>"
    for page in (table, split):
        lines = read_document(page.encode(), name="a.html").text.split("\n")
        assert lines[0] == "一、基本情况"
        assert lines[2] == "二、自查情况"
        assert len(lines) == 4


def test_read_html_keeps_headings_in_heading_tags():
    body = "".join(
        f"<h3>{mark}、{name}</h3><p>全县教育系统认真落实各项部署，扎实推进学校建设与教师培养，取得了明显进展。</p>"
        for mark, name in zip("一二三四", ("基本情况", "自查情况", "存在的问题", "改进措施"), strict=True)
    )
    text = read_document(f"<html><body><div class='main'>{body}</div></body></html>".encode(), name="a.html").text
    assert all(line in text.split("\n") for line in ("一、基本情况", "三、存在的问题"))


def test_find_reports_walks_folders_in_a_stable_order(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "1.html", "b/1.md", ".hidden.txt", "x.bin"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert [path.relative_to(tmp_path).as_posix() for path in find_reports(tmp_path)] == ["1.html", "b/1.md", "b/2.txt"]
    assert list(find_reports(tmp_path / "gone.txt")) == [tmp_path / "gone.txt"]


ARTICLE = "<p>一、基本情况</p><p>全县有学校二十所，在校学生一万余名，教职工九百人，办学条件不断改善，质量稳步提高。</p>"


@pytest.mark.parametrize(
    "page",
    [
        f"<!-- 文章开始 -->\n{ARTICLE}",
        ARTICLE,
        f"\n\n<div class='a'>{ARTICLE}</div>",
        f"<?xml version='1.0' encoding='utf-8'?>{ARTICLE}",
        f"<!-- a --><!-- b --><!DOCTYPE html><html><body>{ARTICLE}</body></html>",
        f"正文如下：{ARTICLE}<br>",
    ],
    ids=["comment", "fragment", "blank lines", "xml", "comments and doctype", "text first"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030", "utf-8-sig"])
def test_read_document_web_page_is_known_by_its_content(page, encoding):
    document = read_document(page.encode(encoding), name="a.txt")
    assert document.format == "html"
    assert "一、基本情况" in document.text.split("\n")
    assert "<" not in document.text


@pytest.mark.parametrize(
    "text", ["增长率<5%的学校有<3所\n", "# 标题\n\n一、基本情况\n<br>\n<br>\n<br>\n", "《<自评>报告》全文\n"]
)
def test_read_document_text_with_angle_brackets_is_text(text):
    name = "a.md" if text.startswith("#") else "a.txt"
    assert read_document(text.encode(), name=name).text == text


def test_read_html_line_break_in_a_word_is_no_blank():
    page = "<html><body><div id='zoom'><p>全县教育支出增长，教师工\n   资按月足额发放到位，各项\r\n经费保障有力。</p><p>Page\none 目  录二字之间的空格保留下来，其余照旧。</p></div></body></html>"
    assert read_document(page.encode(), name="a.html").text.split("\n") == [
        "全县教育支出增长，教师工资按月足额发放到位，各项经费保障有力。",
        "Page one 目 录二字之间的空格保留下来，其余照旧。",
    ]


def test_read_html_hidden_elements_are_out():
    shown = "全县有学校二十所，在校学生一万余名，教职工九百人，办学条件不断改善，质量稳步提高。"
    page = f"<html><body><div id='zoom'><p>{shown}</p><p style='color:red; DISPLAY : none'>藏一</p><p hidden>藏二</p><span style='visibility:hidden'>藏三</span></div></body></html>"
    assert read_document(page.encode(), name="a.html").text == shown


def test_read_html_nested_tables_of_two_cells_end():
    page = "<html><body><div id='zoom'>" + "<table><tr><td>甲</td><td>" * 60 + ARTICLE
    assert "一、基本情况" in read_document(page.encode(), name="a.html").text.split("\n")


def test_read_html_page_of_anchors_ends():
    page = "<html><body><div class='main'>" + "<a name='x'>一、基本情况</a>" * 60_000 + ARTICLE
    assert "一、基本情况" in read_document(page.encode(), name="a.html").text


def test_find_reports_takes_every_format_that_is_read(tmp_path):
    names = ["a.docx", "b.PDF", "c.ofd", "d.doc", "e.wps", "f.rtf", "g.zip", "h.mht", "i.md"]
    for name in [*names, "~$a.docx", "z.xlsx"]:
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in find_reports(tmp_path)] == names
