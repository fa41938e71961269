from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
from types import SimpleNamespace

import pytest

import hostile_models as hostile
from conftest import ROOT
from dudao import ModelError, Tagger, store
from dudao.cli import run


@pytest.fixture
def dudao(monkeypatch, capsys):
    """The command line in this process: exit status and what it printed."""

    def call(*arguments, home, language="en"):
        monkeypatch.setenv("DUDAO_HOME", str(home))
        status = run(["--lang", language, *map(str, arguments)])
        return SimpleNamespace(returncode=status, stdout=capsys.readouterr().out)

    return call


@pytest.fixture
def folder(tmp_path):
    return hostile.copy(tmp_path / "model")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DUDAO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def renumbered(folder, version="8.0.0"):
    """The tiny model under a number that no released one has."""
    hostile.put_json(folder, "manifest.json", version=version)
    return folder


@pytest.mark.parametrize("suffix", store.ARCHIVES)
def test_export_and_import_bring_the_same_bytes(folder, home, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    _, digest = store.export_version(renumbered(folder), out)
    assert digest == hashlib.sha256(out.read_bytes()).hexdigest()
    result = store.import_version(out, home / "models", trusted=digest.upper())
    assert (result.sha256, result.new) == (digest, True)
    assert {path.name: path.read_bytes() for path in result.version.path.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
    assert Tagger.load("8.0.0").tag(["水稻插秧全部完成。"])[0].domains == ("crops",)


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_export_depends_on_the_version_alone(folder, tmp_path, suffix):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    store.export_version(folder, first)
    other = tmp_path / "other"
    other.mkdir()
    for path in sorted(folder.iterdir(), reverse=True):
        (other / path.name).write_bytes(path.read_bytes())
        (other / path.name).chmod(0o600)
        os.utime(other / path.name, (0, 86_400 * 365 * 40))
    store.export_version(other, second)
    assert first.read_bytes() == second.read_bytes()


def test_zip_of_the_released_tiny_model_is_the_same_everywhere(tmp_path):
    """Stored, so that no zlib has a say in it."""
    out = tmp_path / "out.zip"
    assert (
        store.export_version(hostile.TINY, out)[1] == "a9218e62982efae504815a6f1c453be19c2911de5d57f6b6eb79b4a23bba5dcb"
    )
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == [f"dudao-model-0.2.0/{name}" for name in hostile.POSITIONS]


def test_export_refuses_a_damaged_version_and_other_suffixes(folder, tmp_path):
    with pytest.raises(ModelError, match=r"\.zip or \.tar\.gz"):
        store.export_version(folder, tmp_path / "out.rar")
    (folder / "MODEL_CARD.md").unlink()
    with pytest.raises(ModelError, match=r"MODEL_CARD\.md"):
        store.export_version(folder, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_import_of_a_folder_and_once_more_and_repair(folder, home):
    renumbered(folder)
    manifest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    first = store.import_version(folder, home / "models", trusted=manifest)
    assert (first.new, first.repaired, first.sha256) == (True, (), manifest)
    again = store.import_version(folder, home / "models")
    assert (again.new, again.repaired) == (False, ())
    installed = first.version.path
    (installed / "classifier.npz").write_bytes(b"damaged")
    (installed / "MODEL_CARD.md").unlink()
    with pytest.raises(ModelError, match="install the version again"):
        Tagger.load("8.0.0")
    assert set(store.import_version(folder, home / "models").repaired) == {"classifier.npz", "MODEL_CARD.md"}
    assert all(store.verify("8.0.0").values())


def test_import_of_another_digest_is_refused(folder, home, tmp_path):
    out = tmp_path / "out.zip"
    store.export_version(folder, out)
    for source in (out, folder):
        with pytest.raises(ModelError, match="not the one given"):
            store.import_version(source, home / "models", trusted="0" * 64)
    with pytest.raises(ModelError, match="64 hexadecimal"):
        store.import_version(out, home / "models", trusted="6f1e")
    assert not (home / "models").exists()


def test_import_may_not_take_a_released_number(folder, home):
    with pytest.raises(ModelError, match="another model is installed as version"):
        store.import_version(folder, home / "models")
    assert not (home / "models").exists()


def test_import_of_another_model_under_a_taken_number_is_refused(folder, home, tmp_path):
    store.import_version(renumbered(folder), home / "models")
    hostile.put_json(folder, "manifest.json", seed=7)
    with pytest.raises(ModelError, match="another model is installed"):
        store.import_version(folder, home / "models")
    other = tmp_path / "elsewhere"
    store.import_version(folder, other)
    hostile.put_json(folder, "manifest.json", seed=8)
    with pytest.raises(ModelError, match="exists already"):
        store.import_version(folder, other)


def files_of(folder):
    return {f"x/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}


def zipped(files, **more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for entry, data in more.values():
            archive.writestr(entry, data)
    return out.getvalue()


def tarred(files, *more):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for entry, data in more:
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def tar_entry(name, **fields):
    entry = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(entry, key, value)
    return entry


def zip_link(name):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    return entry


def without(files, name):
    return {path: data for path, data in files.items() if path != f"x/{name}"}


def flipped(files):
    """One byte of what is packed is another."""
    data = bytearray(zipped(files))
    data[data.index(b"x/classifier.npz") + 2000] ^= 1
    return bytes(data)


def large_zip_header(files):
    """Says that it unpacks to 2 GB."""
    data = bytearray(zipped(files))
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<L", 2_000_000_000)
    return bytes(data)


def large_tar_header(files):
    """A header of headers that says it is 2 GB long."""
    block = bytearray(tar_entry("x/manifest.json", size=2_000_000_000, type=b"x").tobuf())
    return gzip.compress(bytes(block) + bytes(10_000))


def many_zip_entries(files):
    listed = (b"PK\1\2" + bytes(42)) * 1_000_000
    return b"PK\3\4" + listed + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(listed), 4, 0)


def tar_bomb(files):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        packed.write(tar_entry("x/model.joblib", size=3_000_000_000).tobuf())
        for _ in range(20):
            packed.write(bytes(10_000_000))
    return out.getvalue()


ARCHIVES = {
    "zip path out": (lambda files: zipped({**files, "../../evil.svg": b"x"}), "does not lie"),
    "zip absolute": (lambda files: zipped({**files, "/tmp/evil.svg": b"x"}), "does not lie"),
    "zip backslash": (lambda files: zipped({**files, "x\\..\\..\\evil.svg": b"x"}), "no file of a model|does not lie"),
    "zip unknown": (lambda files: zipped({**files, "x/evil.pkl": b"x"}), "no file of a model"),
    "zip two folders": (lambda files: zipped({**files, "y/evil.svg": b"x"}), "does not lie"),
    "zip link": (
        lambda files: zipped(without(files, "domains.svg"), link=(zip_link("x/domains.svg"), b"/etc/passwd")),
        "link",
    ),
    "zip no manifest": (lambda files: zipped(without(files, "manifest.json")), "no manifest.json"),
    "zip missing": (lambda files: zipped(without(files, "MODEL_CARD.md")), r"MODEL_CARD\.md is missing"),
    "zip bomb": (lambda files: zipped({**files, "x/classifier.npz": bytes(60_000_000)}), "zip bomb"),
    "zip many": (many_zip_entries, "more files"),
    "zip header": (large_zip_header, "zip bomb|larger|more than"),
    "zip cut": (lambda files: zipped(files)[:-30], "damaged|plain zip"),
    "zip flipped": (flipped, "damaged"),
    "tar path out": (lambda files: tarred({**files, "../evil.svg": b"x"}), "does not lie"),
    "tar absolute": (lambda files: tarred({**files, "/tmp/evil.svg": b"x"}), "does not lie"),
    "tar unknown": (lambda files: tarred({**files, "x/evil.pkl": b"x"}), "no file of a model"),
    "tar twice": (lambda files: tarred(files, (tar_entry("x/domains.svg"), b"")), "does not lie"),
    "tar link": (
        lambda files: tarred(
            without(files, "domains.svg"), (tar_entry("x/domains.svg", type=b"2", linkname="/etc/passwd"), b"")
        ),
        "link or no plain",
    ),
    "tar hard link": (
        lambda files: tarred(
            without(files, "domains.svg"), (tar_entry("x/domains.svg", type=b"1", linkname="/etc/passwd"), b"")
        ),
        "link or no plain",
    ),
    "tar device": (lambda files: tarred(files, (tar_entry("x/a.svg", type=b"3"), b"")), "link or no plain"),
    "tar header": (large_tar_header, "more than any model"),
    "tar bomb": (tar_bomb, "larger than any"),
    "tar cut": (lambda files: tarred(files)[:-2000], "damaged"),
    "tar no manifest": (lambda files: tarred(without(files, "manifest.json")), "no manifest.json"),
    "gzip of text": (lambda files: gzip.compress(b"hello" * 1000), "damaged|no manifest"),
    "text": (lambda files: b"hello", "neither"),
    "empty": (lambda files: b"", "neither"),
    "pickle": (lambda files: hostile.pickled("mark", "binary"), "neither"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_import_of_a_hostile_archive_is_refused(folder, tmp_path, name):
    make, reason = ARCHIVES[name]
    renumbered(folder)
    path = tmp_path / "archive"
    path.write_bytes(make(files_of(folder)))
    with pytest.raises(ModelError, match=reason):
        store.import_version(path, tmp_path / "models")
    assert not (tmp_path / "models").exists()
    assert not list(tmp_path.rglob("evil*"))


IMPORT = """
import sys, time
from pathlib import Path
from dudao import DudaoError, store
try:
    store.import_version(sys.argv[1], Path(sys.argv[2]))
except DudaoError as error:
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    print(int(peak) * 1024, time.process_time(), error)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
@pytest.mark.parametrize("name", ["zip many", "zip header", "tar header", "tar bomb"])
def test_import_of_a_large_claim_takes_a_second_and_300_mb_at_most(folder, tmp_path, name):
    path = tmp_path / "archive"
    path.write_bytes(ARCHIVES[name][0](files_of(renumbered(folder))))
    process = subprocess.run(
        [sys.executable, "-c", IMPORT, str(path), str(tmp_path / "models")], capture_output=True, text=True, check=True
    )
    peak, seconds, _ = process.stdout.split(" ", 2)
    assert int(peak) < 300_000_000
    assert float(seconds) < 1


def test_archives_that_others_pack_are_taken(folder, home, tmp_path):
    """Deflated, flat, with folder entries, and in the tar format of other programs."""
    renumbered(folder)
    flat = {name.removeprefix("x/"): data for name, data in files_of(folder).items()}
    directory = zipfile.ZipInfo("x/")
    for number, data in enumerate(
        (zipped(files_of(folder)), zipped(flat), zipped(files_of(folder), dir=(directory, b"")), tarred(flat))
    ):
        path = tmp_path / str(number)
        path.write_bytes(data)
        assert store.import_version(path, tmp_path / f"models{number}").new


def test_models_export_import_verify_on_the_command_line(folder, tmp_path, dudao):
    home, out = tmp_path / "home", tmp_path / "m.tar.gz"
    renumbered(folder)
    packed = dudao("models", "export", folder, "-o", out, home=home)
    assert packed.returncode == 0
    digest = packed.stdout.split()[-1]
    assert dudao("models", "import", out, "--sha256", "0" * 64, home=home).returncode == 1
    taken = dudao("models", "import", out, "--sha256", digest, home=home)
    assert taken.returncode == 0
    assert digest in taken.stdout
    assert dudao("models", "verify", "8.0.0", home=home).returncode == 0
    listed = json.loads(dudao("models", "list", "--json", home=home).stdout)
    entry = next(each for each in listed if each["version"] == "8.0.0")
    assert (entry["released"], entry["current"]) == (False, False)
    assert entry["sha256"] == Tagger.load(folder).model.sha256
    assert dudao("models", "use", folder, home=home).returncode == 1
    assert dudao("models", "use", "8.0.0", home=home).returncode == 0
    (home / "models" / "8.0.0" / "domains.svg").write_text("<svg onload='x'></svg>", encoding="utf-8")
    bad = dudao("models", "verify", "8.0.0", home=home, language="zh")
    assert bad.returncode == 1
    assert "domains.svg 与清单不符" in bad.stdout
    assert dudao("models", "export", "8.0.0", "-o", out, home=home).returncode == 1
    assert dudao("models", "import", tmp_path / "gone.zip", home=home).returncode == 1
    assert dudao("models", "import", home=home).returncode == 2


def test_released_versions_are_pinned_in_the_package():
    pins = json.loads((ROOT / "src" / "dudao" / "data" / "released.json").read_bytes())
    for version in store.list_versions():
        if version.path.parent == ROOT / "models":
            told = store.digests_to_pin(store.Folder(version.path))
            assert pins.get(version.version) == told, "run scripts/pin_models.py"
