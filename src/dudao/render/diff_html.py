"""What two models say differently as one HTML page: no script, nothing from elsewhere, and a policy that allows neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dudao.language import Translate
from dudao.messages import localised
from dudao.modeldiff import Change, Difference, ReportChange
from dudao.render.diff_terminal import OVERALL, headline
from dudao.render.html_text import visible
from dudao.render.inline import inlined
from dudao.templates import asset, render


def page(difference: Difference, *, t: Translate) -> str:
    """The page, in the language that ``t`` picks."""
    versions = difference.before.version, difference.after.version
    return render(
        "diff.html.j2",
        t=t,
        d=difference,
        title=t("Model {} against {}", "模型 {} 与 {} 对比").format(*versions),
        headline=headline(difference, t),
        notes=[localised(note, t) for note in difference.notes],
        metrics=difference.metrics,
        overall=OVERALL,
        reports=_by_report(difference),
        most=max((max(each.gained, each.lost) for each in difference.domains), default=0) or 1,
        sign=_sign,
        kept=_kept,
        visible=visible,
        **inlined(style=asset("diff.css")),
    )


def _by_report(difference: Difference) -> list[tuple[ReportChange, list[Change]]]:
    """The reports in which something has changed, each with its changes."""
    queue = iter(difference.changes)
    return [(report, [next(queue) for _ in range(report.changed)]) for report in difference.reports if report.changed]


def _kept(change: Change) -> set[str]:
    """Domains that a clause has by either model."""
    return {each.id for each in change.before} & {each.id for each in change.after}


def _sign(figure: Mapping[str, Any]) -> str:
    """Style of a difference whose interval leaves zero out."""
    low, high = figure["interval"]
    return "up" if low > 0 else "down" if high < 0 else ""
