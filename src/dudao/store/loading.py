"""From a version on disk to what scores, and on explicit request to the scikit-learn pipeline."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dudao.classifier import Classifier
from dudao.errors import ModelError
from dudao.modelfiles import FILES
from dudao.store.contents import CARDS, MANIFEST, PIPELINE, Folder, check_digest, read_checked, read_manifest
from dudao.store.contents import sha256 as digest_of
from dudao.store.inspection import audit, check, look_at_card, look_at_unread
from dudao.store.versions import ModelVersion, inference_digest, is_installed, resolve

_INFERENCE = "inference"  # not a file's name: the digest over those that inference reads


def load_classifier(ref: str | Path = "current") -> tuple[ModelVersion, Classifier, str]:
    """Load a version's scoring path; no pickle is read.

    An installed version was looked at when it was written, so that only what is read now is checked against its digests, and of
    one that this package was released with only the digests. Of a folder from elsewhere everything is looked at first.

    Returns
    -------
    tuple of ModelVersion, Classifier, str
        The last is the digest over the inference files, which results quote.

    Raises
    ------
    ModelError
        Missing, of a newer format, or a file's bytes are not those of the manifest or not those of a model.
    """
    version = resolve(ref)
    contents = Folder(version.path)
    if is_installed(version):
        manifest = read_manifest(contents)
        look_at_unread(contents, manifest)
        files: Mapping[str, bytes] = _Checked(contents, manifest)
    else:
        manifest, files = check(contents)
    digest = inference_digest(manifest)
    known = pinned(version.version).get(_INFERENCE) == digest
    return version, Classifier.from_files(files, where=str(version.path), known=known), digest


class _Checked(Mapping[str, bytes]):
    """The files that inference reads, each held against its digest before it is given.

    The digest of the largest is computed in a thread while the others are given and taken apart: hashing lets go of the interpreter.
    """

    def __init__(self, contents: Folder, manifest: Mapping[str, Any]) -> None:
        self._where, self._manifest = contents.where, manifest
        self._data = {name: contents.read(name) for name in FILES}
        self._largest = max(FILES, key=lambda name: len(self._data[name]))
        self._digest = ""
        self._hashing = threading.Thread(target=self._hash_largest)
        self._hashing.start()

    def _hash_largest(self) -> None:
        self._digest = digest_of(self._data[self._largest])

    def __getitem__(self, name: str) -> bytes:
        data = self._data[name]
        if name == self._largest:
            self._hashing.join()
        digest = self._digest if name == self._largest else digest_of(data)
        check_digest(name, digest, self._manifest, where=self._where)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


def verify(ref: str | Path = "current") -> dict[str, bool]:
    """Every file of a version by name: whether it is as the manifest says and what a file of that name may be."""
    version = resolve(ref)
    contents = Folder(version.path)
    wrong = {finding.file for finding in audit(contents)}
    try:
        named = {*read_manifest(contents)["files"]}
    except ModelError:
        named = set()
    return {name: name not in wrong for name in sorted({*named, *contents.names(), *wrong})}


def read_card(version: ModelVersion, *, chinese: bool) -> str:
    """A version's model card.

    Raises
    ------
    ModelError
        It is missing, not the one that was written, or no card.
    """
    name, contents = CARDS[chinese], Folder(version.path)
    data = read_checked(contents, name, read_manifest(contents))
    look_at_card(name, data, contents.where)
    return data.decode("utf-8")


def load_pipeline(ref: str | Path, *, sha256: str | None = None) -> Any:
    """Unpickle a version's scikit-learn pipeline; unpickling runs code, so only with a digest from a trusted place.

    Parameters
    ----------
    ref : str or path
        Version or folder.
    sha256 : str, optional
        Digest of ``model.joblib`` from a trusted place: not from the folder itself. Without it, the one that this package pins for
        a released version.

    Raises
    ------
    ModelError
        There is no digest to trust, the file is not the one of that digest, or it was made by another scikit-learn.
    """
    version = resolve(ref)
    trusted = sha256 or pinned(version.version).get(PIPELINE)
    if trusted is None:
        raise ModelError(
            f"this package pins no digest of {PIPELINE} for version {version.version}",
            where=str(version.path),
            hint="give the digest from where the model was trained: sha256=…",
        )
    data = Folder(version.path).read(PIPELINE)
    found = digest_of(data)
    if found != trusted.lower():
        raise ModelError(
            f"{PIPELINE} has digest {found[:16]}…, not the one given", where=str(version.path), hint="do not open it"
        )
    return _unpickle(data, version)


def _unpickle(data: bytes, version: ModelVersion) -> Any:
    """The pipeline, from the very bytes whose digest was checked."""
    import warnings

    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    made = version.manifest().get("libraries", {}).get("scikit-learn", "another version")
    hint = f"pip install scikit-learn=={made}, or train again: dudao train"
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(data))
        except InconsistentVersionWarning as error:
            raise ModelError(
                f"{PIPELINE} was made by scikit-learn {made}", where=str(version.path), hint=hint
            ) from error
        except (ImportError, AttributeError, TypeError) as error:  # a class that has moved, gone or changed
            raise ModelError(
                f"{PIPELINE} does not open with the libraries installed here: {error}",
                where=str(version.path),
                hint=hint,
            ) from error


def pinned(version: str) -> dict[str, str]:
    """The digests of a released version that this package carries, as `digests_to_pin` gives them; empty for others."""
    path = Path(__file__).resolve().parent.parent / "data" / "released.json"
    pins: dict[str, dict[str, str]] = json.loads(path.read_bytes())
    return pins.get(version, {})


def digests_to_pin(contents: Folder) -> dict[str, str]:
    """What a release pins of a version: the digests of the manifest, which covers every file, of the pipeline, and of what inference reads."""
    found = {name: digest_of(contents.read(name)) for name in (MANIFEST, PIPELINE)}
    return {**found, _INFERENCE: inference_digest(read_manifest(contents))}


def is_released(version: ModelVersion) -> bool:
    """Whether a model is, to the last byte, the one that was released under its number with this package."""
    expected = pinned(version.version).get(MANIFEST)
    return expected is not None and digest_of(Folder(version.path).read(MANIFEST)) == expected
