"""Results as a page and as a chart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def page(results: Mapping[str, Any]) -> str:
    """The results as Markdown, ratios first."""
    return _environment().get_template("results.md.j2").render(results)


def chart(results: Mapping[str, Any]) -> str:
    """Texts per second of each, as bars; no font, script or style from elsewhere."""
    rows = sorted(results["texts_per_second"].items(), key=lambda row: -row[1])
    most = max(rate for _, rate in rows)
    bars = [{"name": name, "rate": rate, "width": round(360 * rate / most, 1)} for name, rate in rows]
    return _environment().get_template("throughput.svg.j2").render(bars=bars, height=34 * len(bars) + 44)
