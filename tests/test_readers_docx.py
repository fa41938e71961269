from __future__ import annotations

import pytest

from builders import W_NS, docx, level, num, numbering, p, package, row, t, text_box, w
from dudao import ReadError, read_document
from dudao.readers.docx_numbering import format_number

VANISH = w("rPr", w("vanish"))


def field(code: str, result: str) -> str:
    def mark(kind: str) -> str:
        return w("r", w("fldChar", fldCharType=kind))

    return mark("begin") + w("r", w("instrText", code)) + mark("separate") + t(result) + mark("end")


def deleted_mark(text: str) -> str:
    return p(text, w("rPr", w("del")))


def merged(kind: str) -> str:
    return w("tc", w("tcPr", w("vMerge", val=kind)) + p("" if kind == "continue" else "小学"))


CASES = {
    "runs of one paragraph are one line": (p("全县有学校二十所。"), "全县有学校二十所。"),
    "empty paragraphs are no lines": (p(t("甲")) + p("") + p(t("乙")), "甲\n乙"),
    "line break": (p(t("甲") + w("r", w("br")) + t("乙")), "甲\n乙"),
    "page break is no line break": (p(t("甲") + w("r", w("br", type="page")) + t("乙")), "甲乙"),
    "tab in a sentence is a blank": (p(t("一、") + w("r", w("tab")) + t("基本情况")), "一、 基本情况"),
    "tab before a page number stays": (p(t("一、基本情况") + w("r", w("tab")) + t("3")), "一、基本情况\t3"),
    "leading tabs and blanks go": (p(w("r", w("tab")) + t("\u3000\u3000甲")), "甲"),
    "no-break hyphen": (p(t("2019") + w("r", w("noBreakHyphen")) + t("2021")), "2019-2021"),
    "deleted run": (p(t("甲") + w("del", w("r", w("delText", "乙"))) + t("丙")), "甲丙"),
    "inserted run": (p(t("甲") + w("ins", t("乙"))), "甲乙"),
    "moved run": (p(w("moveFrom", t("甲")) + t("乙") + w("moveTo", t("甲"))), "乙甲"),
    "deleted paragraph mark joins": (deleted_mark("全县有学校") + p(t("二十所。")), "全县有学校二十所。"),
    "deleted mark at the end": (p(t("甲")) + deleted_mark("乙"), "甲\n乙"),
    "hidden run": (p(t("甲") + w("r", VANISH + w("t", "乙")) + t("丙")), "甲丙"),
    "vanish switched off": (p(w("r", w("rPr", w("vanish", val="0")) + w("t", "甲"))), "甲"),
    "field code out, result in": (p(field("PAGEREF _Toc1", "12") + t("页")), "12页"),
    "nested field in a code": (p(field("IF ", "甲").replace("IF ", "IF</w:instrText></w:r>" + field("X", "乙") + "<w:r><w:instrText>")), "甲"),
    "field that never ends": (p(w("r", w("fldChar", fldCharType="begin")) + t("甲")) + p(t("乙")), "乙"),
    "simple field": (p(w("fldSimple", t("甲"), instr="DATE")), "甲"),
    "hyperlink": (p(w("hyperlink", t("甲"))), "甲"),
    "content control": (w("sdt", w("sdtContent", p(w("sdt", w("sdtContent", t("甲")))))), "甲"),
    "prompt of a content control": (p(t("甲") + w("sdt", w("sdtPr", w("showingPlcHdr")) + w("sdtContent", t("单击此处")))), "甲"),
    "ruby": (p(w("r", w("ruby", w("rt", t("xian")) + w("rubyBase", t("县"))))), "县"),
    "formula": (p(t("共") + "<m:oMath><m:r><m:t>x+1</m:t></m:r></m:oMath>"), "共x+1"),
    "text box once, before its paragraph": (p(text_box(p(t("框"))) + t("甲")), "框\n甲"),
    "text box once, after its paragraph": (p(t("甲") + text_box(p(t("框")))), "甲\n框"),
    "text box by fallback alone": (
        p('<w:r><mc:AlternateContent><mc:Choice Requires="x"/><mc:Fallback><w:pict><v:textbox><w:txbxContent>' + p(t("框")) + "</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"),
        "框",
    ),
    "text boxes of a group": (p(w("r", w("pict", "<v:group>" + ("<v:shape><v:textbox>" + w("txbxContent", p(t("框"))) + "</v:textbox></v:shape>") * 2 + "</v:group>"))), "框\n框"),
    "blocks with a fallback": ("<mc:AlternateContent><mc:Choice>" + p(t("甲")) + "</mc:Choice><mc:Fallback>" + p(t("甲")) + "</mc:Fallback></mc:AlternateContent>", "甲"),
    "table": (w("tbl", row(p(t("类别")), p(t("数量"))) + row(p(t("小学")), p(t("30")))), "类别\t数量\n小学\t30"),
    "cell of two short paragraphs": (w("tbl", row(p(t("类别")), p(t("数")) + p(t("量")))), "类别\t数 量"),
    "one-celled table": (w("tbl", row(p(t("甲")) + p(t("乙")))), "甲\n乙"),
    "layout table": (w("tbl", row(p(t("甲")), p(t("一、基本情况")) + p(t("县" * 100)))), "甲\n一、基本情况\n" + "县" * 100),
    "nested table": (w("tbl", row(p(t("甲")), w("tbl", row(p(t("乙")), p(t("丙")))) + p(""))), "甲\t乙 丙"),
    "merged downwards": (w("tbl", row(merged("restart"), p(t("10"))) + row(merged("continue"), p(t("20")))), "小学\t10\n小学\t20"),
    "merged across": (w("tbl", row(w("tc", w("tcPr", w("gridSpan", val="2")) + p(t("合计"))), p(t("3"))) + row(p(t("a")), p(t("b")), p(t("c")))), "合计\t3\na\tb\tc"),
    "merged across, the old way": (w("tbl", row(w("tc", w("tcPr", w("hMerge", val="restart")) + p(t("合计"))), w("tc", w("tcPr", w("hMerge")) + p(t("无"))), p(t("3")))), "合计\t3"),
    "deleted row": (w("tbl", row(p(t("甲")), p(t("乙")), properties=w("trPr", w("del"))) + row(p(t("丙")), p(t("丁")))), "丙\t丁"),
    "row in a content control": (w("tbl", w("sdt", w("sdtContent", row(p(t("甲")), p(t("乙")))))), "甲\t乙"),
}  # fmt: skip


@pytest.mark.parametrize("label", CASES)
def test_read_docx_gives_what_word_shows(label):
    body, wanted = CASES[label]
    document = read_document(docx(body), name="a.docx")
    assert document.text == wanted
    assert document.format == "docx"


def test_read_docx_header_and_footer_are_out():
    assert read_document(docx(p(t("甲")), header=p(t("页眉")), footer=p(t("页脚")))).text == "甲"


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_read_docx_notes_follow_their_paragraph(kind):
    notes = w(kind, p(t("分隔")), type="separator", id="-1") + w(
        kind, p(w("r", w(f"{kind}Ref")) + t("注文") + w("r", w(f"{kind}Reference", id="1"))), id="1"
    )  # the note names itself: it is still written once
    body = p(t("甲") + w("r", w(f"{kind}Reference", id="1")) + t("乙")) + p(t("丙"))
    assert read_document(docx(body, **{f"{kind}s": notes})).text == "甲乙\n注文\n丙"


def test_read_docx_note_of_a_table_follows_the_row_group():
    notes = w("footnote", p(t("注文")), id="1")
    body = w("tbl", row(p(t("甲") + w("r", w("footnoteReference", id="1"))), p(t("乙")))) + p(t("丙"))
    assert read_document(docx(body, footnotes=notes)).text == "甲\t乙\n注文\n丙"


def test_read_docx_text_hidden_by_style():
    styles = w("style", w("rPr", w("vanish")), type="character", styleId="H")
    body = p(t("甲") + w("r", w("rPr", w("rStyle", val="H")) + w("t", "乙")))
    assert read_document(docx(body, styles=styles)).text == "甲"


def test_read_docx_strict_namespace_and_another_main_part():
    data = docx(p("全县有学校。", num(1, 0)), numbering=numbering(level(0, "%1、", "chineseCounting")))
    strict = package(
        {
            name: content.replace(W_NS.encode(), b"http://purl.oclc.org/ooxml/wordprocessingml/main")
            .replace(b"word/document.xml", b"word/main.xml")
            .replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                b"http://purl.oclc.org/ooxml/officeDocument/relationships",
            )
            for name, content in members(data).items()
        }
    )
    assert read_document(strict, name="a.docm").text == "一、全县有学校。"


def members(data: bytes) -> dict[str, bytes]:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name.replace("word/document.xml", "word/main.xml").replace(
                "document.xml.rels", "main.xml.rels"
            ): archive.read(name)
            for name in archive.namelist()
        }


def test_read_docx_content_decides_over_the_suffix():
    assert read_document(docx(p(t("甲"))), name="a.wps").text == "甲"
    assert read_document(docx(p(t("甲"))), name="a.txt").format == "docx"


def test_read_docx_without_text_says_whether_there_are_pictures():
    with pytest.raises(ReadError, match="OCR"):
        read_document(docx(p(""), extra={"word/media/image1.png": b"x"}), name="a.docx")
    with pytest.raises(ReadError, match="no text"):
        read_document(docx(p("")), name="a.docx")


def test_read_docx_embedded_document_is_told():
    document = read_document(docx(p(t("甲")) + w("altChunk")))
    assert document.warnings == ("an embedded document is not read",)


# Numbering ------------------------------------------------------------------------------------------------------------


def numbered(*items: tuple[int, int] | None, definition: str) -> list[str]:
    body = "".join(p(t("项")) if item is None else p(t("项"), num(*item)) for item in items)
    return [line[:-1] for line in read_document(docx(body, numbering=definition)).text.split("\n")]


LADDER = (
    level(0, "%1、", "chineseCounting"),
    level(1, "（%2）", "chineseCountingThousand"),
    level(2, "%3."),
    level(3, "%4", "decimalEnclosedCircle"),
)


@pytest.mark.parametrize(
    ("label", "definition", "items", "wanted"),
    [
        ("levels restart", numbering(*LADDER), [(1, 0), (1, 1), (1, 1), (1, 0), (1, 1), (1, 2), (1, 3), (1, 3)],
         ["一、", "（一）", "（二）", "二、", "（一）", "1.", "①", "②"]),
        ("text between does not restart", numbering(*LADDER), [(1, 0), None, (1, 0)], ["一、", "", "二、"]),
        ("number 0 is none", numbering(*LADDER), [(1, 0), (0, 0), (1, 0)], ["一、", "", "二、"]),
        ("unknown number is none", numbering(*LADDER), [(7, 0), (1, 0)], ["", "一、"]),
        ("kin share a count", numbering(*LADDER, nums=w("num", w("abstractNumId", val="0"), numId="2")),
         [(1, 0), (2, 0)], ["一、", "二、"]),
        ("start override restarts once",
         numbering(*LADDER, nums=w("num", w("abstractNumId", val="0") + w("lvlOverride", w("startOverride", val="1"), ilvl="0"), numId="2")),
         [(1, 0), (1, 0), (2, 0), (2, 0)], ["一、", "二、", "一、", "二、"]),
        ("level override", numbering(*LADDER, nums=w("num", w("abstractNumId", val="0") + w("lvlOverride", level(0, "第%1章", "chineseCounting", start=3), ilvl="0"), numId="2")),
         [(2, 0), (2, 0)], ["第三章", "第四章"]),
        ("levels above that were never met", numbering(level(0, "%1."), level(1, "%1.%2")), [(1, 1), (1, 1)], ["1.1", "1.2"]),
        ("legal numbering", numbering(level(0, "%1、", "chineseCounting"), level(1, "%1.%2.", extra=w("isLgl"))), [(1, 0), (1, 1)], ["一、", "1.1."]),
        ("never restarts", numbering(level(0, "%1."), level(1, "(%2)", extra=w("lvlRestart", val="0"))),
         [(1, 0), (1, 1), (1, 0), (1, 1)], ["1.", "(1)", "2.", "(2)"]),
        ("restarts after the top level only", numbering(level(0, "%1."), level(1, "(%2)"), level(2, "<%3>".replace("<", "[").replace(">", "]"), extra=w("lvlRestart", val="1"))),
         [(1, 0), (1, 1), (1, 2), (1, 1), (1, 2), (1, 0), (1, 1), (1, 2)], ["1.", "(1)", "[1]", "(2)", "[2]", "2.", "(1)", "[1]"]),
        ("bullets are no numbers", numbering(level(0, "\uf0b7", "bullet")), [(1, 0)], [""]),
        ("custom format", numbering(level(0, "%1.", "custom").replace('w:val="custom"', 'w:val="custom" w:format="001, 002, 003, ..."')), [(1, 0)], ["001."]),
        ("text around the number", numbering(level(0, "第%1部分 ", "chineseCounting")), [(1, 0)], ["第一部分"]),
        ("lone percent sign", numbering(level(0, "%%1%")), [(1, 0)], ["%1%"]),
    ],
    ids=lambda value: value if isinstance(value, str) and "<" not in value else "",
)  # fmt: skip
def test_read_docx_automatic_numbers(label, definition, items, wanted):
    assert numbered(*items, definition=definition) == wanted


def styled(name: str, properties: str, based_on: str = "", **attributes: str) -> str:
    based = w("basedOn", val=based_on) if based_on else ""
    return w("style", based + w("pPr", properties), type="paragraph", styleId=name, **attributes)


def test_read_docx_numbers_by_style_its_base_and_the_default_style():
    styles = (
        styled("H1", num(1, 0))
        + styled("H2", w("numPr", w("numId", val="1")))  # its level is the one that names it
        + styled("H2b", "", based_on="H2")
        + styled("Loop", "", based_on="Loop")
        + styled("Normal", "", default="1")
    )
    definition = numbering(LADDER[0], level(1, "(%2)", extra=w("pStyle", val="H2")))
    body = "".join(
        p(t("项"), w("pStyle", val=name) + extra)
        for name, extra in (
            ("H1", ""),
            ("H2", ""),
            ("H2b", ""),
            ("Loop", ""),
            ("H1", w("numPr", w("numId", val="0"))),
            ("H1", w("numPr", w("ilvl", val="1"))),
        )
    )
    text = read_document(docx(body + p(t("尾")), numbering=definition, styles=styles)).text
    assert text.split("\n") == ["一、项", "(1)项", "(2)项", "项", "项", "(3)项", "尾"]


def test_read_docx_numbers_by_a_numbering_style():
    definition = (
        w("abstractNum", w("styleLink", val="L") + LADDER[0], abstractNumId="0")
        + w("abstractNum", w("numStyleLink", val="L"), abstractNumId="1")
        + w("num", w("abstractNumId", val="0"), numId="1")
        + w("num", w("abstractNumId", val="1"), numId="2")
    )
    styles = w("style", w("pPr", w("numPr", w("numId", val="1"))), type="numbering", styleId="L")
    assert read_document(docx(p(t("项"), num(2, 0)), numbering=definition, styles=styles)).text == "一、项"


def test_read_docx_bare_number_stands_apart_from_latin_text():
    definition = numbering(level(0, "%1"))
    text = read_document(docx(p(t("基本情况"), num(1, 0)) + p(t("3D教室"), num(1, 0)), numbering=definition)).text
    assert text == "1基本情况\n2 3D教室"


def test_read_docx_deleted_paragraph_is_not_counted():
    body = p(t("甲"), num(1, 0)) + p(w("del", w("r", w("delText", "乙"))), num(1, 0) + w("rPr", w("del")))
    body += p(t("丙"), num(1, 0))
    assert read_document(docx(body, numbering=numbering(LADDER[0]))).text == "一、甲\n二、丙"


@pytest.mark.parametrize(
    ("how", "numbers"),
    [
        ("decimal", {1: "1", 12: "12"}),
        ("decimalZero", {3: "03", 12: "12"}),
        ("decimalFullWidth", {12: "１２"}),
        ("chineseCounting", {1: "一", 10: "十", 11: "十一", 20: "二十", 99: "九十九", 105: "一〇五"}),
        ("chineseCountingThousand", {10: "十", 101: "一百零一", 110: "一百一十", 1001: "一千零一", 12003: "一万二千零三", 20012: "二万零一十二"}),
        ("ideographDigital", {10: "一〇", 12: "一二"}),
        ("chineseLegalSimplified", {2: "贰", 10: "壹拾", 21: "贰拾壹"}),
        ("ideographTraditional", {1: "甲", 11: "甲"}),
        ("ideographZodiac", {2: "丑"}),
        ("ideographEnclosedCircle", {1: "㊀", 11: "11"}),
        ("decimalEnclosedCircle", {1: "①", 20: "⑳", 21: "㉑", 36: "㊱", 50: "㊿", 51: "51"}),
        ("decimalEnclosedParen", {2: "⑵"}),
        ("decimalEnclosedFullstop", {2: "⒉"}),
        ("upperRoman", {4: "IV", 1990: "MCMXC", 0: "0", 4000: "4000"}),
        ("lowerRoman", {9: "ix"}),
        ("upperLetter", {1: "A", 27: "AA"}),
        ("lowerLetter", {28: "bb", 0: "0"}),
        ("nobodyKnows", {7: "7"}),
    ],
)  # fmt: skip
def test_format_number_writes_as_word_does(how, numbers):
    assert {number: format_number(number, how) for number in numbers} == numbers
