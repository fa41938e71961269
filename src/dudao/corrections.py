"""Corrections: what people mended in tagged reports, checked and added to the corpus, all of it or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dudao.corpus import CORRECTIONS, Corpus, Record, lines_of, parse_record
from dudao.errors import CorpusError
from dudao.files import locked, replacing
from dudao.taxonomy import Taxonomy

# Members of a correction that are kept beside the record's own: where it was made, and what the model had said.
_KEPT = ("source", "start", "end", "original", "model", "corrected")


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be added, and why."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What files of corrections hold.

    Attributes
    ----------
    entries : tuple of (Record, dict)
        The records to add, each with the members that are kept beside it.
    problems : tuple of Problem
        In the order of the lines; where there is one, nothing may be added.
    known : int
        Lines that say what the corpus says already; passed over where labels may be replaced, else a problem each.
    replaced : int
        Entries whose clause is in the corpus with other labels.
    """

    entries: tuple[tuple[Record, dict[str, Any]], ...]
    problems: tuple[Problem, ...]
    known: int = 0
    replaced: int = 0


def examine(files: Sequence[Path], corpus: Corpus, taxonomy: Taxonomy, *, replace: bool = False) -> Examined:
    """Check corrections line by line against the taxonomy, each other and the corpus.

    Parameters
    ----------
    replace : bool
        Let a correction win over other labels that the corpus has for the same clause, instead of reporting a conflict.

    Raises
    ------
    CorpusError
        A file cannot be read, or holds no record at all.
    """
    return _Examination(corpus, taxonomy, replace=replace).of(files)


class _Examination:
    def __init__(self, corpus: Corpus, taxonomy: Taxonomy, *, replace: bool) -> None:
        self._taxonomy, self._replace = taxonomy, replace
        self._known: dict[str, list[Record]] = {}
        for record in corpus.everything:
            self._known.setdefault(record.text, []).append(record)
        self._aside = {each for record in corpus.held_out for each in (record.text, record.report) if each}
        self._ids = {record.id: record.text for record in corpus.everything}
        self._seen: dict[str, list[tuple[str, Record]]] = {}
        self._seen_ids: dict[str, str] = {}
        self._entries: list[tuple[Record, dict[str, Any]]] = []
        self._problems: list[Problem] = []
        self._passed_over = self._replaced = 0

    def of(self, files: Sequence[Path]) -> Examined:
        for path in files:
            lines = [(number, line) for number, line in enumerate(lines_of(path), 1) if line.strip()]
            if not lines:
                raise CorpusError("no labelled record found", where=str(path), hint="records are JSON lines")
            for number, line in lines:
                self._line(line, f"{path}:{number}")
        return Examined(tuple(self._entries), tuple(self._problems), self._passed_over, self._replaced)

    def _line(self, line: str, where: str) -> None:
        try:
            record = parse_record(line, where=where, taxonomy=self._taxonomy)
            raw = json.loads(line)
            problem = _shape_problem(raw) or self._clash(record, where)
        except CorpusError as error:
            problem = error.what
        except RecursionError:
            problem = "not a labelled record: nested too deep"
        if problem:
            self._problems.append(Problem(where, problem))
            return
        known = self._known.get(record.text, [])
        if any(_says_it(each, record) for each in known):
            self._passed_over += 1
            return
        self._replaced += any(_contradicts(each, record) for each in known)
        kept = {name: raw[name] for name in _KEPT if name in raw}
        self._entries.append((self._with_id(record), kept))

    def _clash(self, record: Record, where: str) -> str:
        """What the record contradicts or repeats: an earlier line, or the corpus."""
        if record.id and record.id in self._seen_ids:
            return f"duplicate: id {record.id} is given in {self._seen_ids[record.id]} already"
        earlier = self._seen.setdefault(record.text, [])
        for line, each in earlier:
            if _contradicts(each, record):
                return f"conflict: {line} gives the same clause {_labels(each)}"
            if _says_it(each, record) and not (record.id and each.id):  # with ids, a report that says it twice
                return f"duplicate: the same as {line}"
        earlier.append((where, record))
        if record.id:
            self._seen_ids[record.id] = where
        if record.text in self._aside or record.report in self._aside:
            return "the clause is in a report that is set aside to judge models, which none may learn from"
        if self._replace:
            return ""
        for each in self._known.get(record.text, []):
            if _contradicts(each, record):
                return f"conflict: {each.id or 'a record'} has {_labels(each)}"
            if _says_it(each, record):
                return f"duplicate: {each.id or 'a record'} says the same already"
        return ""

    def _with_id(self, record: Record) -> Record:
        """The record under an id that no other text has."""
        base = record.id or f"{CORRECTIONS}/{hashlib.sha256(record.text.encode()).hexdigest()[:12]}"
        name, number = base, 1
        while self._ids.setdefault(name, record.text) != record.text:
            number += 1
            name = f"{base}-{number}"
        return replace(record, id=name)


def _contradicts(known: Record, record: Record) -> bool:
    """Whether two records of one text differ: in domains, or under the same headings in the role, which depends on them."""
    roles = known.role and record.role and known.role != record.role
    return known.domains != record.domains or bool(known.section == record.section and roles)


def _says_it(known: Record, record: Record) -> bool:
    """Whether a record adds nothing to another of its text."""
    same_place = known.section == record.section or record.role is None
    return same_place and not _contradicts(known, record)


def _labels(record: Record) -> str:
    return " ".join((*record.domains, *([f"({record.role})"] if record.role else [])))


def _shape_problem(raw: dict[str, Any]) -> str:
    """What `parse_record` lets pass and a file from elsewhere may hold."""
    section, paragraph = raw.get("section"), raw.get("paragraph")
    if section is not None and not (isinstance(section, list) and all(isinstance(each, str) for each in section)):
        return "section is no list of headings"
    if paragraph is not None and (not isinstance(paragraph, int) or isinstance(paragraph, bool)):
        return "paragraph is no number"
    try:
        json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "holds half a character, which no file can keep"
    if "\ufffd" in raw["text"]:
        return "holds a replacement character"
    return ""


def add(examined: Examined, folder: Path) -> Path:
    """Add what was examined to the corrections in a folder; the file is replaced as a whole.

    An earlier correction of the same clause gives way to the new one.

    Returns
    -------
    Path
        The file of corrections.

    Raises
    ------
    CorpusError
        There are problems, or the file cannot be written; nothing was added.
    """
    if examined.problems:
        first = examined.problems[0]
        raise CorpusError(first.what, where=first.where, hint="nothing was added")
    path = folder / f"{CORRECTIONS}.jsonl"
    if not examined.entries:
        return path
    new: dict[str, list[Record]] = {}
    for record, _ in examined.entries:
        new.setdefault(record.text, []).append(record)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):  # of two that read the same file, one's corrections would be lost
            earlier = [line for line in lines_of(path) if line.strip()] if path.is_file() else []
            kept = [line for line in earlier if not _gives_way(parse_record(line, where=str(path)), new)]
            added = [
                json.dumps({**record.to_dict(), **beside}, ensure_ascii=False) for record, beside in examined.entries
            ]
            with replacing(path) as file:
                file.write("".join(f"{line}\n" for line in (*kept, *added)).encode())
    except OSError as error:
        raise CorpusError(
            f"cannot be written: {error.strerror}", where=str(path), hint="check space and permissions"
        ) from error
    return path


def _gives_way(earlier: Record, new: Mapping[str, Sequence[Record]]) -> bool:
    return any(_contradicts(earlier, each) or _says_it(earlier, each) for each in new.get(earlier.text, ()))
