"""Labelled records and the glossary: load, split, check, digest, count."""

from __future__ import annotations

import csv
import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dudao.errors import CorpusError
from dudao.taxonomy import MOST_DOMAINS, Taxonomy
from dudao.tokens import Segmenter, term_strings


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled clause.

    ``permitted`` labels are neither asked for nor counted wrong; ``corrected`` says that a person mended what a model had given.
    """

    text: str
    domains: tuple[str, ...]
    id: str = ""
    report: str = ""
    section: tuple[str, ...] = ()
    paragraph: int | None = None
    role: str | None = None
    permitted: tuple[str, ...] = ()
    corrected: bool = False

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
    """All that a model is trained from, with the digests that its manifest quotes.

    Attributes
    ----------
    records : tuple of Record
        What a model learns from: every report that `SPLITS` does not set aside.
    held_out : tuple of Record
        The reports of the split ``test``: nothing is fitted, calibrated or chosen on them.
    texts : dict of str to str
        Whole reports, of both splits, by id.
    """

    root: Path
    records: tuple[Record, ...]
    glossary: tuple[Term, ...]
    texts: dict[str, str] = field(repr=False, default_factory=dict)
    digest: str = ""
    glossary_digest: str = ""
    held_out: tuple[Record, ...] = ()

    @property
    def everything(self) -> tuple[Record, ...]:
        """The records of both splits."""
        return self.records + self.held_out


SPLITS = "reports.csv"
CORRECTIONS = "corrections"  # the folder, in a corpus or in the home, of what `dudao corpus add` adds
_SET_ASIDE = "test"


def load_corpus(root: Path, taxonomy: Taxonomy, *, corrections: Path | None = None) -> Corpus:
    """Read ``root/**/*.jsonl``, ``root/glossary.tsv``, the reports' texts, and from `SPLITS` which reports are set aside.

    Parameters
    ----------
    corrections : Path, optional
        A folder of corrections besides ``root/corrections``: `dudao.places.corrections_root` says which one goes with a corpus. A
        correction of a clause that the corpus holds takes the place of its labels.

    Raises
    ------
    CorpusError
        A file is missing or malformed; the message names file and line.
    """
    if not root.is_dir():
        raise CorpusError("no such corpus folder", where=str(root), hint="give --corpus DIR")
    files = [(path.relative_to(root).as_posix(), path) for path in root.rglob("*.jsonl")]
    if corrections is not None and corrections.resolve() != (root / CORRECTIONS).resolve():
        files += [(f"{CORRECTIONS}/home/{path.name}", path) for path in corrections.glob("*.jsonl")]
    records: list[Record] = []
    mended: list[Record] = []
    digest = hashlib.sha256()
    for name, path in sorted(files):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
        if name.startswith(f"{CORRECTIONS}/"):
            mended.extend(replace(record, corrected=True) for record in read_records(path, taxonomy))
        else:
            records.extend(read_records(path, taxonomy))
    records = _with_corrections(records, mended)
    aside = _set_aside(root / SPLITS)
    digest.update(",".join(sorted(aside)).encode())
    if not records:
        raise CorpusError("no labelled record found", where=str(root), hint="records are lines of *.jsonl files")
    glossary_path = root / "glossary.tsv"
    glossary = read_glossary(glossary_path, taxonomy) if glossary_path.is_file() else []
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted((root / "reports").glob("*.txt"))}
    return Corpus(
        root,
        tuple(record for record in records if record.report not in aside),
        tuple(glossary),
        texts,
        digest.hexdigest(),
        _digest(glossary_path),
        tuple(record for record in records if record.report in aside),
    )


def _with_corrections(records: list[Record], mended: Sequence[Record]) -> list[Record]:
    """The records under their corrected domains, and role where the headings are the same, then the corrections of other clauses."""
    of_text = {record.text: record for record in mended}
    of_place = {(record.section, record.text): record for record in mended}
    texts = {record.text for record in records}
    places = {(record.section, record.text) for record in records}

    def corrected(record: Record) -> Record:
        mend = of_text.get(record.text)
        if mend is None:
            return record
        here = of_place.get((record.section, record.text))
        role = (here and here.role) or record.role
        return replace(record, domains=mend.domains, permitted=mend.permitted, role=role, corrected=True)

    elsewhere = (
        each for each in mended if each.text not in texts or (each.section and (each.section, each.text) not in places)
    )
    return [*map(corrected, records), *elsewhere]


def _set_aside(path: Path) -> frozenset[str]:
    """Ids of the reports whose ``split`` is test; none where the table is missing or has no such column."""
    if not path.is_file():
        return frozenset()
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return frozenset(row["id"] for row in csv.DictReader(handle) if row.get("split") == _SET_ASIDE)


def read_records(path: Path, taxonomy: Taxonomy | None = None) -> Iterator[Record]:
    """Read labelled records, one JSON object a line.

    Raises
    ------
    CorpusError
        With file and line number.
    """
    for number, line in enumerate(lines_of(path), 1):
        if line.strip():
            yield parse_record(line, where=f"{path}:{number}", taxonomy=taxonomy)


def lines_of(path: Path) -> list[str]:
    """The lines of a JSON-lines file: a JSON string may hold what Unicode calls a line separator, so they end at line feeds only.

    Raises
    ------
    CorpusError
        It cannot be read or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CorpusError(f"cannot be read: {why}", where=str(path), hint="records are UTF-8 JSON lines") from error


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
_MOST_NEAR = 0.01  # share of clauses with a near-duplicate in another report that a corpus may have


Pair = tuple[Record, Record, float]


def check(corpus: Corpus, taxonomy: Taxonomy, *, pairs: Sequence[Pair] | None = None) -> list[Finding]:
    """Look for doubled ids, texts labelled in two ways, near-duplicates between reports and splits, glossary conflicts, broken text.

    ``pairs`` are what `repeated` gives, where the caller has them: finding them is most of the work.
    """
    findings: list[Finding] = []
    by_id = Counter(record.id for record in corpus.everything if record.id)
    findings += [Finding("error", id_, f"id given {count} times") for id_, count in by_id.items() if count > 1]
    labels: dict[str, Record] = {}
    for record in corpus.everything:
        known = labels.setdefault(record.text, record)
        if set(known.domains) != set(record.domains):
            findings.append(Finding("warning", record.id, f"same text as {known.id}, other domains"))
        text = corpus.texts.get(record.report)
        if text is not None and record.text not in text:
            findings.append(Finding("error", record.id, f"not found in the text of {record.report}"))
        if "\ufffd" in record.text:
            findings.append(Finding("error", record.id, "holds a replacement character"))
    findings += _glossary_faults(corpus, taxonomy)
    findings += [Finding("warning", "glossary", each) for each in _misleading(corpus)]
    pairs = repeated(corpus, taxonomy) if pairs is None else pairs
    findings += [
        Finding("warning", first.id, f"nearly the same as {second.id} ({similarity:.2f})")
        for first, second, similarity in pairs
    ]
    aside = {record.report for record in corpus.held_out}
    findings += [
        Finding("error", first.id, f"leaks between the splits: nearly the same as {second.id} ({similarity:.2f})")
        for first, second, similarity in pairs
        if (first.report in aside) != (second.report in aside)
    ]
    share = near_duplicate_share(pairs, len(corpus.everything))
    if share > _MOST_NEAR:
        findings.append(
            Finding("error", "corpus", f"{share:.1%} of the clauses have a near-duplicate in another report")
        )
    return findings


def repeated(corpus: Corpus, taxonomy: Taxonomy) -> list[Pair]:
    """Near-duplicates in the corpus, a report's beginning and end aside, which are formula: "特此报告。" stands in most of them."""
    formula = {taxonomy.opening_role, *(role.id for role in taxonomy.roles if role.at_end)}
    return near_duplicates([record for record in corpus.everything if record.role not in formula])


def near_duplicate_share(pairs: Sequence[Pair], n_records: int) -> float:
    """Share of records that are in one of the pairs."""
    held = {id(record) for first, second, _ in pairs for record in (first, second)}
    return len(held) / max(1, n_records)


_LEAST_TERM = 2  # characters; one alone is everyday language


def _glossary_faults(corpus: Corpus, taxonomy: Taxonomy) -> list[Finding]:
    """Terms given twice, also where only width, case or blanks differ, and terms that say nothing."""
    findings = []
    seen: dict[str, Term] = {}
    for term in corpus.glossary:
        plain = "".join(unicodedata.normalize("NFKC", term.term).casefold().split())
        known = seen.setdefault(plain, term)
        if known is not term:
            other = " with other domains" if set(known.domains) != set(term.domains) else ""
            findings.append(Finding("error", "glossary", f"term given twice: {term.term}{other}"))
        if len(plain) < _LEAST_TERM:
            findings.append(Finding("error", "glossary", f"term too short: {term.term}"))
        if len(term.domains) > 1 and taxonomy.exclusive_ids & set(term.domains):
            findings.append(Finding("error", "glossary", f"an exclusive domain beside another: {term.term}"))
        if term.kind == _DOCUMENT and term.year is None:
            findings.append(Finding("warning", "glossary", f"document without its year: {term.term}"))
    return findings


_DOCUMENT = "document"


def vocabulary_growth(corpus: Corpus, *, steps: int = 4) -> list[tuple[int, int, int]]:
    """How many different words the reports hold as they are added one by one, in the order of their ids.

    Returns
    -------
    list of (int, int, int)
        Reports, running words and different words at each step. Templates and variations show as a curve that lies flat.
    """
    reports = sorted({record.report for record in corpus.everything})
    clauses: dict[str, list[str]] = {report: [] for report in reports}
    for record in corpus.everything:
        clauses[record.report].append(record.text)
    texts = ["。".join(clauses[report]) for report in reports]
    known: set[str] = set()
    running, grown = 0, []
    marks = {max(1, round(len(reports) * step / steps)) for step in range(1, steps + 1)}
    for number, line in enumerate(term_strings(texts, Segmenter())[0], 1):
        words = [term for term in line.split() if "_" not in term]
        running += len(words)
        known.update(words)
        if number in marks:
            grown.append((number, running, len(known)))
    return grown


def near_duplicates(records: Sequence[Record]) -> list[Pair]:
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
    joined = [(record.text, set(record.domains)) for record in corpus.everything]
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


def stats(corpus: Corpus, taxonomy: Taxonomy, *, pairs: Sequence[Pair] | None = None) -> dict[str, Any]:
    """Counts of what the corpus holds, of both splits; ``pairs`` as in `check`."""
    pairs = repeated(corpus, taxonomy) if pairs is None else pairs
    records = corpus.everything
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
        "set_aside": len({record.report for record in corpus.held_out}),
        "clauses": len(records),
        "corrected": sum(record.corrected for record in records),
        "characters": sum(len(record.text) for record in records),
        "several_domains": sum(len(record.domains) > 1 for record in records),
        "indirect": indirect,
        "domains": _counts((domain for record in records for domain in record.domains), taxonomy.domain_ids),
        "roles": _counts((record.role for record in records if record.role), taxonomy.role_ids),
        "near_duplicates": near_duplicate_share(pairs, len(records)),
        "vocabulary": [
            {"reports": reports, "words": running, "different": different}
            for reports, running, different in vocabulary_growth(corpus)
        ],
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
