"""Text in the cells of spreadsheets and terminals: shown as what it is, never run, never a reason for a file not to open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

# What no XML holds and no screen should be sent: control characters show as their pictures (␀, ␛), one for one, so that offsets into
# the text stay right; single surrogates and the two non-characters show as U+FFFD.
_FORMLESS = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
    **dict.fromkeys((0xFFFE, 0xFFFF), 0xFFFD),
}
# Marks that turn the direction of all text behind them: on a terminal they would reach beyond the text that holds them.
_DIRECTIONS = dict.fromkeys((0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD)
# What a spreadsheet takes for a formula, also in full width (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# In a workbook's XML "_x000D_" stands for a character, to Excel and LibreOffice but not to every reader; a wide line is one to all.
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
LONGEST = 32_767  # UTF-16 units in a cell of Excel
CUT = "……〔超出单元格上限，其余从略〕"


def plain(text: str) -> str:
    """The text without characters that have no form, as many characters as before."""
    return text.translate(_FORMLESS)


def safe_cell(text: str) -> str:
    """The text of a CSV cell; one that a spreadsheet would take for a formula gets an apostrophe in front."""
    text = plain(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def safe_row(row: Iterable[Any]) -> list[Any]:
    """The cells of a CSV row, its texts by `safe_cell`; numbers stay numbers."""
    return [safe_cell(cell) if isinstance(cell, str) else cell for cell in row]


def sheet_cell(text: str) -> str:
    """The text of a workbook's cell: line ends as one character, and no longer than a cell can be.

    Such a cell says of its text that it is text: nothing need stand in front.
    """
    text = _ESCAPE.sub("＿", plain(text).replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) <= LONGEST // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return text
    return units[: 2 * (LONGEST - len(CUT))].decode("utf-16-le", errors="ignore") + CUT


def opens_like_a_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula if somebody typed it."""
    return text.startswith(_FORMULA)


def screen_text(text: str) -> str:
    """The text for a terminal: nothing that moves the cursor or turns the direction, as many characters as before."""
    return plain(text).translate(_DIRECTIONS).replace("\t", " ").replace("\r\n", " \n").replace("\r", "\n")
