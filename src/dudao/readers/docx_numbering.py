"""Word's automatic numbering: which number stands before a paragraph, as text.

"一、" made by Word is in no text of the document: it follows from ``numbering.xml``, from styles and from what was counted before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "〇一二三四五六七八九"
_LEGAL = "零壹贰叁肆伍陆柒捌玖"
_LEVELS = 9
_LARGEST = 32_767  # what Word counts to


def val(element: Any, path: str, name: str = "val") -> str | None:
    """The ``w:val`` (or another attribute) of a child found by path."""
    found = element.find(path) if element is not None else None
    return None if found is None else found.get(W + name)


def is_on(element: Any, path: str) -> bool:
    """Whether a toggle such as ``w:vanish`` is there and not switched off."""
    found = element.find(path) if element is not None else None
    return found is not None and found.get(W + "val", "1").lower() not in {"0", "false", "off", "none"}


def _int(text: str | None, default: int) -> int:
    try:
        return min(max(int(text or ""), 0), _LARGEST)
    except ValueError:
        return default


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list."""

    start: int = 1
    format: str = "decimal"
    text: str = ""
    legal: bool = False
    restart: int | None = None  # 1-based level whose count restarts this one; 0 never; None any above
    style: str | None = None
    picture: str = ""  # Word's own pattern of a custom format: "001, 002, ..."


@dataclass(slots=True)
class _List:
    """One ``w:num``: an abstract list with its overrides."""

    abstract: str
    levels: dict[int, Level]
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts through a document, paragraph by paragraph.

    Parameters
    ----------
    numbering, styles : lxml elements or None
        Roots of ``numbering.xml`` and ``styles.xml``.
    """

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._styles: dict[str, tuple[str | None, int | None, str | None]] = {}
        self.default_style: str | None = None
        self._read_styles(styles)
        self._lists = _read_lists(numbering, self._styles)
        self._counts: dict[str, list[int | None]] = {}
        self._restarted: set[tuple[str, int]] = set()

    def _read_styles(self, styles: Any) -> None:
        for style in styles.iterchildren(W + "style") if styles is not None else ():
            name = style.get(W + "styleId")
            if name is None:
                continue
            properties = style.find(W + "pPr")
            level = val(properties, f"{W}numPr/{W}ilvl")
            self._styles[name] = (
                val(properties, f"{W}numPr/{W}numId"),
                None if level is None else _int(level, 0),
                val(style, W + "basedOn"),
            )
            if style.get(W + "type") == "paragraph" and style.get(W + "default") in {"1", "true", "on"}:
                self.default_style = name

    def marker(self, properties: Any) -> str:
        """The number before a paragraph, counted on; empty where it has none.

        Parameters
        ----------
        properties : lxml element or None
            The paragraph's ``w:pPr``.
        """
        found = self._list_of(properties)
        if found is None:
            return ""
        number, depth = found
        numbered = self._lists[number]
        level = numbered.levels.get(depth)
        if level is None:
            return ""
        counts = self._count(number, numbered, depth)
        if level.format in {"bullet", "none"} and "%" not in level.text:
            return ""
        return _fill(level, numbered.levels, counts)

    def _list_of(self, properties: Any) -> tuple[str, int] | None:
        """Which list and which level: the paragraph's own, else its style's, else what that style is based on."""
        number = val(properties, f"{W}numPr/{W}numId")
        own = val(properties, f"{W}numPr/{W}ilvl")
        depth = None if own is None else _int(own, 0)
        style = val(properties, W + "pStyle") or self.default_style
        seen: set[str] = set()
        while number is None and style is not None and style in self._styles and style not in seen:
            seen.add(style)
            number, style_depth, parent = self._styles[style]
            if depth is None:
                depth = style_depth
            if depth is None and number in self._lists:
                linked = (n for n, level in self._lists[number].levels.items() if level.style == style)
                depth = next(linked, None)
            style = parent
        if number is None or number not in self._lists:
            return None
        return number, min(depth or 0, _LEVELS - 1)

    def _count(self, number: str, numbered: _List, depth: int) -> list[int | None]:
        counts = self._counts.setdefault(numbered.abstract, [None] * _LEVELS)
        # A list with a start of its own restarts the count it shares with its kin, once.
        for level in range(depth + 1):
            if level in numbered.starts and (number, level) not in self._restarted:
                self._restarted.add((number, level))
                counts[level] = None
        for above in range(depth):
            if counts[above] is None:
                counts[above] = _start(numbered, above)
        reached = counts[depth]
        counts[depth] = _start(numbered, depth) if reached is None else reached + 1
        for below in range(depth + 1, _LEVELS):
            restart = numbered.levels[below].restart if below in numbered.levels else None
            if restart is None or depth < restart:
                counts[below] = None
        return counts


def _start(numbered: _List, level: int) -> int:
    if level in numbered.starts:
        return numbered.starts[level]
    return numbered.levels[level].start if level in numbered.levels else 1


def _read_lists(numbering: Any, styles: Mapping[str, tuple[str | None, int | None, str | None]]) -> dict[str, _List]:
    if numbering is None:
        return {}
    abstracts: dict[str, dict[int, Level]] = {}
    links: dict[str, str] = {}
    for each in numbering.iterchildren(W + "abstractNum"):
        name = each.get(W + "abstractNumId") or ""
        abstracts[name] = {_int(level.get(W + "ilvl"), 0): _read_level(level) for level in each.iterchildren(W + "lvl")}
        link = val(each, W + "numStyleLink")
        if link is not None and not abstracts[name]:
            links[name] = link
    of_number = {
        each.get(W + "numId") or "": val(each, W + "abstractNumId") or "" for each in numbering.iterchildren(W + "num")
    }
    # A list may be defined by a numbering style: its levels stand in the abstract list that the style's own number names.
    aliases = {
        name: of_number[styles[link][0] or ""]
        for name, link in links.items()
        if link in styles and (styles[link][0] or "") in of_number
    }
    lists: dict[str, _List] = {}
    for each in numbering.iterchildren(W + "num"):
        number = each.get(W + "numId") or ""
        abstract = aliases.get(of_number[number], of_number[number])
        if number == "0" or abstract not in abstracts:
            continue
        levels = dict(abstracts[abstract])
        starts: dict[int, int] = {}
        for override in each.iterchildren(W + "lvlOverride"):
            depth = _int(override.get(W + "ilvl"), 0)
            start = val(override, W + "startOverride")
            replaced = override.find(W + "lvl")
            if replaced is not None:
                levels[depth] = _read_level(replaced)
            if start is not None:
                starts[depth] = _int(start, 1)
        lists[number] = _List(abstract, levels, starts)
    return lists


def _read_level(level: Any) -> Level:
    # A custom format stands in mc:AlternateContent; the first one found is Word's own.
    formats = next(level.iter(W + "numFmt"), None)
    restart = val(level, W + "lvlRestart")
    return Level(
        start=_int(val(level, W + "start"), 0 if level.find(W + "start") is None else 1),
        format="decimal" if formats is None else formats.get(W + "val", "decimal"),
        text=val(level, W + "lvlText") or "",
        legal=is_on(level, W + "isLgl"),
        restart=None if restart is None else _int(restart, 0),
        style=val(level, W + "pStyle"),
        picture="" if formats is None else formats.get(W + "format", ""),
    )


def _fill(level: Level, levels: Mapping[int, Level], counts: list[int | None]) -> str:
    """``%1、`` with the counts in their formats."""
    pieces = level.text.split("%")
    text = pieces[0]
    for piece in pieces[1:]:
        which = ord(piece[0]) - ord("1") if piece else -1
        if not 0 <= which < _LEVELS:
            text += "%" + piece
            continue
        source = levels.get(which, Level())
        count = counts[which]
        if count is not None and source.format not in {"bullet", "none"}:
            decimal = level.legal and source.format != "decimalZero"
            text += format_number(count, "decimal" if decimal else source.format, source.picture)
        text += piece[1:]
    return text.strip()


def format_number(number: int, how: str, picture: str = "") -> str:
    """A number as one of Word's formats writes it; formats that are not known come out as decimals."""
    if how == "custom":
        return str(number).zfill(len(picture.split(",")[0].strip()))
    if how == "decimalZero":
        return f"{number:02d}"
    if how in {"decimalFullWidth", "decimalFullWidth2"}:
        return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    if how in {"upperRoman", "lowerRoman"}:
        return _roman(number) if how == "upperRoman" else _roman(number).lower()
    if how in {"upperLetter", "lowerLetter"} and number > 0:
        letter = chr(ord("A") + (number - 1) % 26) * min((number - 1) // 26 + 1, 30)
        return letter if how == "upperLetter" else letter.lower()
    if how in _ENCLOSED:
        return _enclosed(number, *_ENCLOSED[how])
    if how in _SERIES and number > 0:
        return _SERIES[how][(number - 1) % len(_SERIES[how])]
    if how in _DIGIT_BY_DIGIT:
        return "".join(_DIGITS[int(digit)] for digit in str(number))
    if how in _COUNTED:
        return _counted(number, _DIGITS, "十百千万")
    if how in {"chineseCounting", "taiwaneseCounting", "japaneseCounting"}:
        return _counted(number, _DIGITS, "十百千万") if number < 100 else format_number(number, "ideographDigital")
    if how in {"chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal"}:
        return _counted(number, _LEGAL, "拾佰仟万", short_ten=False)
    return str(number)


_DIGIT_BY_DIGIT = frozenset({"ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital", "koreanDigital2"})
_COUNTED = frozenset({"chineseCountingThousand", "taiwaneseCountingThousand"})
_SERIES = {
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
}
# First character and how many there are in a row.
_ENCLOSED = {
    "decimalEnclosedCircle": ("①", 20),
    "decimalEnclosedCircleChinese": ("①", 20),
    "decimalEnclosedFullstop": ("⒈", 20),
    "decimalEnclosedParen": ("⑴", 20),
    "ideographEnclosedCircle": ("㊀", 10),
}


def _enclosed(number: int, first: str, count: int) -> str:
    if 1 <= number <= count:
        return chr(ord(first) + number - 1)
    if first == "①" and 21 <= number <= 50:
        return chr(0x3251 + number - 21) if number <= 35 else chr(0x32B1 + number - 36)
    return str(number)


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    text = ""
    for value, letters in (
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ):
        text += letters * (number // value)
        number %= value
    return text


def _counted(number: int, digits: str, units: str, *, short_ten: bool = True) -> str:
    """一百零一, 二十三, 十一."""
    zero = "零"
    if number == 0:
        return zero
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        tail = _counted(low, digits, units, short_ten=False) if low else ""
        return _counted(high, digits, units) + units[3] + (zero if tail and low < 1000 else "") + tail
    text = ""
    gap = False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += (zero if gap else "") + digits[digit] + (units[power - 1] if power else "")
        gap = False
    return text[1:] if short_ten and text.startswith(digits[1] + units[0]) else text
