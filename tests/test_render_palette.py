from __future__ import annotations

import itertools
import math

import pytest

from dudao.render.palette import GREY, tints


def linear(colour: str) -> list[float]:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]


def contrast(one: str, other: str) -> float:
    """As WCAG defines it."""
    light = [sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (one, other)]
    return (max(light) + 0.05) / (min(light) + 0.05)


def oklab(colour: str) -> tuple[float, float, float]:
    r, g, b = linear(colour)
    cones = [
        sum(w * c for w, c in zip(row, (r, g, b), strict=True)) ** (1 / 3)
        for row in (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        )
    ]
    rows = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    first, second, third = (sum(w * c for w, c in zip(row, cones, strict=True)) for row in rows)
    return first, second, third


TWENTY = [*tints(19), GREY]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tints_twenty_are_told_apart(scheme):
    nearest = min(
        math.dist(oklab(getattr(a, scheme)), oklab(getattr(b, scheme))) for a, b in itertools.combinations(TWENTY, 2)
    )
    assert nearest >= 0.02


@pytest.mark.parametrize("count", [1, 2, 3, 8, 19, 40])
def test_tints_inks_and_page_text_are_readable_on_each(count):
    for tint in [*tints(count), GREY]:
        assert contrast(tint.light, tint.light_ink) >= 4.5
        assert contrast(tint.dark, tint.dark_ink) >= 4.5
        assert contrast(tint.light, "#1c1c1c") >= 7
        assert contrast(tint.dark, "#e8e8e8") >= 7
        assert contrast("#fbfaf7", tint.light_line) >= 3
        assert contrast("#161616", tint.dark_line) >= 3
