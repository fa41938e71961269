"""Numbers at the heads of lines: a form is tried only where a line begins as it can, which changes nothing."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from dudao.outline.numbering import _BY_FIRST, _FORMS, _UNITS, STRONG_START, match_marker, strong_start

# What stands behind a form is looked at apart from it, and said here as a look-ahead.
BEHIND = {
    "digit3": r"(?=\s*[\u4e00-\u9fff“《])",
    "digit2": rf"(?=\s*[\u4e00-\u9fff“《])(?!\s*[{_UNITS}])",
    "bare": rf"(?=[\u4e00-\u9fff])(?![{_UNITS}])",
}
PLAIN = re.compile("|".join(f"(?P<{scheme}>{form}{BEHIND.get(scheme, '')})" for scheme, form in _FORMS.items()))
STRONG = re.compile(STRONG_START)
CHARACTERS = "".join(_BY_FIRST) + "部分篇章节编卷、：:.．，,)）〕】］]-－—% \u3000\n年级的一校县“《A1Ⅳ"


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from(CHARACTERS), max_size=9), st.integers(0, 3), st.integers(0, 9))
def test_marker_of_any_line_is_what_all_forms_together_find(text, start, end):
    wanted = PLAIN.match(text, start, end)
    found = match_marker(text, start, end)
    assert (found and (found.scheme, found.end)) == (wanted and (wanted.lastgroup, wanted.end()))
    strong = STRONG.match(text, start, end)
    assert strong_start(text, start, end) == (strong.end() if strong else None)


def test_no_form_begins_with_a_character_that_it_is_not_tried_for():
    tails = [
        "",
        "、县",
        ".县",
        "．县",
        "）县",
        ")县",
        "部分",
        "章",
        "节",
        "1、县",
        "一、县",
        "-1、县",
        "一）",
        "(",
        "1.1县",
        "1.1.1县",
        "县",
    ]
    for code in [*range(0x20, 0x3000), *range(0x3000, 0x3300), *range(0x4E00, 0xA000), *range(0xFF00, 0xFFF0)]:
        for tail in tails if chr(code) in _BY_FIRST or code < 0x3300 else ("、县", "）县", "县"):
            text = chr(code) + tail
            wanted = PLAIN.match(text)
            found = match_marker(text, 0, len(text))
            assert (found and found.scheme) == (wanted and wanted.lastgroup), text
