"""What a pattern is asked for: a cheap look at a line lets through everything that the pattern fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dudao import ledger
from dudao.outline import closing, frame, furniture, parts, tables, unnumbered, wrapping
from dudao.outline.lines import Line
from dudao.patterns import holds, later


def test_later_gives_what_re_compile_gives():
    plain, found = re.compile("(一)|二", re.I), later("(一)|二", re.I)
    assert found.pattern == plain.pattern
    assert found.sub("x", "一二三") == plain.sub("x", "一二三")
    assert found.findall("一二") == plain.findall("一二")
    assert found.fullmatch("一二") is None


LOOKS = [
    (furniture._LABEL, furniture.is_furniture),
    (furniture._PAGE_NUMBER, furniture.is_furniture),
    (furniture.DATE_LINE, lambda text: furniture.is_date(text, 0, len(text))),
    (furniture.DATE_AT_END, lambda text: furniture.date_at_end(text, 0, len(text)) is not None),
    (closing._IMPRINT, lambda text: closing._is_imprint(text, 0, len(text))),
    (closing._ATTACHMENT, lambda text: closing.is_attachment(text, 0, len(text))),
    (closing._SEAL, lambda text: holds(text, 0, len(text), closing._SEAL_WORDS)),
    (frame._CHECK_END, lambda text: "自评" in text or "自查" in text),
    (frame._COVERING, frame.is_covering),
    (frame._NUMBER_LINE, lambda text: frame._is_subtitle(text, Line(0, len(text), 0))),
    (frame._PIECE_NUMBER, lambda text: text[0] in "第篇文"),
    (frame._ADDRESSEE, lambda text: text[-1] in ":："),
    (parts._NUMBERED, lambda text: parts._can_be_numbered(text, 0, len(text))),
    (tables._FIGURE_CELL, tables._holds_figure),
    (tables._CONTENTS_LINE, lambda text: text[-1] in "0123456789"),
    (tables._CONTENTS_ENTRY, lambda text: text[-1] in "0123456789"),
    (tables._CONTENTS_HEAD, lambda text: text[0] == "目"),
    (unnumbered._SCORE_LINE, lambda text: text[-1] in "0123456789分)）" or text[-1].isspace()),
    (unnumbered._ITEM_START, lambda text: text[0] in unnumbered._ITEM_BEGINS),
    (unnumbered._SLOGAN, lambda text: holds(text, 0, unnumbered._LONGEST_SLOGAN, "。！")),
    (ledger._TERM, lambda text: holds(text, 0, len(text), ledger._TERM_WORDS)),
]


@pytest.mark.parametrize(("pattern", "look"), LOOKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_look_at_a_line_lets_through_what_its_pattern_fits(pattern, look, data):
    line = data.draw(st.from_regex(pattern.pattern, fullmatch=True))
    if look is furniture.is_furniture:
        assume(len(line) <= furniture._LONGEST_FURNITURE and line[-1] not in "。；" and line[0] not in "•●▪◆■")
    assert look(line)


FRAGMENT = re.compile(r"[0-9０-９A-Za-z.．,%％+\-—~〔〕\[\]()（）<>×*/:]{1,24}[、.．]?")


@example("9" * 24 + ".")
@example("9" * 25)
@example("、")
@given(st.text(st.sampled_from("0９aZ.．、,%％+-—~〔〕[]()（）<>×*/: 年"), min_size=1, max_size=27))
def test_fragment_is_figure_or_latin_word_and_one_mark(text):
    found = wrapping._is_fragment(text, Line(0, len(text), 0))
    assert found == (FRAGMENT.fullmatch(text) is not None)


NUMBER = "[0-9０-９〇零一二两三四五六七八九十百]"


@given(st.text(st.sampled_from("0９〇零一两百是要、.(）县年"), max_size=6))
def test_marker_of_a_clause_is_what_the_set_of_all_numerals_finds(text):
    plain = re.compile(rf"\s*(?:{NUMBER}+(?:是|要)|[(（]?{NUMBER}+[)）、.．])").match(text)
    found = ledger._MARKER.match(text.translate(ledger._AS_NINE))
    assert (found and found.span()) == (plain and plain.span())


OFFICE = rf"(?:中共)?[^，。；：:,;、\s0-9]{{2,24}}?{closing.OFFICE}"
OFFICES = re.compile(rf"{OFFICE}(?:\s+{OFFICE}){{0,2}}\s*(?:[(（]\s*(?:公?章|盖章|印章|加盖公章)\s*[)）])?")
PIECES = [
    "某县",
    "人民政府",
    "教育局",
    "办公室",
    "局",
    " ",
    "\u3000",
    "（盖章）",
    "( 章 )",
    "（公章",
    "）",
    "中共",
    "布局",
    "1",
    "县委",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join).map(str.strip).filter(bool))
def test_offices_are_up_to_three_with_one_seal_behind_the_last(piece):
    assert closing._are_offices(piece) == (OFFICES.fullmatch(piece) is not None)
