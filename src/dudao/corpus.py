"""Labelled records and the glossary: load, check, digest, count."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dudao.errors import CorpusError
from dudao.taxonomy import MOST_DOMAINS, Taxonomy


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled clause; ``permitted`` labels are neither asked for nor counted wrong."""

    text: str
    domains: tuple[str, ...]
    id: str = ""
    report: str = ""
    section: tuple[str, ...] = ()
    paragraph: int | None = None
    role: str | None = None
    permitted: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As a line of a corpus file; what is unknown is left out."""
        entry: dict[str, Any] = {
            "id": self.id,
            "report": self.report,
            "section": list(self.section),
            "paragraph": self.paragraph,
            "text": self.text,
            "domains": list(self.domains),
            "role": self.role,
        }
        if self.permitted:
            entry["permitted"] = list(self.permitted)
        return {key: value for key, value in entry.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Term:
    """A policy term: a fact, with the domains it points to."""

    term: str
    domains: tuple[str, ...]
    kind: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that a model is trained from, with the digests that its manifest quotes."""

    root: Path
    records: tuple[Record, ...]
    glossary: tuple[Term, ...]
    texts: dict[str, str] = field(repr=False, default_factory=dict)
    digest: str = ""
    glossary_digest: str = ""


def load_corpus(root: Path, taxonomy: Taxonomy) -> Corpus:
    """Read ``root/**/*.jsonl``, ``root/glossary.tsv`` and the reports' texts.

    Raises
    ------
    CorpusError
        A file is missing or malformed; the message names file and line.
    """
    if not root.is_dir():
        raise CorpusError("no such corpus folder", where=str(root), hint="give --corpus DIR")
    files = sorted(root.rglob("*.jsonl"), key=lambda path: path.relative_to(root).as_posix())
    records: list[Record] = []
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        records.extend(read_records(path, taxonomy))
    if not records:
        raise CorpusError("no labelled record found", where=str(root), hint="records are lines of *.jsonl files")
    glossary_path = root / "glossary.tsv"
    glossary = read_glossary(glossary_path, taxonomy) if glossary_path.is_file() else []
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted((root / "reports").glob("*.txt"))}
    return Corpus(root, tuple(records), tuple(glossary), texts, digest.hexdigest(), _digest(glossary_path))


def read_records(path: Path, taxonomy: Taxonomy | None = None) -> Iterator[Record]:
    """Read labelled records, one JSON object a line.

    Raises
    ------
    CorpusError
        With file and line number.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"cannot be read: {error}", where=str(path), hint="records are UTF-8 JSON lines") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield parse_record(line, where=f"{path}:{number}", taxonomy=taxonomy)


def parse_record(line: str, *, where: str, taxonomy: Taxonomy | None = None) -> Record:
    """One record from its line, with its labels checked against the taxonomy where one is given."""
    try:
        raw = json.loads(line)
        record = Record(
            text=raw["text"],
            domains=tuple(raw["domains"]),
            id=str(raw.get("id") or ""),
            report=str(raw.get("report") or ""),
            section=tuple(raw.get("section") or ()),
            paragraph=raw.get("paragraph"),
            role=raw.get("role"),
            permitted=tuple(raw.get("permitted") or ()),
        )
        if not isinstance(record.text, str) or not record.text.strip():
            raise ValueError("text is empty")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        raise CorpusError(
            f"not a labelled record: {why}", where=where, hint='a record has at least "text" and "domains"'
        ) from error
    if taxonomy is not None:
        problem = label_problem(record, taxonomy)
        if problem:
            raise CorpusError(problem, where=where, hint="see corpus/LABELLING.md")
    return record


def label_problem(record: Record, taxonomy: Taxonomy) -> str:
    """What is wrong with a record's labels, or an empty string."""
    unknown = [label for label in (*record.domains, *record.permitted) if label not in taxonomy.domain_ids]
    if unknown:
        return f"unknown domain: {', '.join(map(str, unknown))}"
    if not 1 <= len(record.domains) <= MOST_DOMAINS:
        return f"{len(record.domains)} domains; a clause has one to {MOST_DOMAINS}"
    if len(set(record.domains)) < len(record.domains):
        return "a domain is given twice"
    if len(record.domains) > 1 and taxonomy.exclusive_ids & set(record.domains):
        return f"{', '.join(taxonomy.exclusive_ids & set(record.domains))} stands alone"
    if record.role is not None and record.role not in taxonomy.role_ids:
        return f"unknown role: {record.role}"
    return ""


def read_glossary(path: Path, taxonomy: Taxonomy) -> list[Term]:
    """Read a glossary: a tab-separated table with the columns term, domains (comma-separated), kind and year.

    Raises
    ------
    CorpusError
        With the line number.
    """
    terms = []
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for number, row in enumerate(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
            where = f"{path}:{number}"
            domains = tuple(domain for domain in (row.get("domains") or "").split(",") if domain)
            unknown = [domain for domain in domains if domain not in taxonomy.domain_ids]
            if not row.get("term") or unknown:
                raise CorpusError(
                    f"unknown domain: {', '.join(unknown)}" if unknown else "no term",
                    where=where,
                    hint="columns: term, domains, kind, year",
                )
            terms.append(
                Term(row["term"], domains, row.get("kind") or "", int(row["year"]) if row.get("year") else None)
            )
    return terms


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something `check` found: an error must be mended, a warning be looked at."""

    level: str
    where: str
    what: str


_SHINGLE = 5  # characters
_NEAR = 0.5  # Jaccard similarity of shingle sets above which two clauses count as near-duplicates


def check(corpus: Corpus, taxonomy: Taxonomy) -> list[Finding]:
    """Look for doubled ids, texts labelled in two ways, near-duplicates between reports, glossary conflicts and broken text."""
    findings: list[Finding] = []
    by_id = Counter(record.id for record in corpus.records if record.id)
    findings += [Finding("error", id_, f"id given {count} times") for id_, count in by_id.items() if count > 1]
    labels: dict[str, Record] = {}
    for record in corpus.records:
        known = labels.setdefault(record.text, record)
        if set(known.domains) != set(record.domains):
            findings.append(Finding("warning", record.id, f"same text as {known.id}, other domains"))
        text = corpus.texts.get(record.report)
        if text is not None and record.text not in text:
            findings.append(Finding("error", record.id, f"not found in the text of {record.report}"))
        if "\ufffd" in record.text:
            findings.append(Finding("error", record.id, "holds a replacement character"))
    doubled = [term for term, count in Counter(each.term for each in corpus.glossary).items() if count > 1]
    findings += [Finding("error", "glossary", f"term given twice: {term}") for term in doubled]
    findings += [Finding("warning", "glossary", each) for each in _misleading(corpus)]
    # How reports begin and end is formula: "特此报告。" stands in most of them.
    formula = {taxonomy.opening_role, *(role.id for role in taxonomy.roles if role.at_end)}
    pairs = near_duplicates([record for record in corpus.records if record.role not in formula])
    findings += [
        Finding("warning", first.id, f"nearly the same as {second.id} ({similarity:.2f})")
        for first, second, similarity in pairs
    ]
    return findings


def near_duplicates(records: Sequence[Record]) -> list[tuple[Record, Record, float]]:
    """Pairs of clauses of different reports whose character 5-grams overlap by more than half (Jaccard)."""
    shingles = [
        {record.text[i : i + _SHINGLE] for i in range(max(1, len(record.text) - _SHINGLE + 1))} for record in records
    ]
    holders: dict[str, list[int]] = {}
    pairs = []
    for n, grams in enumerate(shingles):
        shared: Counter[int] = Counter()
        for gram in grams:
            shared.update(holders.get(gram, ()))
            holders.setdefault(gram, []).append(n)
        for other, common in shared.items():
            if records[other].report != records[n].report:
                similarity = common / (len(grams) + len(shingles[other]) - common)
                if similarity > _NEAR:
                    pairs.append((records[other], records[n], similarity))
    return pairs


_USES = 5  # a term must stand in so many clauses before its label is held against them
_AGREEMENT = 0.25


def _misleading(corpus: Corpus) -> list[str]:
    """Glossary terms whose use in the corpus contradicts their label."""
    joined = [(record.text, set(record.domains)) for record in corpus.records]
    everything = "\n".join(text for text, _ in joined)
    found = []
    for term in corpus.glossary:
        if everything.count(term.term) < _USES:
            continue
        uses = [domains for text, domains in joined if term.term in text]
        agree = sum(bool(domains & set(term.domains)) for domains in uses)
        if len(uses) >= _USES and agree < _AGREEMENT * len(uses):
            found.append(
                f"{term.term} is labelled {','.join(term.domains)}, but {len(uses) - agree} of {len(uses)} clauses that hold it are not"
            )
    return found


def stats(corpus: Corpus, taxonomy: Taxonomy) -> dict[str, Any]:
    """Counts of what the corpus holds."""
    records = corpus.records
    terms_of: dict[str, list[str]] = {}
    for term in corpus.glossary:
        for domain in term.domains:
            terms_of.setdefault(domain, []).append(term.term)
    indirect = sum(
        not any(term in record.text for domain in record.domains for term in terms_of.get(domain, ()))
        for record in records
    )
    return {
        "reports": len({record.report for record in records}),
        "whole_reports": len(corpus.texts),
        "clauses": len(records),
        "characters": sum(len(record.text) for record in records),
        "several_domains": sum(len(record.domains) > 1 for record in records),
        "indirect": indirect,
        "domains": _counts((domain for record in records for domain in record.domains), taxonomy.domain_ids),
        "roles": _counts((record.role for record in records if record.role), taxonomy.role_ids),
        "terms": len(corpus.glossary),
        "terms_by_domain": _counts(
            (domain for term in corpus.glossary for domain in term.domains), taxonomy.domain_ids
        ),
        "digest": corpus.digest,
        "glossary_digest": corpus.glossary_digest,
    }


def _counts(values: Iterable[str], order: Sequence[str]) -> dict[str, int]:
    counted = Counter(values)
    return {each: counted[each] for each in order}
