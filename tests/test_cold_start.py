"""What a command imports: nothing that the call does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conftest import ROOT

MAIN = "from dudao.cli import main; main()"


def imported(*arguments: str) -> set[str]:
    """The modules that a command imports, by `-X importtime`."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", MAIN, *arguments], capture_output=True, check=True, encoding="utf-8"
    )
    return {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", [["--help"], ["tag", "--help"], ["batch", "--help"], ["--version"]])
def test_help_needs_neither_numpy_nor_a_model(arguments):
    found = imported(*arguments)
    assert not found & {"numpy", "rich", "json", "tomllib", "dudao.tagger", "dudao.classifier", "dudao.outline"}


def test_tag_of_a_text_imports_nothing_for_other_work():
    found = imported("tag", str(ROOT / "examples" / "sample-report.txt"), "--to", "json")
    needless = {
        *("sklearn", "scipy", "joblib", "jieba", "lxml", "trafilatura", "rich", "jinja2", "pyarrow", "openpyxl"),
        *("rjieba", "numpy.ma", "zipfile", "tempfile", "concurrent.futures", "multiprocessing", "email"),
        *("dudao.passages", "dudao.batch", "dudao.training", "dudao.evaluation", "dudao.corpus", "dudao.workers"),
        *("dudao.readers.html", "dudao.readers.pdf", "dudao.readers.docx", "dudao.render.terminal"),
    }
    assert not found & needless


def test_dictionary_and_model_are_loaded_once(monkeypatch, sample):
    from dudao import Tagger, store, tokens

    loads = []
    monkeypatch.setattr(
        tokens, "_rjieba_cut", lambda words, real=tokens._rjieba_cut: loads.append("words") or real(words)
    )
    monkeypatch.setattr(
        store.Folder, "read", lambda *of, real=store.Folder.read, **how: loads.append(of[1]) or real(*of, **how)
    )
    tagger = Tagger.load()
    tagger.tag_report(sample)
    tagger.tag_report(sample)
    assert sorted(loads) == sorted({*loads})


def test_main_with_processes_of_its_own_ends_as_usual(monkeypatch):
    """Idle workers of joblib would outlive the command and hold its output open for minutes."""
    from dudao import cli

    monkeypatch.setitem(sys.modules, "joblib", sys)
    monkeypatch.setattr(cli.os, "_exit", lambda status: pytest.fail("ended without its exit handlers"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
