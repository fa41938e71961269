"""What frames a report: title, addressee, signature and date, the furniture before the first and behind the last of its lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dudao.document import ParagraphKind
from dudao.outline.closing import OFFICE, OFFICE_LINE, find_closing
from dudao.outline.furniture import is_date, is_furniture
from dudao.outline.lines import Line
from dudao.outline.numbering import match_marker
from dudao.patterns import later

_FRONT_LINES = 60  # a page's navigation comes before its title; more than this is no front matter
_BRACKETED = r"(?:[(（【][^()（）]{1,16}[)）】])?"
_REPORT_END = later(
    rf".*(?:报告|報告|汇报|总结|材料|说明|公告|公示)(?:书|稿|材料|情况)?\s*(?:{_BRACKETED}|篇?[一二三四五六七八九十]{{1,3}}|[0-9]{{1,2}})|.*关于.{{4,}}的?(?:函|通知|请示|批复)|.*》的(?:函|通知|请示|批复)"
)
# "自查情况" by itself is a heading; with a place or a year before it, it is a title.
_CHECK_END = later(rf".*[县区市旗省州镇乡年校].*(?:自评|自查)(?:书|稿|材料|情况)?\s*{_BRACKETED}")
_TITLE_LOOSE = later(r".*(?:县|区|市|省|旗|州|盟).*(?:年|教育).*|.*年.*(?:教育|自评|自查|履职|履行).*")
# One of them stands in each title that `_COVERING` fits.
_COVERING_WORDS = ("公告", "公示", "函", "通知", "请示", "报送", "上报", "呈报", "印发", "公布")
_COVERING = later(rf".*(?:公告|公示|函|通知|请示)\s*{_BRACKETED}|.*(?:报送|上报|呈报|印发|公布).*")
_PIECE_NUMBER = later(r"(?:第\s*\S{1,3}\s*篇|[篇文]\s*\S{1,3}?)\s*[:：]\s*")  # of a collection
_SPACED_OUT = later(r"\S(?:[ \u3000\u00a0]+\S)+")
_BLANKS = " \u3000\u00a0"
_LONGEST_TITLE = 70
_LONGEST_UPPER = 40  # the upper line of a title on two lines
_NUMBER_LINE = later(
    r"[^，。；：\s]{1,12}[〔\[（(【]\s*(?:19|20)[0-9]{2}\s*[〕\]）)】]\s*第?\s*[0-9X×*]{1,5}\s*号|[(（][^()（）]{1,16}(?:稿|年度|月|日|版)[)）]"
)
_ADDRESSEE = later(
    r"(?:尊敬的)?[^。；：:]{2,40}(?:政府|委员会|厅|局|办公室|督导室|督导团|督导办|领导小组|评估组|督查组|检查组|督导组|考核组|各位领导|教育部|专家组|部门|单位)\s*[:：]"
)
_LONGEST_ADDRESSEE = 44
_PLACE = later(
    r"(?P<place>(?![全我本该各两乡])[^\s，。、：:；(（《〈“我全本各将年度0-9]{1,14}?(?:自治县|自治旗|特区|林区|新区|开发区|县|区|市|旗|省|州|盟))"
)
_SIGNING_OFFICE = later(rf"(?:[^：:]{{2,8}}[：:]\s*)?((?:中共)?[^，。；：:,;、]{{2,24}}?{OFFICE})(?=$|[\s(（0-9二])")
_OFFICE_IN_TITLE = later(r"([^\s，。《〈“]{2,24}?(?:人民政府|(?<![布格结全大])局|厅))(?:办公室)?")
_BRACKETS = later(r"[〔\[（(][^〕\]）)]{0,24}[〕\]）)]")
_YEAR_BEFORE = later(r"^\s*20[0-9]{2}年(?:度|以来)?")
_YEAR = later(r"(?<![0-9])(20[0-4][0-9])(?![0-9])|[二][〇○零O][一二三四][〇○零O一二三四五六七八九](?=年)")
_HAN_DIGITS = {char: str(index) for index, char in enumerate("〇一二三四五六七八九")} | {"○": "0", "零": "0", "O": "0"}


class Frame(NamedTuple):
    """What was found, and what each framing line is: lines of kind None are furniture or title and belong to no paragraph.

    ``resets`` says before which lines no section is open any more: "opening" behind a covering letter, "closing" at the end.
    """

    title: str
    kinds: dict[int, ParagraphKind | None]
    signatures: tuple[str, ...]
    resets: dict[int, str]


def find_frame(text: str, lines: Sequence[Line], tables: Mapping[int, int], *, named: int | None = None) -> Frame:
    """Tell title, addressee, signature and furniture from the report's own lines.

    Parameters
    ----------
    text : str
        The document's text.
    lines : sequence of Line
        The report's lines.
    tables : mapping
        Lines that are rows of a table.
    named : int, optional
        The line that is known to be the title, behind the preface of a collection.

    Returns
    -------
    Frame
        ``kinds`` maps the index of each line that is no ordinary one to its paragraph kind, or None for title and furniture.
    """
    kinds: dict[int, ParagraphKind | None] = {
        i: None for i, line in enumerate(lines) if i not in tables and is_furniture(text[line.start : line.end])
    }
    kinds.update(dict.fromkeys(tables, "table"))
    body, title_at = _front(text, lines, kinds)
    closing = find_closing(text, lines, kinds, body)
    kinds.update(closing.kinds)
    resets = {} if closing.begins is None else {closing.begins: "closing"}
    title = _joined(text, lines, title_at)
    signatures = closing.signatures
    inner = [] if named is None else [named]
    if not inner and (not title or is_covering(title)):
        inner = _inner_title(text, lines, kinds, closing.covers)
    if inner:
        title, title_at = _joined(text, lines, inner), inner
        kinds.update(dict.fromkeys(inner, None))
        below = inner[-1] + 1
        resets[below] = "opening"
        while below < len(lines) and below not in kinds and _is_subtitle(text, lines[below]):
            kinds[below] = None
            below += 1
        if closing.covers and closing.covers[-1] < inner[0]:
            signatures = ()  # who signed the letter need not be who reports
    for i in _repeated(text, lines, kinds, title, title_at):
        kinds[i] = None
    return Frame(title, kinds, signatures, resets)


def _front(text: str, lines: Sequence[Line], kinds: dict[int, ParagraphKind | None]) -> tuple[int, list[int]]:
    """Where the report's text begins, and the lines of its title."""
    body = next(
        (
            i
            for i, line in enumerate(lines[:_FRONT_LINES])
            if kinds.get(i, "") is not None and _is_body(text, line, kinds.get(i))
        ),
        min(len(lines), _FRONT_LINES),
    )
    front = [i for i in range(body) if i not in kinds]
    title_at = [i for i in front if is_title(text, lines[i])]
    parts: list[int] = []
    if title_at:
        parts = title_lines(text, lines, title_at[-1], front)
    elif front:
        loose = [
            i
            for i in front
            if 8 <= lines[i].end - lines[i].start <= _LONGEST_TITLE
            and _TITLE_LOOSE.fullmatch(text, lines[i].start, lines[i].end)
        ]
        parts = loose[:1]
    if parts:
        for i in front:
            if i <= parts[-1]:
                kinds[i] = None
    for i in front:
        line = lines[i]
        if i in kinds:
            continue
        if _is_subtitle(text, line):
            kinds[i] = None
        elif OFFICE_LINE.fullmatch(text, line.start, line.end):
            kinds[i] = "signature"
    if body < len(lines) and body not in kinds and _is_addressee(text, lines[body]):
        kinds[body] = "addressee"
        for i in front:
            if parts and i > parts[-1]:
                kinds.setdefault(i, None)  # between title and addressee a page puts its own
    return body, parts


def _is_subtitle(text: str, line: Line) -> bool:
    """Whether a line under a title is its date, its number or a note in brackets."""
    return is_date(text, *line[:2]) or (
        text[line.end - 1] in "号)）" and _NUMBER_LINE.fullmatch(text, *line[:2]) is not None
    )


def is_title(text: str, line: Line) -> bool:
    """Whether a line ends like the title of a report."""
    if line.end - line.start > _LONGEST_TITLE or match_marker(text, line.start, line.end) is not None:
        return False
    piece = _closed_up(text[line.start : line.end])
    return _REPORT_END.fullmatch(piece) is not None or (
        len(piece) >= 10 and ("自评" in piece or "自查" in piece) and _CHECK_END.fullmatch(piece) is not None
    )


def is_covering(title: str) -> bool:
    """Whether a title is that of a letter or notice that covers the report proper."""
    return any(word in title for word in _COVERING_WORDS) and _COVERING.fullmatch(title) is not None


def title_lines(text: str, lines: Sequence[Line], last: int, among: Sequence[int]) -> list[int]:
    """The title that ends in line ``last``, with the lines above that belong to it."""
    parts = [last]
    at = among.index(last) - 1
    while at >= 0 and _continues_title(text, lines, among[at], parts[0]):
        parts.insert(0, among[at])
        at -= 1
    return parts


def _continues_title(text: str, lines: Sequence[Line], above: int, below: int) -> bool:
    """A title's upper line: a place or an office, or the "关于…" that the lower line lacks."""
    if below - above > 1 or lines[above].end - lines[above].start > _LONGEST_UPPER:
        return False
    upper, lower = (_closed_up(text[lines[i].start : lines[i].end]) for i in (above, below))
    if is_title(text, lines[above]) or is_date(upper, 0, len(upper)) or upper[-1] in "。；：:!！":
        return False
    if _NUMBER_LINE.fullmatch(upper) or re.search("网站|门户|首页|[>＞|]", upper):
        return False
    placed = re.search("[县区市旗省州镇乡]", upper) is not None
    return (
        ("关于" in upper and "关于" not in lower)
        or lower.startswith("关于")
        or bool(OFFICE_LINE.fullmatch(upper))
        or (len(lower) < 8 and re.search("履行|教育|督导|职责", upper) is not None)
        or (placed and (len(lower) < 12 or re.search("[县区旗省州]|我市|全市", lower) is None))
    )


def _is_body(text: str, line: Line, kind: ParagraphKind | None) -> bool:
    """Whether a line cannot stand before the title: a sentence, a table, a numbered heading, an addressee."""
    if kind is not None:
        return True
    if is_title(text, line):
        return False
    return (
        text[line.end - 1] in "。；"
        or line.end - line.start > _LONGEST_TITLE
        or match_marker(text, line.start, line.end) is not None
        or _is_addressee(text, line)
    )


def _is_addressee(text: str, line: Line) -> bool:
    return (
        line.end - line.start <= _LONGEST_ADDRESSEE
        and text[line.end - 1] in ":："
        and _ADDRESSEE.fullmatch(text, line.start, line.end) is not None
    )


def _inner_title(
    text: str, lines: Sequence[Line], kinds: Mapping[int, ParagraphKind | None], covers: Sequence[int]
) -> list[int]:
    """The title of the report proper behind a signed covering letter."""
    for cover in covers:
        behind = [i for i in range(cover + 1, len(lines)) if i not in kinds or kinds[i] is None][:6]
        at = next((i for i in behind if is_title(text, lines[i])), None)
        if at is not None:
            return title_lines(text, lines, at, behind)
    return []


def _repeated(
    text: str, lines: Sequence[Line], kinds: Mapping[int, ParagraphKind | None], title: str, title_at: Sequence[int]
) -> list[int]:
    """Lines that say the title again, on as many lines as it has or on one."""
    wanted = squeezed(title)
    if not wanted:
        return []
    found: list[int] = []
    width = max(1, len(title_at))
    for i in range(title_at[-1] + 1 if title_at else 0, len(lines)):
        if i in kinds:
            continue
        for count in {1, width}:
            span = lines[i : i + count]
            if len(span) == count and span[-1].end - span[0].start <= 2 * _LONGEST_TITLE:
                said = "".join(squeezed(text[line.start : line.end]) for line in span)
                if said == wanted:
                    found.extend(range(i, i + count))
    return [i for i in found if i not in kinds]


def _joined(text: str, lines: Sequence[Line], parts: Sequence[int]) -> str:
    title = "".join(_closed_up(text[lines[i].start : lines[i].end]) for i in parts)
    number = _PIECE_NUMBER.match(title) if title[:1] in ("第", "篇", "文") else None
    return title[number.end() :] if number else title


def _closed_up(piece: str) -> str:
    """A title on one line, without the blanks that space its letters out (自 评 报 告)."""
    if "\n" in piece or "\r" in piece:
        piece = re.sub(r"\s*[\r\n]+\s*", "", piece)
    if not any(blank in piece for blank in _BLANKS):
        return piece
    return piece.translate(dict.fromkeys(map(ord, _BLANKS))) if _SPACED_OUT.fullmatch(piece) else piece


def squeezed(piece: str) -> str:
    """Without white space."""
    return "".join(piece.split())


def issuer_of(title: str, signatures: tuple[str, ...], opening: str) -> str:
    """Who reports: the signing office, else the place that the title or the first sentences name."""
    for signature in signatures:
        office = _SIGNING_OFFICE.match(signature)
        if office:
            return squeezed(office.group(1))
    title = _YEAR_BEFORE.sub("", title)
    named = _OFFICE_IN_TITLE.match(title)
    if named:
        return named.group()
    place = _PLACE.search(title) or _PLACE.search(opening)
    return place.group("place") + "人民政府" if place else ""


def year_of(title: str, opening: str, signatures: tuple[str, ...]) -> int | None:
    """The year reported on: the title's last, else the opening's first, else the signature's."""
    for piece, last in ((title, True), (opening, False), (" ".join(signatures), True)):
        # Document numbers (国办发〔2017〕49号) and a date in brackets behind the title are not the year reported on.
        bare = _BRACKETS.sub("", piece) if any(bracket in piece for bracket in "〔[（(") else piece
        years = [_year(match.group()) for match in _YEAR.finditer(bare)]
        if years:
            return years[-1] if last else years[0]
    return None


def _year(digits: str) -> int:
    return int("".join(_HAN_DIGITS.get(char, char) for char in digits)) if not digits.isascii() else int(digits)
