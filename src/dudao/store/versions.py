"""Model versions on a disk: which there are, which one is meant, which one is the default, and how a new one is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dudao import places
from dudao.errors import ModelError
from dudao.files import new_folder, replacing, sweep
from dudao.modelfiles import FILES
from dudao.store.contents import MANIFEST, VERSION, Folder, Unpacked, json_bytes, read_manifest, sha256
from dudao.store.inspection import check
from dudao.values import Value

_CURRENT = "current"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ModelVersion(Value):
    """A version found on disk."""

    version: str
    path: Path
    current: bool = False

    def manifest(self) -> dict[str, Any]:
        """The version's ``manifest.json``.

        Raises
        ------
        ModelError
            It is missing, damaged or of a newer format.
        """
        return read_manifest(Folder(self.path))


def list_versions() -> list[ModelVersion]:
    """Every version in the home and in the package, newest last; a version in the home hides its namesake in the package."""
    chosen = current_name()
    found: dict[str, ModelVersion] = {}
    for root in places.model_roots():
        for name, folder in _versions_in(root).items():
            found.setdefault(name, ModelVersion(name, folder, name == chosen))
    return sorted(found.values(), key=lambda each: order(each.version))


def resolve(ref: str | Path = _CURRENT) -> ModelVersion:
    """Find a model by version number, ``current``, or the path of its folder.

    Raises
    ------
    ModelError
        There is none of that name.
    """
    name = str(ref)
    if name == _CURRENT:
        chosen = current_name()
        if chosen is None:
            raise ModelError("no model is installed", hint="train one: dudao train")
        name = chosen
    if VERSION.fullmatch(name):
        for each in list_versions():
            if each.version == name:
                return each
        known = ", ".join(each.version for each in list_versions()) or "none"
        raise ModelError(f"no model version {name}", hint=f"installed: {known}")
    folder = Path(name)
    if (folder / MANIFEST).is_file():
        return ModelVersion(str(read_manifest(Folder(folder))["version"]), folder)
    raise ModelError(
        "is no model: neither a version nor a folder with a manifest.json", where=name, hint="see `dudao models list`"
    )


def is_installed(version: ModelVersion) -> bool:
    """Whether a model lies where versions do, and not in a folder from elsewhere."""
    return any(root.resolve() == version.path.resolve().parent for root in places.model_roots())


def inference_digest(manifest: Mapping[str, Any]) -> str:
    """One digest over the files that inference reads: SHA-256 of ``name sha256`` lines in the order of `FILES`."""
    return sha256("".join(f"{name} {manifest['files'].get(name, '')}\n" for name in FILES).encode())


def write_version(root: Path, version: str, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Path:
    """Write a new version as a whole or not at all, and never over one that exists.

    Of two that write the same version at once the first to finish wins.

    Raises
    ------
    ModelError
        The number is malformed, the version exists, or the disk refused.
    """
    check_free(root, version)
    return _publish(root, version, lambda: _with_manifest(files, manifest))


def write_trained(root: Path, version: str, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Path:
    """Write what training made by the rules of `write_version`, once it was looked at as a model from elsewhere is.

    What cannot be used afterwards is not written: it would take its number.
    """
    check_free(root, version)
    whole = _with_manifest(files, manifest)
    check(Unpacked(whole, str(root / version)), complete=True)
    return _publish(root, version, lambda: whole)


def _with_manifest(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> dict[str, bytes]:
    contents = dict(files.items())
    digests = {name: sha256(data) for name, data in contents.items()}
    return {**contents, MANIFEST: json_bytes({**manifest, "files": digests})}


def publish(root: Path, version: str, files: Mapping[str, bytes]) -> Path:
    """Write a version that has its manifest already, by the rules of `write_version`."""
    check_free(root, version)
    return _publish(root, version, lambda: files)


def _publish(root: Path, version: str, whole: Callable[[], Mapping[str, bytes]]) -> Path:
    target = root / version
    try:
        root.mkdir(parents=True, exist_ok=True)
        sweep(root)
        with new_folder(target) as folder:
            for name, data in whole().items():
                (folder / name).write_bytes(data)
    except FileExistsError as error:
        raise _taken(root, version) from error
    except OSError as error:
        raise ModelError(
            f"the version could not be written: {error.strerror}",
            where=str(target),
            hint="free some space or set DUDAO_HOME",
        ) from error
    return target


def check_free(root: Path, version: str) -> None:
    """Raise ModelError where a version of that number cannot be written."""
    if not VERSION.fullmatch(version):
        raise ModelError(f"{version!r} is no version number", hint="use X.Y.Z, such as 1.2.0")
    if os.path.lexists(root / version):
        raise _taken(root, version)


def use(ref: str) -> ModelVersion:
    """Make a version the default, atomically, once all of it was looked at.

    The choice is written into the home, which is searched first, so that it holds whatever the package's own default is.

    Raises
    ------
    ModelError
        There is none of that name, it is not installed, or something is wrong with it.
    """
    chosen = resolve(ref)
    if not is_installed(chosen):
        raise ModelError(
            "the default is one of the installed versions",
            where=str(chosen.path),
            hint=f"install it first: dudao models import {chosen.path}",
        )
    chosen = ModelVersion(chosen.path.name, chosen.path, current=True)
    if resolve(chosen.version).path.resolve() != chosen.path.resolve():
        raise ModelError(
            f"version {chosen.version} in the home hides this one",
            where=str(chosen.path),
            hint="remove one of the two, or give another version",
        )
    check(Folder(chosen.path))
    set_current(places.home() / "models", chosen.version)
    return chosen


def set_current(root: Path, version: str) -> None:
    """Write ``root/current`` as a whole or leave it as it was.

    Raises
    ------
    ModelError
        The disk refused.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        sweep(root)
        with replacing(root / _CURRENT) as file:
            file.write(f"{version}\n".encode())
    except OSError as error:
        raise ModelError(
            f"the default could not be written: {error.strerror}",
            where=str(root / _CURRENT),
            hint="free some space or set DUDAO_HOME",
        ) from error


def current_name() -> str | None:
    """Which version is the default; None where none was ever chosen."""
    for root in places.model_roots():
        try:
            name = (root / _CURRENT).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if VERSION.fullmatch(name):
            return name
    return None


def order(version: str) -> tuple[Any, ...]:
    """What versions are sorted by: their numbers, and before a version what leads up to it (1.0.0-rc.2 before 1.0.0)."""
    core, _, build = version.partition("+")
    core, _, early = core.partition("-")
    steps = tuple((1, 0, part) if not part.isdigit() else (0, int(part), "") for part in early.split("."))
    return (*map(int, core.split(".")), not early, steps, build)


def next_version(root: Path, *, taxonomy: str, corpus: str, glossary: str) -> str:
    """The number of a model trained on these digests, by the rules: which part of the newest version's number goes up.

    Major where the taxonomy is another, minor where corpus or glossary are, else patch; 0.1.0 where there is no version. While
    the major number is 0 a new taxonomy raises the minor one.
    """
    known = _versions_in(root)
    if root.resolve() in {each.resolve() for each in places.model_roots()}:
        known = {each.version: each.path for each in list_versions()}
    released = [name for name in known if "-" not in name and "+" not in name]
    if not released:
        return "0.1.0"
    newest = max(released, key=order)
    major, minor, patch = map(int, newest.split("."))
    try:
        manifest = read_manifest(Folder(known[newest]))
        old = [(manifest.get(part) or {}).get("sha256") for part in ("taxonomy", "corpus", "glossary")]
    except (ModelError, AttributeError):
        return f"{major}.{minor}.{patch + 1}"
    if old[0] != taxonomy and major:
        return f"{major + 1}.0.0"
    if old != [taxonomy, corpus, glossary]:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _versions_in(root: Path) -> dict[str, Path]:
    """Version folders of a root by name; what is being written, or was left half written, has no such name."""
    if not root.is_dir():
        return {}
    return {
        each.name: each
        for each in sorted(root.iterdir())
        if VERSION.fullmatch(each.name) and (each / MANIFEST).is_file()
    }


def _taken(root: Path, version: str) -> ModelError:
    return ModelError(
        f"version {version} exists already",
        where=str(root),
        hint="versions are never overwritten: choose a new number",
    )
