"""Writes the digests of the released models into the package, which opens ``model.joblib`` by no other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dudao import store
from dudao.files import replacing

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "src" / "dudao" / "data" / "released.json"


def main() -> None:
    """Pin every version below ``models/`` in which nothing is wrong; a released one never changes."""
    pins = json.loads(PINS.read_bytes())
    for folder in sorted(each for each in (ROOT / "models").iterdir() if store.VERSION.fullmatch(each.name)):
        contents = store.Folder(folder)
        for finding in store.audit(contents):
            sys.exit(f"{finding.error}")
        now = store.digests_to_pin(contents)
        before = pins.get(folder.name, now)
        if any(before.get(name, digest) != digest for name, digest in now.items()):
            sys.exit(
                f"{folder.name} is pinned with other digests: a released version never changes, give it a new number"
            )
        pins[folder.name] = now
    with replacing(PINS) as file:
        file.write(store.json_bytes(pins))
    print(f"{PINS}: {', '.join(pins)}")


if __name__ == "__main__":
    main()
