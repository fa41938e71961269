"""Where things live: what the package carries, the checkout, and the home that new models and corrections go to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT_MARKS = ("pyproject.toml", "corpus/taxonomy.toml")


def carried() -> Path:
    """Folder that holds the released ``models/`` and ``corpus/``.

    In a wheel they lie inside the package; an editable install does not see force-included files and falls back to the
    repository root.
    """
    inside = _PACKAGE / "_carried"
    if (inside / "corpus" / "taxonomy.toml").is_file():
        return inside
    return _PACKAGE.parent.parent


def home() -> Path:
    """Folder for new models and corrections: ``$DUDAO_HOME``, else the checkout one stands in, else the user's data folder."""
    named = os.environ.get("DUDAO_HOME")
    if named:
        return Path(named).expanduser()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if all((folder / mark).is_file() for mark in _CHECKOUT_MARKS):
            return folder
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "dudao"


def model_roots() -> list[Path]:
    """Folders that hold model versions, in the order in which they are searched."""
    return _without_repeats([home() / "models", carried() / "models"])


def corpus_root() -> Path:
    """The corpus to train on and to add to: the home's where there is one, else what the package carries."""
    own = home() / "corpus"
    return own if (own / "taxonomy.toml").is_file() else carried() / "corpus"


def scheme_roots() -> list[Path]:
    """Folders that hold schemes, in the order in which they are searched: the home's corpus, the home, the package."""
    return _without_repeats([home() / "corpus" / "schemes", home() / "schemes", carried() / "corpus" / "schemes"])


def corrections_root(corpus: Path | None = None) -> Path:
    """Where corrections go: into the corpus that is named, else into the home's, which the package's corpus is read with."""
    return (corpus or home() / "corpus") / "corrections"


def _without_repeats(folders: list[Path]) -> list[Path]:
    seen: dict[Path, Path] = {}
    for folder in folders:
        seen.setdefault(folder.resolve(), folder)
    return list(seen.values())
