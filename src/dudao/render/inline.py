"""Style, script and data put into a page itself, under a content security policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from markupsafe import Markup


def inlined(*, style: str, **scripts: str) -> dict[str, Any]:
    """The page's ``style``, its scripts, and the ``policy`` that allows these by their hashes and nothing from anywhere.

    What a report's text could smuggle in, a script, a picture that calls home, is so refused by the browser even if the escaping had a hole.
    """
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            "script-src " + (" ".join(map(_hash, scripts.values())) or "'none'"),
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )
    for each in (style, *scripts.values()):
        if re.search(r"</(?:style|script)|<!--|\r", each, re.IGNORECASE):
            raise ValueError("a style or script that cannot stand inside a page")
    return {"policy": Markup(policy), "style": Markup(style), **{name: Markup(text) for name, text in scripts.items()}}


def json_element(data: Any) -> Markup:
    """JSON that can stand in a ``<script type="application/json">``: nothing in it can end the element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


# `<`, `>` and `&` by safety; separators that old script engines take for line ends; what UTF-8 or HTML cannot hold.
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff\x7f-\x9f\ufffe\uffff]")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
