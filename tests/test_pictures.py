from __future__ import annotations

import importlib.util
import re
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import ROOT
from dudao.compare import ClauseStore


@pytest.fixture(scope="module")
def pictures():
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "scripts" / "pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def terminals(pictures, tagger):
    with ClauseStore() as store:
        return dict(pictures.terminals(tagger, pictures.compared(tagger, store)))


def test_terminal_pictures_fetch_nothing(terminals):
    for svg in terminals.values():
        ElementTree.fromstring(svg)
        assert not re.search(r"@font-face|url\((?!#)|href", svg)


def test_terminal_pictures_give_chinese_two_columns(terminals):
    (length,) = re.findall(r'textLength="([\d.]+)"[^>]*>各领域覆盖情况<', terminals["tag.zh.svg"])
    assert float(length) == pytest.approx(14 * 12.2)


def test_picture_that_is_the_same_is_not_written(pictures, tmp_path, capsys):
    path = tmp_path / "a.svg"
    pictures.keep(path, b"one")
    before = path.stat().st_mtime_ns
    pictures.keep(path, b"one")
    assert path.stat().st_mtime_ns == before
    pictures.keep(path, b"two")
    assert path.read_bytes() == b"two"


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme_shows_pictures_that_are_there(readme):
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    assert len([path for path in shown if path.startswith("docs/pictures/")]) == 3
    assert all((ROOT / path).is_file() for path in shown if "://" not in path)
