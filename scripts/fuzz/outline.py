#!/usr/bin/env python3
"""Coverage-guided fuzzing of the outline: any text must give spans that hold (``tests/spans.py``), and soon.

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris click
    PYTHONPATH=src /tmp/fuzz/bin/python scripts/fuzz/outline.py -max_total_time=1200 -max_len=600 FOLDER

Half of the inputs are text as it comes; the other half are strings of the numbers, words and marks that reports are made of, chosen by
the input's bytes: bytes alone seldom hit upon them. FOLDER keeps the inputs that reached new code. atheris is a tool of development; no
pinned file names it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("DUDAO_HOME", str(ROOT))

with atheris.instrument_imports(include=["dudao"]):
    from dudao.document import Document
    from dudao.outline import outline
    from dudao.taxonomy import load_taxonomy

from spans import assert_spans_hold  # noqa: E402
from vocabulary import PIECES  # noqa: E402

TAXONOMY = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")
SLOWEST_SECONDS = 2.0  # of processor time for some hundred characters; work that grows exponentially passes it soon


def text_of(data: bytes) -> str:
    """The text that an input stands for."""
    if not data or data[0] % 2:
        return data[1:].decode("utf-8", "replace")
    return "".join(PIECES[byte % len(PIECES)] for byte in data[1:])


def test_one_input(data: bytes) -> None:
    """One execution."""
    started = time.process_time()
    report = outline(Document(text_of(data)), TAXONOMY)
    assert time.process_time() - started < SLOWEST_SECONDS, "slow"
    assert_spans_hold(report)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
