"""CSV, a clause a row, for people with Excel: opens there with its characters right, and comes back changed by it.

Texts that a spreadsheet would take for a formula get an apostrophe in front, and so do those that begin with one; reading takes
it off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from dudao.corpus import Record
from dudao.errors import CorpusError
from dudao.labelling.names import Names
from dudao.labelling.tasks import Task, domains_of, record_from, role_of
from dudao.render.cells import opens_like_a_formula

_COLUMNS = (
    "id",
    "report",
    "section",
    "paragraph",
    "text",
    "domains",
    "domain_names",
    "role",
    "permitted",
    "predicted",
    "score",
    "uncertain",
    "model",
)
_NEEDED = ("text", "domains")
_SEPARATOR = re.compile(r"[,，;；\n]")  # not 、, which stands inside names


def lines(tasks: Iterable[Task], names: Names) -> Iterator[str]:
    """Tasks as CSV rows; ``domains`` has the labels, the model's where there is none yet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")

    def row(values: Iterable[object]) -> str:
        writer.writerow([_safe(str(value)) for value in values])
        written = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return written

    yield row(_COLUMNS)
    for task in tasks:
        for each in task.clauses:
            record, said = each.record, each.prediction
            domains = domains_of(each)
            yield row(
                (
                    record.id,
                    record.report,
                    "\n".join(record.section),
                    "" if record.paragraph is None else record.paragraph,
                    record.text,
                    ",".join(domains),
                    "，".join(names.taxonomy.domain(domain).name for domain in domains),
                    role_of(each) or "",
                    ",".join(record.permitted),
                    ",".join(said.domains) if said else "",
                    said.score if said else "",
                    "" if said is None else ("yes" if said.uncertain else "no"),
                    said.model if said else "",
                )
            )


def _opens_oddly(cell: str) -> bool:
    return cell.startswith("'") or opens_like_a_formula(cell)


def _safe(cell: str) -> str:
    return "'" + cell if _opens_oddly(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _opens_oddly(cell[1:]) else cell


def records(text: str, names: Names, *, where: str) -> Iterator[Record | CorpusError | None]:
    """Records of the rows; None for one without a domain. Domains and roles may be ids or Chinese names."""
    try:
        delimiter = "\t" if "\t" in text.partition("\n")[0] else ","  # Excel's "Unicode text"
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise CorpusError(
                f"no column {', '.join(missing)}", where=where, hint="`dudao corpus export --to csv` writes them"
            )
        for row in reader:
            at = f"{where}:{reader.line_num}"
            try:
                yield _of_row({key: _plain(value or "") for key, value in row.items() if key}, names, at)
            except CorpusError as error:
                yield error
    except csv.Error as error:
        yield CorpusError(f"not a CSV table: {error}", where=where, hint="save it from Excel as CSV UTF-8")


def _of_row(row: dict[str, str], names: Names, where: str) -> Record | None:
    domains, permitted = (_ids(row.get(column, ""), names, where) for column in ("domains", "permitted"))
    if not domains:
        return None
    role = row.get("role", "").strip()
    label = names.find(role, kind="role") if role else None
    if role and (label is None or label.kind != "role"):
        raise CorpusError(f"unknown role: {role}", where=where, hint="use an id or a Chinese name of the taxonomy")
    paragraph = row.get("paragraph", "").strip()
    if paragraph and not paragraph.isdecimal():
        raise CorpusError(f"not a paragraph number: {paragraph}", where=where, hint="leave it as it was exported")
    fields = {
        "uid": row.get("id", ""),
        "report": row.get("report", ""),
        "section": [each for each in row.get("section", "").replace("\r\n", "\n").split("\n") if each],
        "paragraph": int(paragraph) if paragraph else None,
        "permitted": permitted,
    }
    return record_from(row["text"], fields, domains, label.id if label else None, names.taxonomy, where=where)


def _ids(cell: str, names: Names, where: str) -> list[str]:
    found = []
    for said in filter(None, map(str.strip, _SEPARATOR.split(cell))):
        label = names.find(said, kind="domain")
        if label is None or label.kind != "domain":
            raise CorpusError(
                f"unknown domain: {said}", where=where, hint="use an id or a Chinese name of the taxonomy"
            )
        found.append(label.id)
    return found
