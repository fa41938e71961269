"""Model versions on disk: written once, verified, listed, chosen. The only place that knows joblib's file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dudao import places
from dudao.classifier import FILES, Classifier
from dudao.errors import ModelError

VERSION = re.compile(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:[-+][0-9A-Za-z.-]+)?")
PIPELINE = "model.joblib"
_CARDS = ("MODEL_CARD.md", "MODEL_CARD.zh-CN.md")
_MAX_FILE = 200_000_000


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version found on disk."""

    version: str
    path: Path
    current: bool = False

    def manifest(self) -> dict[str, Any]:
        """The version's ``manifest.json``.

        Raises
        ------
        ModelError
            It is missing or no JSON object.
        """
        return _manifest(self.path)


def list_versions() -> list[ModelVersion]:
    """Every version in the home and in the package, newest last; a version in the home hides its namesake in the package."""
    chosen = _current_name()
    found: dict[str, ModelVersion] = {}
    for root in places.model_roots():
        if not root.is_dir():
            continue
        for folder in root.iterdir():
            if VERSION.fullmatch(folder.name) and (folder / "manifest.json").is_file():
                found.setdefault(folder.name, ModelVersion(folder.name, folder, folder.name == chosen))
    return sorted(found.values(), key=lambda each: _order(each.version))


def resolve(ref: str | Path = "current") -> ModelVersion:
    """Find a model by version number, ``current``, or the path of its folder.

    Raises
    ------
    ModelError
        There is none of that name.
    """
    name = str(ref)
    if name == "current":
        chosen = _current_name()
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
    if (folder / "manifest.json").is_file():
        return ModelVersion(str(_manifest(folder).get("version", folder.name)), folder)
    raise ModelError(
        "is no model: neither a version nor a folder with a manifest.json", where=name, hint="see `dudao models list`"
    )


def load_classifier(ref: str | Path = "current") -> tuple[ModelVersion, Classifier, str]:
    """Load a version's scoring path; no pickle is read.

    Returns
    -------
    tuple of ModelVersion, Classifier, str
        The last is the digest over the inference files, which results quote.

    Raises
    ------
    ModelError
        Missing, or a file's bytes are not those of the manifest.
    """
    version = resolve(ref)
    manifest = version.manifest()
    files = {name: _checked_bytes(version.path, name, manifest) for name in FILES}
    return version, Classifier.from_files(files, where=str(version.path)), inference_digest(manifest)


def load_pipeline(ref: str | Path, *, sha256: str) -> Any:
    """Unpickle a version's scikit-learn pipeline; unpickling runs code, so only with a digest that the caller trusts.

    Parameters
    ----------
    ref : str or path
        Version or folder.
    sha256 : str
        Digest of ``model.joblib`` from a trusted place: not from the folder itself.

    Raises
    ------
    ModelError
        The file is not the one of that digest, or it was made by another scikit-learn.
    """
    import io
    import warnings

    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    version = resolve(ref)
    data = _read(version.path, PIPELINE)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{PIPELINE} has digest {found[:16]}…, not the one given", where=str(version.path), hint="do not open it"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(data))  # the very bytes that were checked
        except InconsistentVersionWarning as error:
            made = version.manifest().get("libraries", {}).get("scikit-learn", "another version")
            raise ModelError(
                f"{PIPELINE} was made by scikit-learn {made}",
                where=str(version.path),
                hint=f"pip install scikit-learn=={made}",
            ) from error


def verify(ref: str | Path = "current") -> dict[str, bool]:
    """Compare every file of a version with its manifest: name → whether it is as written."""
    version = resolve(ref)
    manifest = version.manifest()
    result = {}
    for name, digest in sorted(manifest["files"].items()):
        try:
            result[name] = hashlib.sha256(_read(version.path, name)).hexdigest() == digest
        except ModelError:
            result[name] = False
    known = {*manifest["files"], "manifest.json"}
    result.update({each.name: False for each in version.path.iterdir() if each.name not in known})
    return result


def write_version(root: Path, version: str, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Path:
    """Write a new version as a whole or not at all, and never over one that exists.

    Raises
    ------
    ModelError
        The number is malformed, the version exists, or the disk refused.
    """
    import shutil
    import tempfile

    check_free(root, version)
    target = root / version
    try:
        root.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".building-{version}-", dir=root))
        try:
            digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
            whole = {**manifest, "files": digests}
            for name, data in {**files, "manifest.json": json_bytes(whole)}.items():
                with open(building / name, "wb") as handle:
                    handle.write(data)
                    handle.flush()
                    os.fsync(handle.fileno())
            building.chmod(0o755)
            os.rename(building, target)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    except OSError as error:
        if target.exists():
            raise ModelError(
                f"version {version} exists already",
                where=str(root),
                hint="versions are never overwritten: choose a new number",
            ) from error
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
    if (root / version).exists():
        raise ModelError(
            f"version {version} exists already",
            where=str(root),
            hint="versions are never overwritten: choose a new number",
        )


def use(ref: str) -> ModelVersion:
    """Make a version the default, atomically."""
    chosen = resolve(ref)
    load_classifier(chosen.path)
    root = next(
        (each for each in places.model_roots() if each.resolve() == chosen.path.parent.resolve()),
        places.home() / "models",
    )
    if not os.access(root, os.W_OK):
        root = places.home() / "models"
    set_current(root, chosen.version)
    return chosen


def set_current(root: Path, version: str) -> None:
    """Write ``root/current``."""
    import tempfile

    root.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".current-", dir=root)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(version + "\n")
        os.chmod(temporary, 0o644)
        os.replace(temporary, root / "current")
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def inference_digest(manifest: Mapping[str, Any]) -> str:
    """One digest over the files that inference reads: SHA-256 of ``name sha256`` lines in the order of `FILES`."""
    lines = "".join(f"{name} {manifest['files'].get(name, '')}\n" for name in FILES)
    return hashlib.sha256(lines.encode()).hexdigest()


def json_bytes(data: Any) -> bytes:
    """JSON as it is stored: readable, keys in the order given, a final line end."""
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def cards() -> tuple[str, ...]:
    """Names of the model card files, English first."""
    return _CARDS


def _current_name() -> str | None:
    for root in places.model_roots():
        try:
            name = (root / "current").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if VERSION.fullmatch(name):
            return name
    return None


def _order(version: str) -> tuple[Any, ...]:
    core, _, suffix = version.partition("-")
    return (*(int(part) for part in core.split("+")[0].split(".")), suffix == "", suffix)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_read(folder, "manifest.json"))
    except ValueError as error:
        raise ModelError(
            f"manifest.json is damaged: {error}", where=str(folder), hint="install the version again"
        ) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ModelError("manifest.json lists no files", where=str(folder), hint="install the version again")
    return manifest


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if Path(name).name != name or path.is_symlink():
            raise ModelError(f"{name} is a link or lies outside the version", where=str(folder), hint="do not use it")
        if path.stat().st_size > _MAX_FILE:
            raise ModelError(f"{name} is larger than any model file", where=str(folder), hint="do not use it")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{name} cannot be read: {error.strerror}", where=str(folder), hint="install the version again"
        ) from error


def _checked_bytes(folder: Path, name: str, manifest: Mapping[str, Any]) -> bytes:
    data = _read(folder, name)
    if hashlib.sha256(data).hexdigest() != manifest["files"].get(name):
        raise ModelError(
            f"{name} is not what the manifest says: its digest differs",
            where=str(folder),
            hint="the file is damaged or was changed; install the version again or choose another with `dudao models use`",
        )
    return data
