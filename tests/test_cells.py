from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dudao.render.cells import CUT, LONGEST, plain, safe_cell, screen_text, sheet_cell

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_csv_cell_that_looks_like_a_formula_gets_an_apostrophe(first):
    assert safe_cell(f"{first}1+1") == f"'{first}1+1"


@pytest.mark.parametrize("text", ["教师", "1+1", "a=b", "", "'=1", "〔2017〕49号"])
def test_csv_cell_of_other_text_stays_as_it_is(text):
    assert safe_cell(text) == text


@given(ANY_TEXT)
def test_any_csv_cell_is_utf8_and_read_back_as_written(text):
    file = io.StringIO(newline="")
    csv.writer(file).writerow([safe_cell(text), "end"])
    file.getvalue().encode()
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [safe_cell(text), "end"]


@given(ANY_TEXT)
def test_plain_and_screen_text_keep_the_places_of_characters(text):
    assert len(plain(text)) == len(screen_text(text)) == len(text)
    assert not set(screen_text(text)) & {chr(code) for code in range(0x20) if code != 0x0A}


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200f", "\x7f", "\ud800"])
def test_screen_text_holds_nothing_that_acts_on_a_terminal(char):
    assert char not in screen_text(f"教{char}师")


@pytest.mark.parametrize("char", ["教", "𠮷", "😀"])
def test_sheet_cell_is_cut_by_utf16_units_and_never_inside_a_character(char):
    units = len(char.encode("utf-16-le")) // 2
    assert sheet_cell(char * (LONGEST // units)) == char * (LONGEST // units)
    cut = sheet_cell("a" + char * LONGEST)
    assert cut.endswith(char + CUT)
    assert LONGEST - 1 <= len(cut.encode("utf-16-le")) // 2 <= LONGEST


def test_sheet_cell_has_one_kind_of_line_end_and_no_escapes():
    assert sheet_cell("一\r\n二\r三\n") == "一\n二\n三\n"
    assert sheet_cell("_x000D_ a_xyz_ _x41_") == "＿x000D_ a_xyz_ _x41_"
