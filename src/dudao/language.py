"""The language of messages: Chinese where the locale or ``--lang`` says so, else English; and the two ways to write Chinese."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

Translate = Callable[[str, str], str]


def language(arguments: Sequence[str]) -> str:
    """``zh`` or ``en``: what ``--lang`` says among command line arguments, else the locale."""
    for number, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
        if argument == "--lang" and number + 1 < len(arguments):
            return arguments[number + 1]
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def translator(lang: str) -> Translate:
    """A function that picks the English or the Chinese of two texts."""
    return (lambda en, zh: zh) if lang.startswith("zh") else (lambda en, zh: en)


@functools.cache
def traditional_characters() -> tuple[str, str]:
    """Traditional characters, and in the same order the simplified ones that they map to."""
    source, target = (Path(__file__).with_name("data") / "traditional.txt").read_text(encoding="utf-8").split()
    return source, target
