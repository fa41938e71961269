"""How a report ends: office and date that sign it, the list of its attachments, a page's footer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dudao.document import ParagraphKind
from dudao.outline.furniture import date_at_end, is_date
from dudao.outline.lines import Line
from dudao.outline.numbering import match_marker
from dudao.patterns import holds, later

OFFICE = (
    r"(?:人民政府(?:办公室|办公厅|办)?|教育(?:体育|科技|和体育|科学技术|科技体育|文化|文化体育)?(?:和科学技术)?(?:局|厅|委员会)|教体局|教科局|教科体局|教文体局"
    r"|教育督导(?:委员会)?(?:办公室|室)?|督导委员会(?:办公室)?|领导小组(?:办公室)?|管委会|管理委员会|行政公署|街道办事处|县委|区委|市委|旗委|[镇乡]党委|党委|工委|委员会|(?<![布格结全大])局|(?<![大餐客前])厅)"
)
OFFICE_LINE = later(rf"[^，。；：:,;、]{{2,24}}?{OFFICE}")
_SIGNING_OFFICE = later(rf"(?:中共)?[^，。；：:,;、\s0-9]{{2,24}}?{OFFICE}")
_MOST_OFFICES = 3  # that sign on one line
_SEAL_BEHIND = later(r"\s*[(（]\s*(?:公?章|盖章|印章|加盖公章)\s*[)）]$")
_OFFICE_ENDS = frozenset("府室厅办局会导组署处委)）")  # of an office, and of the seal behind it
_SEAL = later(r"[(（]?\s*(?:公?章|盖章|印章|加盖公章|此件公开发布|此页无正文|此件(?:主动|依申请)公开)\s*[)）]?")
_SEAL_WORDS = ("章", "此件", "此页")  # one of them stands in every seal
_DATE_LABEL = later(r"(?:报告)?(?:日期|时间)\s*[:：]\s*")
_OFFICE_LABEL = later(r"(?:报告|填报|自评|自查|报送)单位\s*(?:[(（](?:公?章|盖章)[)）])?\s*[:：]\s*")
_IMPRINT = later(
    rf"(?:[^，。；：:,;、\s0-9]{{2,24}}?{OFFICE}\s*)?(?:[12][0-9]{{3}}|[二〇○零O][一二三四五六七八九〇○零O]{{3}})\s*年.{{2,10}}[日月]\s*印发"
    r"|(?:抄送|抄报|主送)\s*[:：].*|[(（]?联系人\s*[:：].*"
)
_IMPRINT_WORDS = ("印发", "抄送", "抄报", "主送", "联系人")  # and one of these in every imprint
_CLOSING_WORDS = later(
    r".{0,30}(?:特此报告|专此报告|特此汇报|特此说明|此报告|特此函[告复]|特此公示|特此通知|请审阅|请予审[阅查])[。.！]?"
)
_ATTACHMENT = later(r"(?:附\s*件|附\s*表|附\s*录|后\s*附|附)\s*[0-9一二三四五六七八九十]{0,2}\s*(?:[:：.．、]|$)")
_LONGEST_SIGNATURE = 80
_CLOSING_BLOCK = 30  # lines; signature, contact lines and a page's footer together
_LONGEST_FOOTER = 60
_END_MARKS = "。；！!;"


class Closing(NamedTuple):
    """Signing lines, the first line of the report's end, and footers, by line index."""

    kinds: Mapping[int, ParagraphKind | None]
    signatures: tuple[str, ...]
    begins: int | None  # index of the line from which on nothing belongs to a section
    covers: tuple[int, ...]  # last lines of signatures that stand before the end: a covering letter is signed too


def find_closing(text: str, lines: Sequence[Line], taken: Mapping[int, ParagraphKind | None], first: int) -> Closing:
    """Find what signs a report and what stands behind it.

    Office and date in adjacent lines, or on one, sign wherever they stand; one of them alone does so behind closing words and behind
    the last sentence.

    Parameters
    ----------
    text : str
        The document's text.
    lines : sequence of Line
        The report's lines.
    taken : mapping
        Lines that are known to be something else.
    first : int
        Index of the first line of the report's text; a date above it belongs to the title.
    """
    rest = [i for i in range(first, len(lines)) if i not in taken]
    sentences = [n for n, i in enumerate(rest) if text[lines[i].end - 1] in _END_MARKS]
    behind_last = sentences[-1] + 1 if sentences else len(rest)
    groups = [
        group
        for group in _groups(text, lines, rest)
        if group[0] > 0 and _signs(text, lines, rest, group, at_end=group[0] >= behind_last)
    ]
    kinds: dict[int, ParagraphKind | None] = {}
    for start, end in groups:
        kinds.update(dict.fromkeys(rest[start:end], "signature"))
        for n in range(start, end):
            if _is_imprint(text, *lines[rest[n]][:2]):  # the office above it printed the report, and does not sign it
                kinds[rest[n]] = None
                if n > start and _parts(text, lines[rest[n - 1]]) == "o":
                    kinds[rest[n - 1]] = None
    groups = [group for group in groups if any(kinds[i] for i in rest[slice(*group)])]
    listed = _attachment_list(text, lines, rest, groups[-1][0] if groups else len(rest))
    begins: int | None = None
    signatures: tuple[str, ...] = ()
    if groups:
        start, end = groups[-1]
        signatures = tuple(text[lines[i].start : lines[i].end] for i in rest[start:end] if kinds[i])
        behind = rest[end:]
        if not any(_heads(text, lines[i]) for i in behind) or any(
            is_attachment(text, *lines[i][:2]) for i in behind[:3]
        ):
            begins = rest[start if listed is None else listed]
            kinds.update(_footers(text, lines, behind, taken, signed=rest[end - 1]))
    elif listed is not None and listed >= behind_last:
        begins = rest[listed]
    return Closing(kinds, signatures, begins, tuple(rest[end - 1] for _, end in groups))


def _groups(text: str, lines: Sequence[Line], rest: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of lines that each are an office, a date, a seal or several of them."""
    groups: list[tuple[int, int]] = []
    for n, i in enumerate(rest):
        if not _parts(text, lines[i]):
            continue
        if groups and groups[-1][1] == n:
            groups[-1] = (groups[-1][0], n + 1)
        else:
            groups.append((n, n + 1))
    return groups


def _parts(text: str, line: Line) -> str:
    """Which parts of a signature a line holds: o for office, d for date, s for seal; empty where it holds anything else."""
    start, end = line.start, line.end
    if end - start > _LONGEST_SIGNATURE:
        return ""
    if holds(text, start, end, ":："):
        label = _OFFICE_LABEL.match(text, start, end) or _DATE_LABEL.match(text, start, end)
        start = label.end() if label else start
    if start == end:
        return ""
    if is_date(text, start, end) or _is_imprint(text, start, end):
        return "d"
    if _are_offices(text[start:end]):
        return "o"
    if holds(text, start, end, _SEAL_WORDS) and _SEAL.fullmatch(text, start, end):
        return "s"
    date = date_at_end(text, max(start, end - 24), end)
    return "od" if date is not None and _are_offices(text[start:date].strip()) else ""


def _are_offices(piece: str) -> bool:
    """Whether a line, or what stands before a date on it, names who signs, and nothing else."""
    last = piece[-1:]
    if piece[:1].isspace() or not (last in _OFFICE_ENDS or last.isspace()):
        return False
    if last in ")）":
        piece = _SEAL_BEHIND.sub("", piece)
    names = piece.split()
    return 0 < len(names) <= _MOST_OFFICES and all(map(_SIGNING_OFFICE.fullmatch, names))


def _is_imprint(text: str, start: int, end: int) -> bool:
    """Whether a line says who printed the report, or whom it goes to."""
    return holds(text, start, end, _IMPRINT_WORDS) and _IMPRINT.fullmatch(text, start, end) is not None


def is_attachment(text: str, start: int, end: int) -> bool:
    """Whether a line names an attachment, or begins one."""
    return text[start] in "附后" and _ATTACHMENT.match(text, start, end) is not None


def _signs(text: str, lines: Sequence[Line], rest: Sequence[int], group: tuple[int, int], *, at_end: bool) -> bool:
    parts = {part for n in range(*group) for part in _parts(text, lines[rest[n]])}
    if {"o", "d"} <= parts:
        return True
    if not parts & {"o", "d"}:
        return False
    above = lines[rest[group[0] - 1]]
    return at_end or (
        above.end - above.start <= _LONGEST_SIGNATURE
        and _CLOSING_WORDS.fullmatch(text, above.start, above.end) is not None
    )


def _attachment_list(text: str, lines: Sequence[Line], rest: Sequence[int], end: int) -> int | None:
    """Where a list of attachments stands directly before the signature; None where there is none."""
    for n in range(end - 1, max(-1, end - _CLOSING_BLOCK), -1):
        line = lines[rest[n]]
        if is_attachment(text, line.start, line.end):
            return n
        if text[line.end - 1] in "。！" or line.end - line.start > _LONGEST_FOOTER:
            return None
    return None


def _heads(text: str, line: Line) -> bool:
    """Whether a line opens a section of a text."""
    marker = match_marker(text, line.start, line.end)
    return marker is not None and marker.scheme in {"han", "part", "chapter", "formal"}


def _footers(
    text: str, lines: Sequence[Line], behind: Sequence[int], taken: Mapping[int, ParagraphKind | None], *, signed: int
) -> dict[int, ParagraphKind | None]:
    """Short lines behind the signature are a page's footer, up to where an attachment or a table begins.

    The last line above text or a table is its heading, no footer.
    """
    found: dict[int, ParagraphKind | None] = {}
    for n, (above, i) in enumerate(zip([signed, *behind], behind, strict=False)):
        line = lines[i]
        if n == _CLOSING_BLOCK or is_attachment(text, line.start, line.end):
            break
        if (
            any(taken.get(between) for between in range(above + 1, i))
            or line.end - line.start > _LONGEST_FOOTER
            or text[line.end - 1] in _END_MARKS
            or _heads(text, line)
        ):
            if n:
                found.pop(above)
            break
        found[i] = None
        if taken.get(i + 1) == "table":
            found.pop(i)
            break
    return found
