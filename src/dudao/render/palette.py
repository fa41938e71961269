"""Tints for any number of labels: backgrounds under text and inks beside it, for light and for dark pages.

Colours are picked in OKLCH (Ottosson 2020), in which equal steps look equal, and written as sRGB, which every browser knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from dudao.taxonomy import Domain


class Tint(NamedTuple):
    """A label's colours as ``#rrggbb``, on a light page and on a dark one: a background, the ink that is read on it, and lines and bars."""

    light: str
    light_ink: str
    light_line: str
    dark: str
    dark_ink: str
    dark_line: str


# Hues alone part a dozen pale tints at best, so labels go round three steps of lightness and chroma, and the hues of a step lie evenly
# around the circle. With 20 labels no two tints are nearer than 0.027 in OKLab, where 0.02 is a difference seen at once, and every ink
# has a contrast of at least 4.5 on its tint; tests/test_render_palette.py holds both.
_LIGHT = ((0.94, 0.036), (0.9, 0.06), (0.86, 0.085))
_DARK = ((0.27, 0.034), (0.33, 0.062), (0.395, 0.085))
_LIGHT_INK, _DARK_INK = (0.38, 0.1), (0.9, 0.065)
_LIGHT_LINE, _DARK_LINE = (0.6, 0.13), (0.66, 0.12)  # three times the contrast of the page, as figures need
_FIRST_HUE = 25.0
GREY = Tint(
    "#ececec", "#4a4a4a", "#808080", "#303030", "#d0d0d0", "#8c8c8c"
)  # of the label that says "nothing in particular"


def tints(count: int) -> list[Tint]:
    """As many tints as there are labels, in an order in which neighbours differ."""
    steps = len(_LIGHT)
    found = []
    for number in range(count):
        step, place = number % steps, number // steps
        on_step = len(range(step, count, steps))
        hue = _FIRST_HUE + 360.0 * (place + step / steps) / on_step
        found.append(
            Tint(
                _hex(*_LIGHT[step], hue),
                _hex(*_LIGHT_INK, hue),
                _hex(*_LIGHT_LINE, hue),
                _hex(*_DARK[step], hue),
                _hex(*_DARK_INK, hue),
                _hex(*_DARK_LINE, hue),
            )
        )
    return found


def tints_of(domains: Sequence[Domain]) -> list[Tint]:
    """The tint of each domain, in their order; grey for one that stands alone."""
    colours = iter(tints(sum(not domain.exclusive for domain in domains)))
    return [GREY if domain.exclusive else next(colours) for domain in domains]


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """OKLCH as sRGB; what no screen shows loses chroma, not hue."""
    while True:
        channels = _linear(lightness, chroma, hue)
        if chroma < 0.005 or all(-1e-4 <= each <= 1 + 1e-4 for each in channels):
            return "#" + "".join(f"{round(255 * _gamma(min(max(each, 0.0), 1.0))):02x}" for each in channels)
        chroma -= 0.002


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
