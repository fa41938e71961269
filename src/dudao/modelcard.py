"""The model card, written from the manifest alone, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dudao.taxonomy import Taxonomy

_TEMPLATES = Path(__file__).with_name("data")


def cards(manifest: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, bytes]:
    """Name → bytes of both cards.

    ``created`` stays out of them: the same corpus, code and seed give the same cards.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    values = {"m": manifest, "cv": manifest["metrics"]["cross_validation"], "taxonomy": taxonomy}
    return {
        "MODEL_CARD.md": environment.get_template("model_card.en.md.j2").render(values).encode(),
        "MODEL_CARD.zh-CN.md": environment.get_template("model_card.zh.md.j2").render(values).encode(),
    }
