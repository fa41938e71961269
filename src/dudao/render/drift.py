"""How far texts are from what the model knows, for people: a line, and what to be warned of."""

from __future__ import annotations

from dudao.document import Drift, Share
from dudao.drift import warnings_of
from dudao.language import Translate
from dudao.messages import localised

_MOST = 8  # new terms on a line


def drift_line(drift: Drift, t: Translate) -> str:
    """The two shares beside what is usual, and the new terms."""
    parts = [
        t(
            f"{drift.unknown.share:.0%} of the words new to the model{_usual(drift.unknown, t)}",
            f"模型不认识的词占 {drift.unknown.share:.0%}{_usual(drift.unknown, t)}",
        ),
        t(
            f"{drift.uncertain.share:.0%} uncertain{_usual(drift.uncertain, t)}",
            f"存疑占 {drift.uncertain.share:.0%}{_usual(drift.uncertain, t)}",
        ),
    ]
    if drift.new_terms:
        terms = t(", ", "、").join(f"{term} {count}" for term, count in drift.new_terms[:_MOST])
        parts.append(t(f"new terms: {terms}", f"新词：{terms}"))
    return t("; ", "；").join(parts)


def drift_warnings(drift: Drift, t: Translate) -> list[str]:
    """What leaves the model's field."""
    return [localised(each, t) for each in warnings_of(drift)]


def _usual(share: Share, t: Translate) -> str:
    if share.usual is None or share.bound is None:
        return ""
    return t(
        f" (usually {share.usual:.0%}, rarely above {share.bound:.0%})",
        f"（通常 {share.usual:.0%}，少有超过 {share.bound:.0%}）",
    )
