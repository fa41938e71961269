"""Which role a heading, an inline switch or an opening names, by the cues of the taxonomy."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from dudao.patterns import holds, later
from dudao.taxonomy import Taxonomy

# A weak cue ("困难", "特色") names a role only where it is nearly all that the heading says; 14 characters hold
# "存在的主要困难和问题" and leave out the domain headings that merely mention one.
_LONGEST_FOR_WEAK = 14
_LONGEST_SWITCH = 24
_PHRASES = (
    512  # whose roles are kept: nine of ten before a colon have been seen just before, and a look at one takes 10 µs
)
_SWITCH = later(
    r"(?:^|(?<=[。！？；!?;\s]))(?P<phrase>[^。！？；!?;：:，,\s][^。！？；!?;：:\n]{0,30})(?P<colon>[:：])"
)
_WEAK_TAIL = r"(?:[一二三四五六七八九十0-9]*|(?:情况|方面|工作|部分|清单|汇总|内容|总结|分析)*)$"
# A pattern that begins so (".{0,40}(?:共有|现有)…") tries every word at each of forty places; that none of the words is there is known
# in a third of the time, and most texts hold none.
_WORDS_BEHIND = later(
    r"(?:\(\?:[^()\[\]\\]*\)\?)?(?:\.|\[\^[^\]\\]*\])\{\d+,(?P<most>\d+)\}\(\?:(?P<words>[^()\[\]\\]*)\)(?![?*+{])(?P<behind>(?:\w(?![?*+{]))*)"
)
_SCORE = later(r"[(（][^()（）]*分[^()（）]*[)）]")


class RoleCues:
    """The compiled cues of one taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._strong = [(role.id, re.compile("|".join(role.cues))) for role in taxonomy.roles if role.cues]
        self._weak = [
            (role.id, re.compile(f"(?:{'|'.join(role.weak_cues)}){_WEAK_TAIL}"))
            for role in taxonomy.roles
            if role.weak_cues
        ]
        self._openings = [
            (role.id, re.compile("|".join(role.openings)), role.at_end) for role in taxonomy.roles if role.openings
        ]
        self._roles = taxonomy.roles
        self._neutral = re.compile("|".join(taxonomy.neutral)) if taxonomy.neutral else None
        self.opening_role = taxonomy.opening_role
        self.default_role = taxonomy.default_role
        self._of_phrase = functools.lru_cache(maxsize=_PHRASES)(self._role_of_phrase)

    def of_heading(self, heading: str, *, top: bool = False) -> str | None:
        """The role a heading names: of overlapping cues the longest, of the others the first; None where it names none."""
        heading = _SCORE.sub("", heading).strip().rstrip("。.：:；; ")
        matches = list(self._matches(heading, self._strong))
        if len(heading) <= _LONGEST_FOR_WEAK or top:
            matches += self._matches(heading, self._weak)
        if self._neutral is not None:
            matches += [(each.start(), each.end(), None) for each in self._neutral.finditer(heading)]
        return _first_of_longest(matches)

    def switches(self, text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Inline switches in a paragraph: start, end (behind the colon) and role of each."""
        for match in _SWITCH.finditer(text, start, end) if holds(text, start, end, ":：") else ():
            role = self._of_phrase(match.group("phrase"))
            if role is not None:
                yield match.start(), match.end(), role

    def _role_of_phrase(self, phrase: str) -> str | None:
        """The role that a phrase before a colon switches to."""
        if len(phrase) > _LONGEST_SWITCH:
            return None
        role = self.of_heading(phrase)
        return role if len(phrase) <= _LONGEST_FOR_WEAK or self._ends_with_cue(phrase) else None

    def of_opening(self, text: str, start: int, end: int, *, at_end: bool = False) -> str | None:
        """The role that first words name ("下一步，"); those that close a report ("特此报告") only ``at_end``."""
        for role, pattern, only_at_end in self._openings:
            if (at_end or not only_at_end) and pattern.match(text, start, end):
                return role
        return None

    def of_bare_text(self, text: str, start: int, end: int) -> str | None:
        """The role that a paragraph's content names where no heading stands anywhere over it."""
        return next((role for role, pattern in self._bare_openings if pattern.match(text, start, end)), None)

    def of_first_text(self, text: str, start: int, end: int) -> str | None:
        """The role of the first paragraph of a report without any heading, by what it speaks of."""
        return next((role for role, pattern in self._first if pattern.match(text, start, end)), None)

    # Asked for where no heading stands over a text only: compiled then.
    @functools.cached_property
    def _bare_openings(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(role.id, re.compile("|".join(role.bare))) for role in self._roles if role.bare]

    @functools.cached_property
    def _first(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(role.id, re.compile("|".join(role.first))) for role in self._roles if role.first]

    @functools.cached_property
    def _any_opening(self) -> tuple[re.Pattern[str], re.Pattern[str], int, re.Pattern[str]]:
        """One pattern for all openings, but for those that look for a word some way behind; those words, up to where one can end; those."""
        near, words, behind, far = [], [], 0, []
        for pattern in (each for role in self._roles for each in (*role.bare, *role.openings)):
            found = _WORDS_BEHIND.match(pattern)
            if found is None:
                near.append(pattern)
            else:
                words += [word + found["behind"] for word in found["words"].split("|")]
                behind = max(behind, int(found["most"]) + len(found.group()))
                far.append(pattern)
        # Not in groups, so that only characters with which a word begins are stopped at.
        return _any_of(near), re.compile("|".join(words) or "(?!)"), behind, _any_of(far)

    def may_open(self, text: str) -> bool:
        """Whether the first words of a text name a role at all, by `of_opening` or `of_bare_text`; one question instead of five."""
        near, words, behind, far = self._any_opening
        if near.match(text) is not None:
            return True
        return words.search(text, 0, behind) is not None and far.match(text) is not None

    def _ends_with_cue(self, phrase: str) -> bool:
        # Compiling takes a millisecond each: only for the patterns that stand in the phrase at all.
        return any(
            pattern.search(phrase) and re.search(f"(?:{pattern.pattern})(?:是|有|如下|为|主要有|包括|表现在)?$", phrase)
            for _, pattern in self._strong
        )

    @staticmethod
    def _matches(text: str, patterns: list[tuple[str, re.Pattern[str]]]) -> Iterator[tuple[int, int, str | None]]:
        for role, pattern in patterns:
            for match in pattern.finditer(text):
                yield match.start(), match.end(), role


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or "(?!)")


def _first_of_longest(matches: list[tuple[int, int, str | None]]) -> str | None:
    """Of matches that overlap keep the longest, then take the first that names a role."""
    kept: list[tuple[int, int, str | None]] = []
    for match in sorted(matches, key=lambda each: (each[0] - each[1], each[0])):
        if all(match[1] <= other[0] or match[0] >= other[1] for other in kept):
            kept.append(match)
    return next((role for _, _, role in sorted(kept, key=lambda each: each[:2]) if role is not None), None)
