"""Folders with a planted pickle, changed numbers, claimed sizes: each refused with its reason, and nothing run."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import hostile_models as hostile
from dudao import DudaoError, ModelError, Tagger, store
from dudao.modelfiles import FILES

MOST_SECONDS, MOST_BYTES = 1.0, 300_000_000


def refusals(folder, home, monkeypatch):
    """What each way into dudao says of a folder; one that takes it says nothing."""
    monkeypatch.setenv("DUDAO_HOME", str(home))
    said = {}
    ways = {
        "load": lambda: Tagger.load(folder),
        "import": lambda: store.import_version(folder, home / "models"),
        "export": lambda: store.export_version(folder, home / "out.zip"),
    }
    for name, way in ways.items():
        try:
            way()
        except DudaoError as error:
            said[name] = str(error)
    assert not [each for each in store.list_versions() if home in each.path.parents]
    assert not (home / "out.zip").exists()
    return said


def assert_refused(folder, tmp_path, monkeypatch, reason):
    said = refusals(folder, tmp_path / "home", monkeypatch)
    assert set(said) == {"load", "import", "export"}
    assert all(re.search(reason, each) for each in said.values()), said
    assert store.audit(store.Folder(folder))


@pytest.fixture
def folder(tmp_path):
    return hostile.copy(tmp_path / "model")


def test_the_tiny_model_itself_is_taken(folder, tmp_path, monkeypatch):
    assert store.audit(store.Folder(folder)) == []
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path / "home"))
    Tagger.load(folder)


@pytest.mark.parametrize("kind", ["text", "binary", "compressed"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("name", hostile.POSITIONS)
def test_planted_pickle_is_refused_and_not_run(folder, tmp_path, monkeypatch, name, signed, kind):
    mark = tmp_path / "mark"
    hostile.put(folder, name, hostile.pickled(mark, kind), signed=signed)
    assert_refused(folder, tmp_path, monkeypatch, re.escape(name))
    assert not mark.exists()


@pytest.mark.parametrize("name", ["evil.pkl", "__init__.py", "model.pkl", ".hidden", "sitecustomize.py"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_file_of_no_model_is_refused(folder, tmp_path, monkeypatch, name, signed):
    hostile.put(folder, name, hostile.pickled(tmp_path / "mark", "binary"), signed=signed)
    assert_refused(folder, tmp_path, monkeypatch, "no file of a model")


def test_path_out_of_the_folder_is_refused(folder, tmp_path, monkeypatch):
    (tmp_path / "outside").write_bytes(b"x")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["../outside"] = manifest["files"]["model.joblib"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert_refused(folder, tmp_path, monkeypatch, "no file of a model|is missing")


@pytest.mark.parametrize("name", [name for name in hostile.POSITIONS if name != "manifest.json"])
def test_flipped_byte_is_refused(folder, tmp_path, monkeypatch, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(bytes(data))
    assert_refused(folder, tmp_path, monkeypatch, f"{re.escape(name)} is not what the manifest says")


@pytest.mark.parametrize(("one", "other"), [("MODEL_CARD.md", "classifier.json"), ("domains.svg", "reliability.svg")])
def test_swapped_files_are_refused(folder, tmp_path, monkeypatch, one, other):
    first, second = (folder / one).read_bytes(), (folder / other).read_bytes()
    (folder / one).write_bytes(second)
    (folder / other).write_bytes(first)
    assert_refused(folder, tmp_path, monkeypatch, "digest differs")


def test_file_of_another_model_is_refused(folder, tmp_path, monkeypatch):
    other = store.resolve("0.1.0").path
    for name in FILES:
        copied = hostile.copy(tmp_path / name)
        hostile.put(copied, name, (other / name).read_bytes())
        if name != "dictionary.tsv":  # any list of words is a dictionary
            assert_refused(copied, tmp_path, monkeypatch, "differ|do not fit|weights")


def only(block):
    """One weight less than there are terms, in a folder that is signed."""

    def change(arrays):
        kept = dict(arrays)
        kept[f"{block}_keys"], kept[f"{block}_features"] = (
            arrays[f"{block}_keys"][:-1],
            arrays[f"{block}_features"][:-1],
        )
        return kept

    return change


def put_nan(arrays):
    weights = arrays["weights"].copy()
    weights[3, 1] = np.nan
    return {**arrays, "weights": weights}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (put_nan, "not finite"),
        (lambda a: {**a, "idf": np.full_like(a["idf"], np.inf)}, "not finite"),
        (lambda a: {**a, "intercepts": np.full_like(a["intercepts"], np.nan)}, "not finite"),
        (lambda a: {**a, "intercepts": np.full_like(a["intercepts"], 1e30)}, "larger than any"),
        (lambda a: {**a, "idf": -a["idf"]}, "larger than any"),
        (only("word"), "vocabulary of|pair of words"),
        (only("ngram"), "vocabulary of"),
        (lambda a: {**a, "word_keys": a["word_keys"][:-1]}, "keys have"),
        (lambda a: {**a, "idf": a["idf"][:-1]}, "differ in length"),
        (lambda a: {**a, "weights": a["weights"][:, :-1].copy()}, "differ"),
        (lambda a: {**a, "weights": a["weights"][:-1].copy()}, "out of range"),
        (lambda a: {**a, "weights": a["weights"].astype("float32")}, "float32"),
        (lambda a: {**a, "weights": a["weights"].ravel()}, "dimensions"),
        (lambda a: {**a, "word_features": a["word_features"] * 0}, "two terms|vocabulary of"),
        (lambda a: {**a, "ngram_keys": a["ngram_keys"][::-1].copy()}, "ascending"),
        (lambda a: {**a, "pair_keys": a["pair_keys"] + np.uint64(1 << 40)}, "none"),
        (lambda a: {**a, "idf": np.array([{}] * len(a["idf"]), dtype=object)}, "object"),
        (lambda a: {**a, "extra": np.array([{}], dtype=object)}, "not a model's"),
        (lambda a: {name: array for name, array in a.items() if name != "idf"}, "not a model's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_signed_arrays_of_no_model_are_refused(folder, tmp_path, monkeypatch, change, reason):
    hostile.put_arrays(folder, change(hostile.arrays(folder)))
    assert_refused(folder, tmp_path, monkeypatch, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 99}, "newer"),
        ({"format": "2"}, "no format"),
        ({"format": True}, "no format"),
        ({"thresholds": [0.5, float("nan"), 0.5]}, "not finite"),
        ({"thresholds": [0.5, 7, 0.5]}, "no probability"),
        ({"thresholds": [0.5]}, "differ"),
        ({"context": [1.0]}, "wrong number"),
        ({"context": [1e300] * 9}, "larger than any"),
        ({"labels": ["crops", "animals", "others"]}, "differ"),
        ({"block_weights": "xx"}, "cannot be read"),
        ({"certain": None}, "cannot be read"),
    ],
)
def test_signed_settings_of_no_model_are_refused(folder, tmp_path, monkeypatch, changes, reason):
    hostile.put_json(folder, "classifier.json", **changes)
    assert_refused(folder, tmp_path, monkeypatch, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 99, "files": {}}, "newer"),
        ({"format": None}, "no format"),
        ({"files": []}, "lists no files"),
        ({"files": {"classifier.json": "x"}}, "no digest"),
        ({"files": {f"{n}.svg": "0" * 64 for n in range(99)}}, "more files"),
        ({"version": "../../x"}, "no version"),
        ({"version": 1}, "no version"),
        ({"taxonomy": {"sha256": "0" * 64}}, "not the one that the manifest tells"),
    ],
)
def test_manifest_of_no_model_is_refused(folder, tmp_path, monkeypatch, changes, reason):
    hostile.put_json(folder, "manifest.json", **changes)
    assert_refused(folder, tmp_path, monkeypatch, reason)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("水稻\t-5\n", "no word"),
        ("水稻\t99999999999999999999\n", "no word"),
        ("水 稻\t5\n", "no word"),
        ("\t5\n", "no word"),
        ("水稻\n", "cannot be read"),
        ("水稻\t" + "9" * 5000 + "\n", "cannot be read"),
    ],
)
def test_signed_dictionary_of_no_words_is_refused(folder, tmp_path, monkeypatch, lines, reason):
    hostile.put(folder, "dictionary.tsv", lines.encode())
    assert_refused(folder, tmp_path, monkeypatch, reason)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "种植"', "name = 5", "wrong kind"),
        ('name = "种植"', 'name = "\\u001b[2J"', "wrong kind"),
        ('name = "正文"', 'name = "正文"\ncues = ["(a+)+b"]', "repeats a group"),
        ('name = "正文"', 'name = "正文"\ncues = ["a*a*a*a*b"]', "too many ways"),
        ('name = "正文"', 'name = "正文"\ncues = ["("]', "regular expression"),
        ('name = "正文"', "name = \"正文\"\ncues = ['(a)\\1']", "refers back"),
        ('name = "正文"', 'name = "正文"\nevidence_bias = inf', "wrong kind"),
        ('name = "正文"', 'name = "正文"\nevidence = { "水" = "x" }', "wrong kind"),
        ('id = "animals"', 'id = "crops"', "twice"),
        ("[[domain]]", "[[[domain", "taxonomy"),
        ('version = "t"', 'version = "t"\nneutral = [1]', "wrong kind"),
    ],
)
def test_signed_taxonomy_that_does_harm_is_refused(folder, tmp_path, monkeypatch, old, new, reason):
    text = (folder / "taxonomy.toml").read_text(encoding="utf-8")
    assert old in text
    hostile.put(folder, "taxonomy.toml", text.replace(old, new).encode())
    assert_refused(folder, tmp_path, monkeypatch, reason)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("domains.svg", b"<svg><script>alert(1)</script></svg>", "more than show"),
        ("domains.svg", b'<svg onload="alert(1)"></svg>', "more than show"),
        ("domains.svg", b'<svg><image href="http://192.0.2.1/x"/></svg>', "more than show"),
        ("domains.svg", b"<html></html>", "no figure"),
        ("MODEL_CARD.md", b"# x\n\x1b]0;owned\x07", "no model card"),
        ("MODEL_CARD.md", "# x \u202e".encode(), "no model card"),
        ("MODEL_CARD.zh-CN.md", b"# \xff", "no text"),
    ],
)
def test_card_or_figure_that_acts_is_refused(folder, tmp_path, monkeypatch, name, data, reason):
    hostile.put(folder, name, data)
    assert_refused(folder, tmp_path, monkeypatch, reason)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
@pytest.mark.parametrize("name", hostile.POSITIONS)
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder", "device"])
def test_what_is_no_plain_file_is_refused(folder, tmp_path, monkeypatch, name, kind):
    (folder / name).rename(tmp_path / "moved")
    if kind == "folder":
        (folder / name).mkdir()
    elif kind == "pipe":
        os.mkfifo(folder / name)
    else:
        target = {"link": tmp_path / "moved", "dangling": tmp_path / "gone", "device": "/dev/zero"}[kind]
        (folder / name).symlink_to(target)
    assert_refused(folder, tmp_path, monkeypatch, "link|plain file|no model|cannot be read")


LOAD = """
import sys, time
from pathlib import Path
from dudao import DudaoError, Tagger, store
said = []
for way in (lambda: Tagger.load(sys.argv[1]), lambda: store.import_version(sys.argv[1], Path(sys.argv[2]))):
    try:
        way()
    except DudaoError as error:
        said.append(str(error))
assert len(said) == 2, said
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(int(peak) * 1024, time.process_time(), *said, sep="\\n")
"""


def claims(shape, dtype="<f2", header=None):
    """An .npz file of which one array claims a shape that it has not."""

    def make(folder):
        arrays = hostile.arrays(folder)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, array in arrays.items():
                data = io.BytesIO()
                np.save(data, array)
                content = data.getvalue()
                if name == "weights":
                    said = str({"descr": dtype, "fortran_order": False, "shape": shape}) if header is None else header
                    content = (
                        b"\x93NUMPY\x01\x00" + struct.pack("<H", min(len(said), 65535)) + said.encode() + content[128:]
                    )
                archive.writestr(f"{name}.npy", content)
        hostile.put(folder, "classifier.npz", out.getvalue())

    return make


def sparse(name, size):
    def make(folder):
        os.truncate(folder / name, size)

    return make


def header_of_two_gigabytes(folder):
    """A header that is itself said to be 2 GB long, as version 2 of the format allows."""
    data = b"\x93NUMPY\x02\x00" + struct.pack("<L", 2_000_000_000) + b"{"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in hostile.arrays(folder):
            archive.writestr(f"{name}.npy", data)
    hostile.put(folder, "classifier.npz", out.getvalue())


def many_entries(folder):
    """A list of files that alone would fill the memory."""
    entry = b"PK\1\2" + bytes(42)
    listed = entry * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(listed), 0, 0)
    hostile.put(folder, "classifier.npz", listed + end)


def compressed_bomb(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in hostile.arrays(folder):
            archive.writestr(f"{name}.npy", bytes(5_000_000))
    hostile.put(folder, "classifier.npz", out.getvalue())


def pipeline_bomb(folder):
    import zlib

    packed = zlib.compressobj(1)
    hostile.put(
        folder, "model.joblib", b"".join(packed.compress(bytes(10_000_000)) for _ in range(30)) + packed.flush()
    )


def nested_json(folder):
    hostile.put(folder, "classifier.json", b"[" * 900_000)


def wide_model(folder):
    """As many weights as a file may hold, all of them but the last right."""
    rows = 10_000_000
    arrays = {name: array[:0] for name, array in hostile.arrays(folder).items()}
    arrays["ngram_keys"] = np.zeros(1, np.uint64)
    arrays["ngram_features"] = np.zeros(1, np.int32)
    arrays["weights"], arrays["idf"], arrays["intercepts"] = (
        np.zeros((rows, 1), "f2"),
        np.ones(rows, "f4"),
        np.ones(1, "f4"),
    )
    hostile.put_arrays(folder, arrays)


LARGE = [claims((1_000_000_000,)), header_of_two_gigabytes, many_entries, sparse("classifier.npz", 2_000_000_000)]
LARGE_TOO = [
    claims((2**40, 2**40)),
    claims((-1, 3)),
    claims((2**62, 0)),
    claims(None, header="(" * 900),
    claims(None, header="x" * 60_000),
    claims((1,), dtype="|O"),
    compressed_bomb,
    pipeline_bomb,
    nested_json,
    wide_model,
    *(sparse(name, 2_000_000_000) for name in hostile.POSITIONS),
    sparse("classifier.npz", 63_000_000),
]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
@pytest.mark.parametrize(
    "make",
    [*LARGE, *(pytest.param(make, marks=pytest.mark.slow) for make in LARGE_TOO)],
    ids=lambda make: getattr(make, "__name__", ""),
)
def test_what_claims_to_be_large_is_refused_in_a_second_and_300_mb(folder, tmp_path, make):
    make(folder)
    run = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder), str(tmp_path / "models")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    peak, seconds, *_ = run.stdout.splitlines()
    assert int(peak) < MOST_BYTES
    assert float(seconds) < 2 * MOST_SECONDS  # for both ways in, start included


def test_installed_model_with_planted_card_or_pipeline_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path))
    for name in hostile.POSITIONS:
        folder = tmp_path / "models" / "7.0.0"
        hostile.copy(folder)
        hostile.put(folder, name, hostile.pickled(tmp_path / "mark", "binary"), signed=False)
        for way in (Tagger.load, store.use):
            with pytest.raises(DudaoError, match=re.escape(name)):
                way("7.0.0")
        shutil.rmtree(folder)
    assert not (tmp_path / "mark").exists()
    assert not (tmp_path / "models" / "current").exists()


def test_model_without_what_inference_does_not_read_still_tags(folder, tmp_path):
    for name in ("model.joblib", "MODEL_CARD.md", "domains.svg"):
        (folder / name).unlink()
    assert Tagger.load(folder).tag(["水稻插秧全部完成。"])[0].domains == ("crops",)
    assert {each.file for each in store.audit(store.Folder(folder))} == {"model.joblib", "MODEL_CARD.md", "domains.svg"}
    with pytest.raises(ModelError, match="is missing"):
        store.import_version(folder, tmp_path / "models")


def test_pipeline_opens_only_by_a_digest_from_elsewhere(folder, tmp_path):
    mark = tmp_path / "mark"
    hostile.put(folder, "model.joblib", hostile.pickled(mark, "compressed"))
    for trusted in (None, "0" * 64, json.loads((hostile.TINY / "manifest.json").read_text())["files"]["model.joblib"]):
        with pytest.raises(ModelError, match="digest"):
            store.load_pipeline(folder, sha256=trusted)
    assert not mark.exists()
