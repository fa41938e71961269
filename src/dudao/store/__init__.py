"""Model versions: written once, verified, listed, chosen, sent and received. The only place that knows joblib's file.

`contents` reads files that nobody trusts yet, `inspection` and `cues` look at all of them without building anything, `versions` lists and
writes, `loading` builds what scores, `transfer` packs and unpacks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dudao.errors import ModelError
from dudao.store.contents import ARCHIVES, PIPELINE, VERSION, Folder, json_bytes
from dudao.store.inspection import Finding, audit, check
from dudao.store.loading import digests_to_pin, is_released, load_classifier, load_pipeline, pinned, read_card, verify
from dudao.store.versions import (
    ModelVersion,
    check_free,
    inference_digest,
    is_installed,
    list_versions,
    next_version,
    resolve,
    set_current,
    use,
    write_trained,
    write_version,
)

if TYPE_CHECKING:
    from dudao.store.transfer import Imported
    from dudao.taxonomy import Taxonomy


def check_taxonomy(taxonomy: Taxonomy, *, where: str) -> None:
    """See `cues.check_taxonomy`; its patterns are compiled when one is looked at."""
    from dudao.store import cues

    cues.check_taxonomy(taxonomy, where=where, hint="write it plainer, before a model is trained that nobody may load")


def export_version(ref: str | Path, out: str | Path) -> tuple[ModelVersion, str]:
    """See `transfer.export_version`; archives are imported when one is written."""
    from dudao.store import transfer

    return transfer.export_version(ref, out)


def import_version(source: str | Path, root: Path, *, trusted: str | None = None) -> Imported:
    """See `transfer.import_version`; archives are imported when one is read."""
    from dudao.store import transfer

    return transfer.import_version(source, root, trusted=trusted)


__all__ = [
    "ARCHIVES",
    "PIPELINE",
    "VERSION",
    "Finding",
    "Folder",
    "ModelError",
    "ModelVersion",
    "audit",
    "check",
    "check_free",
    "check_taxonomy",
    "digests_to_pin",
    "export_version",
    "import_version",
    "inference_digest",
    "is_installed",
    "is_released",
    "json_bytes",
    "list_versions",
    "load_classifier",
    "load_pipeline",
    "next_version",
    "pinned",
    "read_card",
    "resolve",
    "set_current",
    "use",
    "verify",
    "write_trained",
    "write_version",
]
