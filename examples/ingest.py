"""An ingestion step: bytes as they come from a queue or an upload, to a row for the store or a reason for the dead letters.

python ingest.py report.docx another.pdf
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import dudao
from dudao.outline import outline

TAGGER = dudao.Tagger.load()  # once a process; read-only, so that all threads share it
LIMITS = dudao.Limits(bytes=20_000_000, seconds=30.0)  # what one upload may ask for


def ingest(payload: bytes, name: str) -> dict[str, Any]:
    """Tag one report.

    Returns
    -------
    dict
        ``status`` is ``tagged``, ``look`` (a person should look at some of it) or ``rejected``, the last with ``reason`` and ``hint``.
        Nothing that a file may hold raises an exception; a fault of the program does, and should reach the queue's own retry.
    """
    try:
        document = dudao.read_document(payload, name=name, limits=LIMITS)
        report = TAGGER.tag_outline(outline(document, TAGGER.taxonomy))
    except dudao.ReadError as error:
        return {"name": name, "status": "rejected", "reason": error.what, "hint": error.hint}
    clauses = [clause for paragraph in report.paragraphs for clause in paragraph.clauses]
    if not clauses:
        return {"name": name, "status": "rejected", "reason": "no paragraph of text", "hint": "is it a report?"}
    unsure = sum(clause.uncertain for clause in clauses)
    return {
        "name": name,
        "status": "look" if unsure or report.warnings else "tagged",
        "issuer": report.report.issuer,
        "year": report.report.year,
        "clauses": len(clauses),
        "uncertain": unsure,
        "missing": [domain for domain, held in report.coverage.items() if not held.clauses],
        "warnings": list(report.warnings),
        "model": report.model.version,
        "report": report.to_dict(),
    }


async def ingest_async(payload: bytes, name: str) -> dict[str, Any]:
    """The same for a service on asyncio: tagging runs in a thread, the loop goes on."""
    return await asyncio.to_thread(ingest, payload, name)


async def main(paths: list[str]) -> None:
    """Ingest files side by side and print a line each."""
    tasks = [ingest_async(Path(path).read_bytes(), path) for path in paths]
    for row in await asyncio.gather(*tasks):
        row.pop("report", None)
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
