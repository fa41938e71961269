from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest

from dudao import modelcard, store
from dudao.modelfiles import Reference, Spread

NEVER_MEASURED = Reference(91, Spread(0.111, 0.122), Spread(0.133, 0.144), Spread(0.155, 0.166))


@pytest.fixture(scope="module")
def cards(taxonomy):
    manifest = {**store.resolve("current").manifest(), "drift": asdict(NEVER_MEASURED)}
    return manifest, {name: data.decode() for name, data in modelcard.cards(manifest, taxonomy).items()}


@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("MODEL_CARD.md", ["Use", "Labels", "Data", "Metrics", "Drift", "Limits", "Reproduce"]),
        ("MODEL_CARD.zh-CN.md", ["用途", "标签", "数据", "指标", "偏离", "局限", "复现"]),
    ],
)
def test_card_has_every_section_label_and_figure(cards, taxonomy, name, sections):
    manifest, files = cards
    card = files[name]
    assert [line[3:] for line in card.splitlines() if line.startswith("## ")] == sections
    for label in (*taxonomy.domains, *taxonomy.roles):
        assert label.id in card
        assert label.about in card
    assert "Not meant for" in card or "不适用" in card
    for digest in ("corpus", "glossary", "taxonomy", "dictionary"):
        assert manifest[digest]["sha256"] in card
    for share in ("11.1%", "12.2%", "13.3%", "14.4%", "15.5%", "16.6%"):
        assert share in card
    for library, version in manifest["libraries"].items():
        assert f"| {library} | {version} |" in card
    assert f"dudao train --version {manifest['version']} --seed {manifest['seed']}" in card
    low, high = manifest["metrics"]["cross_validation"]["macro_f1_interval"]
    assert f"{low:.3f}–{high:.3f}" in card
    assert "created" not in card


def test_card_shows_figures_that_are_there(cards):
    _, files = cards
    for name in ("MODEL_CARD.md", "MODEL_CARD.zh-CN.md"):
        shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", files[name])
        assert "domains.svg" in shown
        assert set(shown) <= set(files)


def test_card_tables_have_as_many_cells_in_every_row(cards):
    _, files = cards
    for name in ("MODEL_CARD.md", "MODEL_CARD.zh-CN.md"):
        for block in re.findall(r"(?:^\|.*\n)+", files[name], re.MULTILINE):
            assert len({row.count("|") for row in block.splitlines()}) == 1, block[:200]


def test_card_is_the_same_for_the_same_manifest_whatever_its_date(cards, taxonomy):
    manifest, files = cards
    again = modelcard.cards({**json.loads(json.dumps(manifest)), "created": "1999-01-01"}, taxonomy)
    assert {name: data.decode() for name, data in again.items()} == files
