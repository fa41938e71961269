"""Model folders that somebody made to do harm, or that were damaged; and what their making needs."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import shutil
import zlib
from pathlib import Path

import numpy as np

from conftest import ROOT

TINY = ROOT / "tests" / "data" / "models" / "format-2"
POSITIONS = sorted(path.name for path in TINY.iterdir())


class Payload:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self):
        return (open, (self.mark, "w"))


def copy(target: Path) -> Path:
    shutil.copytree(TINY, target)
    return target


def sign(folder: Path, name: str) -> None:
    """Write a file's digest into the manifest wherever it is told, as somebody who made the folder could."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    manifest["files"][name] = digest
    told = {"dictionary.tsv": "dictionary", "taxonomy.toml": "taxonomy"}.get(name)
    if told:
        manifest[told]["sha256"] = digest
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def put(folder: Path, name: str, data: bytes, *, signed: bool = True) -> None:
    (folder / name).write_bytes(data)
    if signed and name != "manifest.json":
        sign(folder, name)


def pickled(mark: Path, kind: str) -> bytes:
    """The payload as text, binary, or compressed as joblib does."""
    if kind == "text":
        return pickle.dumps(Payload(mark), protocol=0)
    data = pickle.dumps(Payload(mark), protocol=4)
    return zlib.compress(data, 3) if kind == "compressed" else data


def arrays(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "classifier.npz", allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def put_arrays(folder: Path, changed: dict[str, np.ndarray]) -> None:
    out = io.BytesIO()
    np.savez(out, **changed)
    put(folder, "classifier.npz", out.getvalue())


def put_json(folder: Path, name: str, **changes: object) -> None:
    raw = json.loads((folder / name).read_text(encoding="utf-8"))
    put(folder, name, json.dumps({**raw, **changes}).encode())
