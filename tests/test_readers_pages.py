"""PDF and OFD, and the lines that their print is put together to."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import A4, Piece, ofd, package, pdf, printed
from dudao import Limits, ReadError, read_document
from dudao.readers import pdf_process
from dudao.readers.glyphs import Glyph, readable
from dudao.readers.page_lines import lines_of
from dudao.readers.pdf import _error

BODY = (
    "全县教育支出比上年增长百分之六，教师工资按月足额发放到位，学校建设进展顺利，校园安全形势平稳，群众满意度稳步提高。"
)


def page(*lines: str, left: float = 0, first: int = 0) -> list[Glyph]:
    """Rows of type, one unit a character, half of it for ASCII; full-width blanks indent."""
    glyphs = []
    for number, line in enumerate(lines, first):
        x = left
        for char in line:
            wide = 0.5 if char.isascii() else 1.0
            if not char.isspace():
                glyphs.append(Glyph(char, x, 2 * number, x + wide, 2 * number + 1))
            x += wide
    return glyphs


ROW = "县" * 20


def rows_of_page(number: int) -> list[str]:
    """Four rows of text that no other page has."""
    return [chr(0x5000 + 100 * number + row) * 20 for row in range(4)]


def test_lines_of_indented_paragraphs_are_joined():
    first = ["\u3000\u3000" + ROW[2:], ROW, "县县。"]
    second = ["\u3000\u3000" + ROW[2:], ROW, "县县县。"]
    assert lines_of([page(*first, *second)]) == ["县" * 40 + "。", "县" * 41 + "。"]


def test_lines_of_a_paragraph_that_ends_at_the_margin_is_not_joined_to_an_indented_one():
    rows = ["\u3000\u3000" + ROW[2:], "县" * 19 + "。", "\u3000\u3000" + ROW[2:], ROW, "完。"]
    assert lines_of([page(*rows)]) == ["县" * 37 + "。", "县" * 38 + "完。"]


def test_lines_of_headings_stay_by_themselves_without_indents_too():
    rows = ["一、基本情况", ROW, ROW, "县县。", "二、自查情况", ROW, ROW, "县。"]
    assert lines_of([page(*rows)]) == ["一、基本情况", "县" * 42 + "。", "二、自查情况", "县" * 41 + "。"]


def test_lines_of_a_wrapped_heading_is_one_line():
    heading = "(一)" + "育" * 22
    rows = ["\u3000\u3000" + heading[:19], heading[19:], "\u3000\u3000" + ROW[2:], ROW, "完。", "\u3000\u3000" + ROW[2:], "完。"]  # fmt: skip
    assert lines_of([page(*rows)])[0] == heading


def test_lines_of_a_row_that_had_room_for_the_next_word_ends_a_paragraph():
    # 18 of 20 places are taken: a character would have fitted, a number of six digits would not.
    rows = [ROW, "县" * 18, "县" * 6, ROW, "县" * 18, "12345.6万元", ROW, ROW]
    assert lines_of([page(*rows)])[:2] == ["县" * 38, "县" * 6]
    assert lines_of([page(*rows)])[2].startswith("县" * 38 + "12345.6万元")


def test_lines_of_a_number_at_the_head_of_a_row_does_not_break_a_sentence():
    rows = [ROW, ROW, "1.5万元用于", ROW, ROW, "完。"]
    assert lines_of([page(*rows)])[0].startswith(ROW + ROW + "1.5万元")


def test_lines_of_pages_go_on_over_the_border_without_headers_and_numbers():
    pages = [page("某县自评材料", *rows_of_page(n), f"\u3000\u3000\u3000\u3000\u3000- {n} -") for n in range(1, 5)]
    assert lines_of(pages) == ["".join(row for n in range(1, 5) for row in rows_of_page(n))]


def test_lines_of_running_header_with_a_page_number_in_it_and_two_kinds_of_pages():
    odd, even = "某县教育局", "自评报告"
    pages = [page(f"{(odd, even)[n % 2]} {n}", *rows_of_page(n)) for n in range(1, 7)]
    assert lines_of(pages) == ["".join(row for n in range(1, 7) for row in rows_of_page(n))]


def test_lines_of_pages_that_are_all_alike_is_not_nothing():
    assert "".join(lines_of([page(ROW)] * 3)) == ROW * 3


def test_lines_of_one_page_keeps_a_title_and_drops_its_number():
    assert lines_of([page("某县自评报告", ROW, ROW, "完。", "— 1 —")])[0] == "某县自评报告"
    assert lines_of([page("某县自评报告", ROW, ROW, "完。", "— 1 —")])[-1].endswith("完。")


def test_lines_of_two_columns_written_across_are_read_one_after_the_other():
    left = ["甲" * 20] * 8
    right = ["乙" * 20] * 8
    glyphs = []
    for number in range(8):
        glyphs += page(left[number], first=number) + page(right[number], left=23, first=number)
    assert lines_of([glyphs]) == ["甲" * 160 + "乙" * 160]


def test_lines_of_title_over_two_columns_comes_first():
    glyphs = page("题" * 30, left=6)
    for number in range(1, 9):
        glyphs += page("甲" * 20, first=number) + page("乙" * 20, left=23, first=number)
    assert lines_of([glyphs]) == ["题" * 30, "甲" * 160 + "乙" * 160]


def test_lines_of_table_rows_have_tabs_and_are_not_joined():
    glyphs = page(ROW, ROW)
    for number, (name, count) in enumerate([("小学", "30"), ("初中", "12"), ("高中", "2")], 2):
        glyphs += page(name, first=number) + page(count, left=10, first=number)
    assert lines_of([glyphs]) == [ROW + ROW, "小学\t30", "初中\t12", "高中\t2"]


def test_lines_of_bold_by_double_print_comes_once():
    glyphs = [copy for glyph in page("一、基本情况") for copy in (glyph, glyph._replace(x0=glyph.x0 + 0.02))]
    assert lines_of([glyphs]) == ["一、基本情况"]
    twice = page("一、基本情况")
    assert lines_of([[*twice, *(glyph._replace(x0=glyph.x0 + 0.02, x1=glyph.x1 + 0.02) for glyph in twice)]]) == [
        "一、基本情况"
    ]


def test_lines_of_another_size_of_type_does_not_go_on():
    title = [glyph._replace(x1=glyph.x0 + 1.4) for glyph in page(ROW)]
    title = [Glyph(g.text, 1.4 * g.x0, g.top, 1.4 * g.x0 + 1.4, g.bottom + 0.4) for g in title[:14]]
    assert lines_of([title + page(ROW, ROW, "完。", first=1)])[0] == "县" * 14


def test_lines_of_a_title_on_two_rows_in_the_middle_is_one_line():
    def larger(text: str, x: float, top: float) -> list[Glyph]:
        return [Glyph(c, x + 1.4 * n, top, x + 1.4 * (n + 1), top + 1.4) for n, c in enumerate(text)]

    title = [*larger("县" * 14, 0.2, -6), *larger("自评报告", 7.2, -3)]
    assert lines_of([title + page(ROW, ROW, ROW, "完。")]) == ["县" * 14 + "自评报告", ROW * 3 + "完。"]


def test_lines_of_words_keep_their_blanks():
    assert lines_of([page("Page one of A B", ROW)])[0] == "Page one of A B"


def test_lines_of_marks_that_hang_over_the_margin_do_not_widen_it():
    rows = ["县" * 20 + "，", "县" * 20 + "，", *["县" * 20] * 6, "5元，" + "县" * 17]
    assert lines_of([page(*rows)]) == ["".join(rows)]


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(-20, 40), st.integers(-10, 60), st.integers(0, 4), st.text("一二县。，(a1 ①", max_size=12)
            ),
            max_size=12,
        ),
        max_size=4,
    )
)
def test_lines_of_any_print_makes_nothing_up_and_ends(pages):
    glyphs = [
        [
            Glyph(char, x + n * size, y, x + (n + 1) * size, y + size)
            for x, y, size, text in runs
            for n, char in enumerate(text)
        ]
        for runs in pages
    ]
    given_characters = Counter(glyph.text for page in glyphs for glyph in page)
    found = Counter("".join(lines_of(glyphs)).replace(" ", "").replace("\t", ""))
    assert not found - given_characters


def test_lines_of_nothing():
    assert lines_of([]) == lines_of([[]]) == []


@pytest.mark.parametrize(
    ("char", "shown"),
    [("⼀", "一"), ("⻓", "长"), ("⺠", "民"), ("⻅", "见"), ("\uf900", "豈"), ("①", "①"), ("（", "（"), ("\u200b", "\u200b"), ("\x02", ""), ("\ufffe", ""), ("ﬁ", "fi"), ("⺚", "⺚")],
)  # fmt: skip
def test_readable_maps_radicals_and_nothing_that_the_outline_needs(char, shown):
    assert readable(char) == shown


# PDF -------------------------------------------------------------------------------------------------------------------


def one_page(*lines: str) -> list[list[Piece]]:
    return [[(80, 100 + 30 * n, 16, line) for n, line in enumerate(lines)]]


def test_read_pdf_radicals_are_mapped():
    # The font's own map has no radicals, so that they come as themselves in an own map only: through OFD.
    assert read_document(ofd(one_page("⼀、⻓期坚持为⺠办学")), name="a.ofd").text == "一、长期坚持为民办学"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_read_pdf_rotated_pages_are_read_as_they_are_seen(turn):
    # A page that lies on its side in the file: each row of text runs along the other axis.
    import re

    data = pdf(one_page("1. Overview", "A row of Latin type, whose letters PDFium draws itself."))
    width, height = A4
    matrix = {90: (0, 1, -1, 0, width, 0), 180: (-1, 0, 0, -1, width, height), 270: (0, -1, 1, 0, 0, height)}[turn]
    data = data.replace(b"/MediaBox", b"/Rotate %d /MediaBox" % turn)

    def wrapped(match: re.Match[bytes]) -> bytes:
        content = b"q %d %d %d %d %d %d cm\n" % matrix + match.group(2) + b"Q\n"
        return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)

    data = re.sub(rb"<< /Length (\d+) >>\nstream\n(BT.*?)\nendstream", wrapped, data, flags=re.S)
    assert read_document(data, name="a.pdf").text.split("\n")[0] == "1. Overview"


def test_read_pdf_scan_needs_ocr():
    with pytest.raises(ReadError, match="needs OCR"):
        read_document(pdf([[], []], picture=True), name="a.pdf")
    with pytest.raises(ReadError, match="needs OCR"):
        read_document(pdf([[(280, 800, 12, "- 1 -")]], picture=True), name="a.pdf")


def test_read_pdf_scanned_page_among_others_is_told():
    data = pdf([one_page(BODY[:20])[0], [], one_page(BODY[:24])[0]], picture=True)
    assert read_document(data, name="a.pdf").warnings == ("page 2 holds a picture and no text: it needs OCR",)


def test_read_pdf_empty_page_says_so():
    with pytest.raises(ReadError, match="no text"):
        read_document(pdf([[]]), name="a.pdf")


def test_read_pdf_password():
    with pytest.raises(ReadError, match="password"):
        read_document(pdf(one_page(BODY), encrypted=True), name="a.pdf")


def test_read_pdf_cut_short():
    data = pdf(printed([BODY] * 30))
    for share in (0.3, 0.6, 0.97):
        with pytest.raises(ReadError, match="cut short"):
            read_document(data[: int(share * len(data))], name="a.pdf")


def test_read_pdf_damaged_but_whole_is_no_crash():
    data = pdf(one_page(BODY))
    with pytest.raises(ReadError, match="damaged"):
        read_document(b"%PDF-1.4\n" + b"\x00\xff" * 500 + b"\n%%EOF", name="a.pdf")
    # With its cross-references broken the library still finds the objects.
    assert "全县教育支出" in read_document(data.replace(b"xref\n0 ", b"xxxx\n0 "), name="a.pdf").text


@pytest.mark.parametrize(("missing", "fault"), [(20, True), (1, False)])
def test_read_pdf_characters_that_the_library_drops_are_told_or_too_many(missing, fault, monkeypatch):
    # Whether it drops any depends on the fonts of the machine.
    monkeypatch.setattr(pdf_process, "lost_pieces", lambda *_: iter(["STSong-Light"] * missing))
    data = pdf(one_page(BODY[:30]))
    if fault:
        with pytest.raises(pdf_process.FaultError, match="font"):
            pdf_process.read(data, most_pages=5)
    else:
        assert "1 single characters in the font STSong-Light" in pdf_process.read(data, most_pages=5)["warnings"][0]
    assert "neither in the file nor installed" in str(_error("font", "a.pdf", Limits()))


def test_lost_pieces_counts_only_fonts_that_are_not_there():
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf(one_page(BODY[:30])))
    assert list(pdf_process.lost_pieces(pypdfium2.raw, document[0])) == []


def test_read_pdf_too_many_pages():
    with pytest.raises(ReadError, match="more than 2 pages"):
        read_document(pdf([[]] * 3), name="a.pdf", limits=Limits(pages=2))


def test_read_pdf_takes_no_longer_than_allowed():
    with pytest.raises(ReadError, match="longer than"):
        read_document(pdf(one_page(BODY)), name="a.pdf", limits=Limits(seconds=0.01))


def test_read_pdf_memory_is_bounded():
    with pytest.raises(ReadError, match=r"memory|library failed"):
        read_document(pdf(one_page(BODY)), name="a.pdf", limits=Limits(memory=30_000_000))


def test_read_pdf_library_that_dies_does_not_take_the_process_along(monkeypatch):
    def dead(*_, **__):
        return subprocess.CompletedProcess([], -11, b"", b"")

    monkeypatch.setattr(subprocess, "run", dead)
    with pytest.raises(ReadError, match="library failed"):
        read_document(pdf(one_page(BODY)), name="a.pdf")


# OFD -------------------------------------------------------------------------------------------------------------------

PAGE = "<Page><Content><Layer><PageBlock>{}</PageBlock></Layer></Content></Page>"


def ofd_page(content: str, **extra: str) -> bytes:
    return package(
        {
            "OFD.xml": "<OFD><DocBody><DocRoot>/Doc/D.xml</DocRoot></DocBody></OFD>",
            "Doc/D.xml": '<Document><Pages><Page BaseLoc="P/c.xml"/></Pages></Document>',
            "Doc/P/c.xml": PAGE.format(content),
            **extra,
        }
    )


def text_object(codes: str, **attributes: str) -> str:
    given = "".join(
        f' {name}="{value}"' for name, value in {"Boundary": "10 10 100 5", "Size": "5", **attributes}.items()
    )
    return f"<TextObject{given}>{codes}</TextObject>"


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        ('<TextCode X="0" Y="4" DeltaX="g 3 5">一、基本</TextCode>', "一、基本"),
        ('<TextCode X="0" Y="4">一、基本</TextCode>', "一、基本"),
        ('<TextCode X="0" Y="4" DeltaX="5 g 2 5">一、基本</TextCode>', "一、基本"),
        ('<TextCode X="0" Y="4" DeltaX="g 99999999 5">一、</TextCode><TextCode X="10">基本</TextCode>', "一、基本"),
        ('<TextCode X="0" Y="4" DeltaX="g x y">一、</TextCode>', "一、"),
        ('<TextCode X="nan" Y="inf">一、</TextCode>', "一、"),
    ],
)
def test_read_ofd_text_codes(codes, wanted):
    assert read_document(ofd_page(text_object(codes)), name="a.ofd").text == wanted


def test_read_ofd_matrix_scales_and_pages_may_be_named_from_the_root():
    content = text_object('<TextCode X="0" Y="1" DeltaX="g 3 1">一、基本</TextCode>', Size="1", CTM="5 0 0 5 0 0")
    content += text_object('<TextCode X="0" Y="4">下行下行下行</TextCode>', Boundary="10 20 100 5")
    data = ofd_page(content)
    assert read_document(data, name="a.ofd").text == "一、基本\n下行下行下行"


def test_read_ofd_faults_are_told():
    with pytest.raises(ReadError, match="part of the OFD"):
        read_document(package({"OFD.xml": "<OFD><DocBody><DocRoot>gone.xml</DocRoot></DocBody></OFD>"}), name="a.ofd")
    with pytest.raises(ReadError, match="password"):
        read_document(ofd_page("", **{"Encryptions.xml": "<a/>"}), name="a.ofd")
    with pytest.raises(ReadError, match="OCR"):
        read_document(ofd_page("<ImageObject/>"), name="a.ofd")
    with pytest.raises(ReadError, match="no text"):
        read_document(ofd_page(""), name="a.ofd")
    with pytest.raises(ReadError, match="more than 1 pages"):
        read_document(ofd(one_page(BODY) * 2), name="a.ofd", limits=Limits(pages=1))


def test_lines_of_number_too_wide_for_the_row_above_goes_on():
    # Digits of most sans serifs are wider than half a Han character, and a quarter of one stands before them.
    rows = [
        "\u3000\u3000全县各校按计划组织消防防震演练活动",
        "460余场次，排查并整改各类隐患若干处情况好",
        "转的学校有许多所，县里逐一复查并登记入册",
    ]
    rows[0] = rows[0][:18]
    glyphs = [
        Glyph(char, 10.0 * n, 20.0 * y, 10.0 * n + 10, 20.0 * y + 10)
        for y, row in enumerate([*rows, rows[2]])
        for n, char in enumerate(row)
        if char != "\u3000"
    ]
    assert len(lines_of([glyphs])) == 1


def test_lines_of_number_at_the_head_of_a_row_is_text_where_numbers_are_indented():
    wrapped = ["\u3000\u3000各校建成图书室一百间，", "藏书逐年增加并对外开放，", "学生人均册数达标。"]
    rows = [
        "\u3000\u3000一、办学条件",
        *wrapped,
        "\u3000\u3000二、作业管理",
        "\u3000\u3000学校作业总量逐日登记。",
        "一、二年级不留书面作业。",
        *wrapped,
    ]
    glyphs = [
        Glyph(char, 10.0 * n, 20.0 * y, 10.0 * n + 10, 20.0 * y + 10)
        for y, row in enumerate(rows)
        for n, char in enumerate(row)
        if char != "\u3000"
    ]
    assert lines_of([glyphs])[3] == "学校作业总量逐日登记。一、二年级不留书面作业。"
