"""The package's Jinja2 templates, style sheets and scripts, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("data")


def render(name: str, *, autoescape: bool = True, **values: Any) -> str:
    """Fill a template of ``data/``; an unknown name in it is an error, never an empty string."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 60 ms: only where something is rendered

    environment = Environment(
        loader=FileSystemLoader(_FOLDER, encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(**values)


def asset(name: str) -> str:
    """A style sheet or script of ``data/``, as it is."""
    return (_FOLDER / name).read_text(encoding="utf-8").replace("\r\n", "\n")
