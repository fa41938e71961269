"""What frames a report: title, addressee, signature and date, the furniture before the first and behind the last of its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dudao.document import ParagraphKind
from dudao.outline.lines import DATE_LINE, Line, is_furniture
from dudao.outline.numbering import match_marker

_FRONT_LINES = 60  # a page's navigation comes before its title; more than this is no front matter
_TITLE_END = re.compile(
    r".*(?:报告|報告|汇报|总结|自评|自查|材料|说明|公告|公示)(?:书|稿|材料|情况)?\s*(?:[(（【].{1,16}[)）】])?"
)
_TITLE_LOOSE = re.compile(r".*(?:县|区|市|省|旗|州|盟).*(?:年|教育).*|.*年.*(?:教育|自评|自查|履职|履行).*")
_LONGEST_TITLE = 70
_ISSUER_LINE = re.compile(
    r"[^，。；：:,;]{2,24}(?:人民政府(?:办公室|办)?|教育(?:体育|科技|和体育|科学技术|科技体育)?(?:局|厅|委员会)|教体局|教科局|教科体局|教育督导(?:委员会)?(?:办公室|室)?|督导委员会(?:办公室)?|领导小组(?:办公室)?|管委会|管理委员会|县委|区委|市委)"
)
_ADDRESSEE = re.compile(
    r"(?:尊敬的)?[^。；：:]{2,40}(?:政府|委员会|厅|局|办公室|督导室|督导团|督导办|领导小组|评估组|督查组|检查组|督导组|考核组|各位领导|教育部|专家组)\s*[:：]"
)
_ISSUER = re.compile(
    r"(?P<place>(?![全我本该各两乡])[^\s，。、：:；(（我全本各将年度0-9]{1,14}?(?:自治县|自治旗|特区|林区|新区|开发区|县|区|市|旗|省|州|盟))"
)
_YEAR = re.compile(r"(?<![0-9])(20[0-4][0-9])(?![0-9])|[二][〇○零O][一二三四][〇○零O一二三四五六七八九](?=年)")
_HAN_DIGITS = {char: str(index) for index, char in enumerate("〇一二三四五六七八九")} | {"○": "0", "零": "0", "O": "0"}
_CLOSING_BLOCK = 30  # lines; signature, contact lines and a page's footer together
_LONGEST_FOOTER = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """What was found, and what each framing line is: lines of kind None are furniture or title and belong to no paragraph."""

    title: str
    kinds: dict[int, ParagraphKind | None]
    signatures: tuple[str, ...]


def find_frame(text: str, lines: list[Line]) -> Frame:
    """Tell title, addressee, signature and furniture from the report's own lines.

    Returns
    -------
    Frame
        ``kinds`` maps the index of each line that is no ordinary one to its paragraph kind, or None for title and furniture.
    """
    kinds: dict[int, ParagraphKind | None] = {
        i: None for i, line in enumerate(lines) if is_furniture(text[line.start : line.end])
    }
    title = _front(text, lines, kinds)
    signatures = _tail(text, lines, kinds)
    return Frame(title, kinds, signatures)


def _front(text: str, lines: list[Line], kinds: dict[int, ParagraphKind | None]) -> str:
    body = next(
        (i for i, line in enumerate(lines[:_FRONT_LINES]) if i not in kinds and _is_body(text, line)),
        min(len(lines), _FRONT_LINES),
    )
    front = [i for i in range(body) if i not in kinds]
    title_at = [i for i in front if _is_title(text, lines[i])]
    parts: list[int] = []
    if title_at:
        parts = [title_at[-1]]
        above = front.index(parts[0]) - 1
        while above >= 0 and _continues_title(text, lines, front[above], parts[0]):
            parts.insert(0, front[above])
            above -= 1
    elif front:
        loose = [
            i
            for i in front
            if _TITLE_LOOSE.fullmatch(text, lines[i].start, lines[i].end)
            and 8 <= lines[i].end - lines[i].start <= _LONGEST_TITLE
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
        if DATE_LINE.fullmatch(text, line.start, line.end):
            kinds[i] = None
        elif _ISSUER_LINE.fullmatch(text, line.start, line.end):
            kinds[i] = "signature"
    if body < len(lines) and body not in kinds and _is_addressee(text, lines[body]):
        kinds[body] = "addressee"
    return "".join(re.sub(r"\s*[\r\n]+\s*", "", text[lines[i].start : lines[i].end]) for i in parts)


def _is_title(text: str, line: Line) -> bool:
    return (
        line.end - line.start <= _LONGEST_TITLE
        and _TITLE_END.fullmatch(text, line.start, line.end) is not None
        and match_marker(text, line.start, line.end) is None
    )


def _continues_title(text: str, lines: list[Line], above: int, below: int) -> bool:
    """A title's upper line: a place or an office, or the "关于…" that the lower line lacks."""
    if below - above > 1:
        return False
    upper, lower = text[lines[above].start : lines[above].end], text[lines[below].start : lines[below].end]
    if len(upper) > 40 or _TITLE_END.fullmatch(upper) or DATE_LINE.fullmatch(upper) or upper[-1] in "。；：:!！":
        return False
    return (
        ("关于" in upper and "关于" not in lower)
        or lower.startswith("关于")
        or bool(_ISSUER_LINE.fullmatch(upper))
        or (len(lower) < 12 and any(mark in upper for mark in "县区市旗省州"))
    )


def _is_body(text: str, line: Line) -> bool:
    """Whether a line cannot stand before the title: a sentence, a numbered heading, an addressee."""
    length = line.end - line.start
    if _is_title(text, line):
        return False
    return (
        text[line.end - 1] in "。；"
        or length > _LONGEST_TITLE
        or match_marker(text, line.start, line.end) is not None
        or _is_addressee(text, line)
    )


def _is_addressee(text: str, line: Line) -> bool:
    return line.end - line.start <= 44 and _ADDRESSEE.fullmatch(text, line.start, line.end) is not None


def _tail(text: str, lines: list[Line], kinds: dict[int, ParagraphKind | None]) -> tuple[str, ...]:
    last_sentence = next(
        (i for i in range(len(lines) - 1, -1, -1) if i not in kinds and text[lines[i].end - 1] in "。；！："), -1
    )
    first = max(last_sentence + 1, len(lines) - _CLOSING_BLOCK)
    signed: list[int] = []
    for i in range(first, len(lines)):
        line = lines[i]
        if i in kinds:
            continue
        if DATE_LINE.fullmatch(text, line.start, line.end) or _ISSUER_LINE.fullmatch(text, line.start, line.end):
            signed.append(i)
    if not signed or last_sentence < 0:
        return ()
    for i in range(first, len(lines)):
        if i in signed:
            kinds[i] = "signature"
        elif i > signed[0] and lines[i].end - lines[i].start <= _LONGEST_FOOTER:
            kinds[i] = None
    return tuple(text[lines[i].start : lines[i].end] for i in signed)


def issuer_of(title: str, signatures: tuple[str, ...], opening: str) -> str:
    """Who reports: the signing office, else the place that the title or the first sentences name."""
    for signature in signatures:
        if _ISSUER_LINE.fullmatch(signature):
            return re.sub(r"\s+", "", signature)
    named = re.match(r"([^\s，。]{2,24}?(?:人民政府|教育局|教育体育局|教体局|教育厅))(?:办公室)?", title)
    if named:
        return named.group()
    place = _ISSUER.search(title) or _ISSUER.search(opening)
    return place.group("place") + "人民政府" if place else ""


def year_of(title: str, opening: str, signatures: tuple[str, ...]) -> int | None:
    """The year reported on: the title's last, else the opening's first, else the signature's."""
    for piece, last in ((title, True), (opening, False), (" ".join(signatures), True)):
        # Document numbers (国办发〔2017〕49号) and a date in brackets behind the title are not the year reported on.
        bare = re.sub(r"[〔\[（(][^〕\]）)]{0,24}[〕\]）)]", "", piece)
        years = [_year(match.group()) for match in _YEAR.finditer(bare)]
        if years:
            return years[-1] if last else years[0]
    return None


def _year(digits: str) -> int:
    return int("".join(_HAN_DIGITS.get(char, char) for char in digits)) if not digits.isascii() else int(digits)
