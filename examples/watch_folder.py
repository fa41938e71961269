"""Watch a folder and tag what arrives: ``python watch_folder.py INBOX OUTBOX``.

Each report gives ``OUTBOX/<name>.json``, each that cannot be read ``OUTBOX/<name>.error.json``. A file is taken once it has not
changed between two looks, so that one still being copied is left alone; what is in the outbox already is not done again, so the
watcher may be stopped and started at any time.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dudao

log = logging.getLogger("watch_folder")


def watch(inbox: Path, outbox: Path, tagger: dudao.Tagger, *, every: float = 2.0) -> Iterator[Path]:
    """Tag reports as they arrive, for ever; yields each file written."""
    outbox.mkdir(parents=True, exist_ok=True)
    seen: dict[Path, tuple[int, int]] = {}
    while True:
        for path in dudao.find_reports(inbox):
            try:
                status = path.stat()
            except OSError:
                continue  # taken away between two looks
            state = (status.st_size, status.st_mtime_ns)
            if seen.get(path) == state:
                yield from handle(path, inbox, outbox, tagger)
            seen[path] = state
        time.sleep(every)


def handle(path: Path, inbox: Path, outbox: Path, tagger: dudao.Tagger) -> list[Path]:
    """Tag one file, unless that was done since it last changed; gives the files written."""
    name = str(path.relative_to(inbox)).replace(os.sep, "__")
    good, bad = outbox / f"{name}.json", outbox / f"{name}.error.json"
    if any(each.exists() and each.stat().st_mtime >= path.stat().st_mtime for each in (good, bad)):
        return []
    # An archive may hold several reports, good ones and bad: each is one line.
    reports, errors = [], []
    for result in tagger.tag_all(path):
        if isinstance(result, dudao.DudaoError):
            log.warning("%s", result)
            errors.append({"source": result.where, "error": result.what, "hint": result.hint})
        else:
            reports.append(result.to_dict())
    return [each for each in (replace(good, reports), replace(bad, errors)) if each is not None]


def replace(target: Path, entries: list[dict[str, Any]]) -> Path | None:
    """Write a file of JSON lines in one step, so that readers of the outbox see whole files only."""
    if not entries:
        target.unlink(missing_ok=True)
        return None
    partial = target.with_name(target.name + ".tmp")
    partial.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in entries), encoding="utf-8")
    os.replace(partial, target)
    return target


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inbox", type=Path)
    parser.add_argument("outbox", type=Path)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between looks")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        for written in watch(given.inbox, given.outbox, dudao.Tagger.load(), every=given.every):
            log.info("written %s", written)
    except KeyboardInterrupt:
        log.info("stopped")


if __name__ == "__main__":
    main()
