from __future__ import annotations

import hashlib
import io
import json
import shutil
import zlib

import numpy as np
import pytest

import hostile_models as hostile
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


def test_use_writes_into_the_home_which_is_searched_first(tmp_path, monkeypatch):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path))
    hostile.put_json(hostile.copy(tmp_path / "models" / "7.0.0"), "manifest.json", version="7.0.0")
    store.use("7.0.0")
    assert store.use("0.1.0").version == "0.1.0"  # carried by the package, chosen in the home
    assert (tmp_path / "models" / "current").read_text(encoding="utf-8") == "0.1.0\n"
    assert store.resolve("current").version == "0.1.0"


def test_use_refuses_what_is_not_installed_hidden_or_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path / "home"))
    with pytest.raises(ModelError, match="dudao models import"):
        store.use(str(hostile.TINY))
    released = store.resolve("0.1.0").path
    shutil.copytree(store.resolve("0.2.0").path, tmp_path / "home" / "models" / "0.1.0")
    with pytest.raises(ModelError, match="hides this one"):
        store.use(str(released))
    folder = hostile.copy(tmp_path / "home" / "models" / "7.0.0")
    hostile.put_arrays(folder, {**hostile.arrays(folder), "idf": np.zeros(3, "f4")})
    with pytest.raises(ModelError, match="do not fit"):
        store.use("7.0.0")
    assert not (tmp_path / "home" / "models" / "current").exists()


def test_current_that_is_gone_is_told_with_what_there_is(tmp_path, monkeypatch):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path))
    store.set_current(tmp_path / "models", "55.0.0")
    with pytest.raises(ModelError, match=r"no model version 55\.0\.0 .*installed: 0\.1\.0"):
        Tagger.load()


def test_versions_are_in_the_order_of_their_numbers():
    from dudao.store.versions import order

    names = ["0.9.0", "0.10.0", "1.0.0-a", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.0.0+b", "1.0.1", "10.0.0"]
    assert sorted(set(names), key=order) == names


@pytest.mark.parametrize(
    ("newest", "changed", "expected"),
    [
        ("1.2.3", {"taxonomy": "x"}, "2.0.0"),
        ("0.2.3", {"taxonomy": "x"}, "0.3.0"),
        ("1.2.3", {"corpus": "x"}, "1.3.0"),
        ("1.2.3", {"glossary": "x"}, "1.3.0"),
        ("1.2.3", {}, "1.2.4"),
        ("1.2.3-rc.1", {}, "0.1.0"),
    ],
)
def test_next_version_goes_by_what_changed(tmp_path, newest, changed, expected):
    trained_on = {"taxonomy": "t", "corpus": "c", "glossary": "g"}
    told = {name: {"sha256": digest} for name, digest in trained_on.items()}
    store.write_version(tmp_path, newest, {}, {"format": 2, "version": newest, **told})
    assert store.next_version(tmp_path, **{**trained_on, **changed}) == expected


def test_next_version_in_the_home_takes_no_number_of_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path))
    found = store.next_version(tmp_path / "models", taxonomy="t", corpus="c", glossary="g")
    assert found not in {each.version for each in store.list_versions()}
    assert store.next_version(tmp_path / "elsewhere", taxonomy="t", corpus="c", glossary="g") == "0.1.0"


def test_released_pipeline_opens_by_its_pin_and_from_the_bytes_that_were_checked(monkeypatch):
    read = []
    monkeypatch.setattr(
        store.Folder, "read", lambda *of, real=store.Folder.read, **how: read.append(of[1]) or real(*of, **how)
    )
    version = store.resolve("current")
    if not store.pinned(version.version):
        pytest.skip("this version is not pinned yet")
    assert store.load_pipeline("current").steps
    assert read.count("model.joblib") == 1


def test_pipeline_of_another_scikit_learn_is_an_error_that_names_the_way_out(tmp_path, monkeypatch):
    import joblib
    import sklearn.base
    from sklearn.linear_model import LogisticRegression

    folder = hostile.copy(tmp_path / "model")
    with monkeypatch.context() as patch:
        patch.setattr(sklearn.base, "__version__", "1.0.2")
        out = io.BytesIO()
        joblib.dump(LogisticRegression(), out, compress=3)
    hostile.put_json(folder, "manifest.json", libraries={"scikit-learn": "1.0.2"})
    hostile.put(folder, "model.joblib", out.getvalue())
    digest = hashlib.sha256(out.getvalue()).hexdigest()
    with pytest.raises(ModelError, match=r"pip install scikit-learn==1\.0\.2"):
        store.load_pipeline(folder, sha256=digest)


def test_pipeline_whose_class_is_gone_is_an_error_that_names_the_way_out(tmp_path):
    folder = hostile.copy(tmp_path / "model")
    data = zlib.compress(b"\x80\x04csklearn.gone\nPipeline\n.")
    hostile.put(folder, "model.joblib", data)
    with pytest.raises(ModelError, match="pip install scikit-learn=="):
        store.load_pipeline(folder, sha256=hashlib.sha256(data).hexdigest())


def test_card_that_was_changed_is_not_shown(tmp_path, monkeypatch):
    folder = hostile.copy(tmp_path / "model")
    assert store.read_card(store.resolve(folder), chinese=False).startswith("# ")
    (folder / "MODEL_CARD.md").write_text("# another", encoding="utf-8")
    with pytest.raises(ModelError, match="digest differs"):
        store.read_card(store.resolve(folder), chinese=False)
