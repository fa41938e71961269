"""The one-way imports of ARCHITECTURE.md, and what only one place may know."""

from __future__ import annotations

import ast
import re

import pytest

from conftest import ROOT

SOURCE = ROOT / "src" / "dudao"
ORDER = [
    "errors",
    "files",
    "logs",
    "patterns",
    "values",
    "workers",
    "templates",
    "charts",
    "places",
    "taxonomy",
    "document",
    "language",
    "messages",
    "schemes",
    "ledger",
    "compare",
    "readers",
    "outline",
    "tokens",
    "passages",
    "features",
    "modelfiles",
    "classifier",
    "corpus",
    "corrections",
    "decision",
    "drift",
    "store",
    "tagger",
    "newterms",
    "batch",
    "usual",
    "spark",
    "evaluation",
    "modeldiff",
    "modelcard",
    "training",
    "estimator",
    "render",
    "labelling",
    "cli",
]
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def unit(path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_module_imports_only_what_stands_above_it(path):
    here = ORDER.index(unit(path))
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "dudao" and len(parts) > 1 and parts[1] in ORDER:
            assert ORDER.index(parts[1]) <= here, f"{path.name} imports {name}"


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("sklearn", {"training", "evaluation", "store", "estimator"}),
        ("jieba", {"tokens"}),
        ("rjieba", {"tokens"}),
        ("lxml", {"readers"}),
        ("trafilatura", {"readers"}),
        ("pypdfium2", {"readers"}),
        ("joblib", {"training", "store"}),
        ("threadpoolctl", {"training"}),
        ("pyspark", {"spark"}),
    ],
)
def test_package_is_known_in_one_place_only(package, allowed):
    found = {unit(path) for path in MODULES if any(name.split(".")[0] == package for name in imports(path))}
    assert found <= allowed


# Not roles there: what resets a report's sections (outline), and what a taxonomy that says nothing is taken to say (taxonomy).
_OTHERWISE = {"outline": {"closing"}, "taxonomy": {"problem", "improvement"}}


def test_no_code_names_a_domain_or_a_role():
    from dudao.taxonomy import load_taxonomy

    taxonomy = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")
    labels = [*taxonomy.domains, *taxonomy.roles]
    words = {word for each in labels for word in (each.id, each.name)}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = node.value in words - _OTHERWISE.get(unit(path), set())
                assert not named, f"{path.name}:{node.lineno} names {node.value}"


def test_no_template_names_a_domain():
    from dudao.taxonomy import load_taxonomy

    domains = load_taxonomy(ROOT / "corpus" / "taxonomy.toml").domains
    for path in (SOURCE / "data").iterdir():
        if path.suffix in {".j2", ".js", ".css", ".html"}:
            text = path.read_text(encoding="utf-8")
            for domain in domains:
                assert domain.name not in text, path.name
                assert not re.search(rf"(?<![\w-]){domain.id}(?![\w-])", text), f"{path.name} names {domain.id}"
