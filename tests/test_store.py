from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pytest

from dudao import ModelError, Tagger, store
from dudao.classifier import FILES


@pytest.fixture
def copied(tmp_path):
    source = store.resolve("current").path
    target = tmp_path / "model"
    shutil.copytree(source, target)
    return target


def rewrite(folder, name, data):
    """Put other bytes in a version and sign them, as somebody who made the folder could."""
    import hashlib

    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_load_flipped_byte_is_refused_and_named(copied, name):
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(bytes(data))
    with pytest.raises(ModelError, match=name):
        Tagger.load(copied)
    assert store.verify(copied)[name] is False


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_load_missing_file_is_refused(copied, name):
    (copied / name).unlink()
    with pytest.raises(ModelError):
        Tagger.load(copied)


def changed_arrays(folder, **changes):
    with np.load(folder / "classifier.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays.update({name: change(arrays[name]) for name, change in changes.items()})
    out = io.BytesIO()
    np.savez(out, **arrays)
    rewrite(folder, "classifier.npz", out.getvalue())


@pytest.mark.parametrize(
    "change",
    [
        {"weights": lambda a: np.where(a == a.max(), np.nan, a).astype("float16")},
        {"weights": lambda a: a.astype("float64")},
        {"weights": lambda a: a[:, :-1].copy()},
        {"idf": lambda a: a[:-1]},
        {"word_keys": lambda a: a[::-1].copy()},
        {"pair_features": lambda a: a + 10_000_000},
        {"idf": lambda a: np.array([{"x": 1}], dtype=object)},
    ],
    ids=["nan", "dtype", "columns", "length", "order", "range", "objects"],
)
def test_load_signed_nonsense_is_refused(copied, change):
    changed_arrays(copied, **change)
    with pytest.raises(ModelError):
        Tagger.load(copied)


def test_load_format_of_the_future_is_refused(copied):
    raw = json.loads((copied / "classifier.json").read_text(encoding="utf-8"))
    rewrite(copied, "classifier.json", json.dumps({**raw, "format": 99}).encode())
    with pytest.raises(ModelError, match="newer"):
        Tagger.load(copied)


def test_load_symlink_is_refused(copied, tmp_path):
    elsewhere = tmp_path / "elsewhere.npz"
    shutil.move(copied / "classifier.npz", elsewhere)
    (copied / "classifier.npz").symlink_to(elsewhere)
    with pytest.raises(ModelError, match="link"):
        Tagger.load(copied)


def test_resolve_unknown_names_what_there_is():
    with pytest.raises(ModelError, match="installed:"):
        store.resolve("99.0.0")
    with pytest.raises(ModelError, match="is no model"):
        store.resolve("nowhere")


def test_write_version_is_whole_or_absent(tmp_path):
    class Bad(dict):
        def items(self):
            yield "a", b"1"
            raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match="No space"):
        store.write_version(tmp_path, "1.0.0", Bad(), {})
    assert list(tmp_path.iterdir()) == []
    store.write_version(tmp_path, "1.0.0", {"a": b"1"}, {"version": "1.0.0"})
    with pytest.raises(ModelError, match="exists"):
        store.write_version(tmp_path, "1.0.0", {"a": b"2"}, {"version": "1.0.0"})
    assert (tmp_path / "1.0.0" / "a").read_bytes() == b"1"
    with pytest.raises(ModelError, match="no version number"):
        store.write_version(tmp_path, "../x", {}, {})


def test_use_switches_current_in_the_home(tmp_path, monkeypatch):
    released = store.resolve("current")
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path))
    shutil.copytree(released.path, tmp_path / "models" / "9.9.9")
    assert store.resolve("current").version == released.version
    store.use("9.9.9")
    assert (tmp_path / "models" / "current").read_text(encoding="utf-8") == "9.9.9\n"
    assert [each.version for each in store.list_versions() if each.current] == ["9.9.9"]


def test_released_version_is_as_written():
    assert all(store.verify("current").values())
