"""Models of every released format load and score as the version of dudao did that wrote them."""

from __future__ import annotations

import json
import tomllib

import pytest

from conftest import ROOT
from dudao import Tagger, store
from dudao.modelfiles import FORMAT

MODELS = ROOT / "tests" / "data" / "models"
EXPECTED = json.loads((MODELS / "expected.json").read_text(encoding="utf-8"))


def test_there_is_a_model_of_each_format():
    assert sorted(EXPECTED) == [f"format-{number}" for number in range(1, FORMAT + 1)]
    for name in EXPECTED:
        manifest = json.loads((MODELS / name / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["format"] == int(name.removeprefix("format-"))


@pytest.mark.parametrize("name", EXPECTED)
def test_model_of_a_released_format_scores_the_same(name):
    """The scores are those that dudao 0.1.0, 0.2.0 and 1.0.0 gave with the models they had trained."""
    tagger = Tagger.load(MODELS / name)
    assert tagger.model.sha256 == EXPECTED[name]["sha256"]
    asked = EXPECTED[name]["tags"]
    tags = tagger.tag([each["text"] for each in asked], headings=[each["headings"] for each in asked])
    for tag, expected in zip(tags, asked, strict=True):
        assert tag.domains == tuple(expected["domains"])
        assert tag.primary == expected.get("primary", tag.domains[0])
        assert tag.uncertain == expected["uncertain"]
        assert dict(tag.scores) == pytest.approx(expected["scores"], abs=1e-6)


@pytest.mark.parametrize("name", EXPECTED)
def test_model_of_a_released_format_is_found_whole(name, tmp_path):
    assert store.audit(store.Folder(MODELS / name)) == []
    store.export_version(MODELS / name, tmp_path / "out.zip")
    assert store.import_version(tmp_path / "out.zip", tmp_path / "models").new


def test_wheel_carries_the_current_model():
    included = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    current = (ROOT / "models" / "current").read_text(encoding="utf-8").strip()
    assert set(included["wheel"]["force-include"]) == {"models/current", f"models/{current}", "corpus"}


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0", "0.3.0", "1.0.0"])
def test_released_model_is_the_one_that_is_pinned(version):
    released = store.resolve(version)
    assert store.audit(store.Folder(released.path)) == []
    assert store.is_released(released)
    manifest = released.manifest()
    assert store.pinned(version)[store.PIPELINE] == manifest["files"][store.PIPELINE]
