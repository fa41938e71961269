"""Sheets of a workbook: a table each, with its header held in view, filters, widths and colours; all text is text.

Rows are streamed (openpyxl's write-only mode): memory holds one row at a time, and at the end the packed file.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from dudao.render.cells import CUT, opens_like_a_formula, plain, sheet_cell

_FONT, _SIZE = "微软雅黑", 10
_HEAD_FILL, _HEAD_INK, _LINE, _LINK_INK = "#1F4E5F", "#FFFFFF", "#D0D7DC", "#0B5CAD"
_LINE_HEIGHT, _TALLEST = 14.5, 409.0  # points; the second is Excel's limit
_MOST_ROWS = 1_048_576 - 100  # of a sheet, with room for notes


class Look(NamedTuple):
    """How a cell looks; colours are ``#rrggbb``."""

    fill: str = ""
    ink: str = ""
    bold: bool = False
    centred: bool = False
    number: str = ""  # as the spreadsheet thinks fit
    link: bool = False
    head: bool = False


PLAIN = Look()
CENTRED = Look(centred=True)
SHARE = Look(centred=True, number="0%")
QUIET = Look(ink="#66727A")
# Excel's own colours for bad, neutral and good.
STATES = {
    "missing": Look("#FFC7CE", "#9C0006", centred=True),
    "thin": Look("#FFEB9C", "#7F4F00", centred=True),
    "present": Look("#C6EFCE", "#006100", centred=True),
}


class Column(NamedTuple):
    """A column: its head, its width in characters of Latin text, and how its cells look."""

    title: str
    width: float
    look: Look = PLAIN


class Book:
    """A workbook in the making.

    Attributes
    ----------
    cut, replaced, left_out : int
        Cells whose text was too long, cells with characters that no file can hold, rows that found no room.
    """

    def __init__(self, *, title: str = "", subject: str = "") -> None:
        from openpyxl import Workbook

        self._book = Workbook(write_only=True)
        self._book.properties.title, self._book.properties.subject = plain(title)[:250], plain(subject)[:250]
        self._book.properties.creator = "dudao"
        self._styles: dict[tuple[Look, bool], Any] = {}
        self._sheets: list[Sheet] = []
        self.cut = self.replaced = self.left_out = 0

    def sheet(
        self, title: str, columns: Sequence[Column], *, frozen: int = 0, tab: str = "", outline: bool = False
    ) -> Sheet:
        """A new sheet; so many columns stay in view beside the header; with an outline at its side where rows fold."""
        sheet = Sheet(self, self._book.create_sheet(title), columns, frozen=frozen, tab=tab, outline=outline)
        self._sheets.append(sheet)
        return sheet

    def save(self, file: BinaryIO) -> None:
        """Write the workbook; nothing can be added afterwards."""
        for sheet in self._sheets:
            sheet.close()
        # At a full disk openpyxl leaves half-closed writers behind that complain when they are collected: let it finish in memory first.
        whole = io.BytesIO()
        self._book.save(whole)
        file.write(whole.getbuffer())

    def losses(self) -> tuple[str, ...]:
        """What the workbook does not hold as it was, a warning each."""
        lost = (
            (self.cut, f"{self.cut} cells were longer than a cell can be and are cut; JSON and CSV hold all of it"),
            (self.replaced, f"{self.replaced} cells held control characters, which are shown as marks"),
            (self.left_out, f"{self.left_out} rows found no room on their sheet; JSON and CSV hold all of them"),
        )
        return tuple(text for count, text in lost if count)

    def cell(self, sheet: Any, value: Any, look: Look) -> Any:
        """A cell; ``value`` is text, a number or nothing."""
        from openpyxl.cell import WriteOnlyCell

        if isinstance(value, str) and value:
            text = sheet_cell(value)
            self.cut += text.endswith(CUT) and not value.endswith(CUT)
            self.replaced += plain(value) != value
            cell = WriteOnlyCell(sheet, value=text)
            cell.data_type = "s"  # openpyxl takes "=…" for a formula and "#N/A" for an error
            cell._style = self._style(sheet, look, opens_like_a_formula(text))
            return cell
        cell = WriteOnlyCell(sheet, value=value or None if isinstance(value, str) else value)
        cell._style = self._style(sheet, look, False)
        return cell

    def _style(self, sheet: Any, look: Look, quoted: bool) -> Any:
        # One style array serves all cells that look alike: setting a font cell by cell takes twenty times as long.
        if (look, quoted) not in self._styles:
            from openpyxl.cell import WriteOnlyCell
            from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

            pattern = WriteOnlyCell(sheet)
            pattern.font = Font(
                name=_FONT,
                size=_SIZE,
                bold=look.bold,
                color=(_LINK_INK if look.link and not look.ink else look.ink or "#1B2327").lstrip("#"),
                underline="single" if look.link else None,
            )
            if look.fill:
                pattern.fill = PatternFill("solid", fgColor=look.fill.lstrip("#"))
            pattern.alignment = Alignment(
                wrap_text=True,
                vertical="center" if look.head else "top",
                horizontal="center" if look.centred else "left",
            )
            side = Side(style="thin", color=_LINE.lstrip("#"))
            pattern.border = Border(left=side, right=side, top=side, bottom=side)
            if look.number:
                pattern.number_format = look.number
            pattern.quotePrefix = quoted  # stays text also when somebody edits the cell
            self._styles[look, quoted] = pattern._style
        return self._styles[look, quoted]


class Sheet:
    """A table under its header, and notes below it."""

    def __init__(
        self, book: Book, sheet: Any, columns: Sequence[Column], *, frozen: int, tab: str, outline: bool
    ) -> None:
        from openpyxl.utils import get_column_letter

        self._book, self._sheet, self._columns = book, sheet, columns
        self._rows, self._feet, self._notes = 1, 0, 0
        for number, column in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(number)].width = column.width
        sheet.freeze_panes = f"{get_column_letter(frozen + 1)}2"
        sheet.sheet_view.zoomScale = 100
        sheet.sheet_properties.outlinePr.summaryBelow = False
        sheet.sheet_format.outlineLevelRow = int(outline)
        if tab:
            sheet.sheet_properties.tabColor = tab.lstrip("#")
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9  # A4
        sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight = True, 0
        sheet.print_title_rows = "1:1"
        sheet.oddFooter.center.text = "&A  第 &P 页，共 &N 页"
        margins = sheet.page_margins
        margins.left = margins.right = margins.top = 0.4
        margins.bottom, margins.footer = 0.7, 0.3
        sheet.row_dimensions[1].height = 32
        head = Look(_HEAD_FILL, _HEAD_INK, bold=True, centred=True, head=True)
        sheet.append([book.cell(sheet, column.title, head) for column in columns])

    @property
    def next_row(self) -> int:
        """The number that the next row will have."""
        return self._rows + 1

    def row(
        self,
        values: Sequence[Any],
        *,
        looks: Mapping[int, Look] | None = None,
        links: Mapping[int, str] | None = None,
        level: int = 0,
        folded: bool = False,
        foot: bool = False,
    ) -> None:
        """Append a row.

        Parameters
        ----------
        values : sequence
            A text, a number or None for each column.
        looks : mapping of int to Look, optional
            Cells that look unlike their column.
        links : mapping of int to str, optional
            Cells that lead to a place in the workbook, such as ``'分句'!A5``.
        level : int
            Depth in the outline at the sheet's side; what has one is hidden until it is unfolded there.
        folded : bool
            Rows below this one are hidden.
        foot : bool
            A total below the table, outside its filter.
        """
        if self._rows >= _MOST_ROWS:
            self._book.left_out += 1
            return
        self._rows += 1
        self._feet += foot
        cells = []
        for number, (value, column) in enumerate(zip(values, self._columns, strict=True)):
            look = (looks or {}).get(number, column.look)
            target = (links or {}).get(number)
            cell = self._book.cell(self._sheet, value, look._replace(link=True) if target else look)
            if target:
                from openpyxl.worksheet.hyperlink import Hyperlink

                cell.hyperlink = Hyperlink(ref="A1", location=target)
            cells.append(cell)
        dimension = self._sheet.row_dimensions[self._rows]
        # Written down, since LibreOffice and WPS do not fit the heights of rows when they open a file.
        lines = max(_lines(cell.value, column.width) for cell, column in zip(cells, self._columns, strict=True))
        dimension.height = min(_TALLEST, _LINE_HEIGHT * lines + 3)
        dimension.collapsed = folded
        if level:
            dimension.outlineLevel, dimension.hidden = level, True
        self._sheet.append(cells)
        del self._sheet.row_dimensions[self._rows]

    def note(self, text: str) -> None:
        """A line below the table, outside its filter."""
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font

        if not self._notes:
            self._sheet.append([])
        self._notes += 1
        cell = WriteOnlyCell(self._sheet, value=sheet_cell(text))
        cell.data_type = "s"
        cell.font = Font(name=_FONT, size=_SIZE, color="5B666D")
        cell.alignment = Alignment(vertical="top", wrap_text=False)
        self._sheet.append([cell])

    def close(self) -> None:
        """Put the filter over the rows that are there."""
        from openpyxl.utils import get_column_letter

        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}{self._rows - self._feet}"


def _lines(value: Any, width: float) -> int:
    """Lines that a text takes in a column: a Chinese character is two Latin ones wide."""
    if not isinstance(value, str):
        return 1
    room = max(width - 1.0, 2.0)
    return sum(
        max(1, math.ceil(sum(1.95 if char > "\u2e7f" else 1.1 for char in line) / room)) for line in value.split("\n")
    )
