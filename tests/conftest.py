from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_REPORT = ROOT.parent / "shared" / "reports" / "shanyin-2021.txt"


def cases(name: str) -> list:
    loaded = json.loads((ROOT / "tests" / "cases" / f"{name}.json").read_text(encoding="utf-8"))
    return [
        pytest.param(
            case,
            id=case["label"],
            marks=[pytest.mark.xfail(strict=True, reason=case["xfail"])] if "xfail" in case else [],
        )
        for case in loaded
    ]


@pytest.fixture(scope="session")
def tagger():
    from dudao import Tagger

    return Tagger.load()


@pytest.fixture(scope="session")
def taxonomy():
    from dudao.taxonomy import load_taxonomy

    return load_taxonomy(ROOT / "corpus" / "taxonomy.toml")


@pytest.fixture(scope="session")
def shared_report() -> Path:
    if not SHARED_REPORT.is_file():
        pytest.skip("the shared real report is not beside this checkout")
    return SHARED_REPORT


@pytest.fixture
def sample() -> Path:
    return ROOT / "examples" / "sample-report.txt"
