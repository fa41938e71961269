"""The label taxonomy, read from one data file. Nothing else in the code names a domain or a role."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dudao import places
from dudao.errors import TaxonomyError
from dudao.values import Value

MOST_DOMAINS = 3  # labels a clause can have
_ID = re.compile(r"[^\W\d_][\w-]*")  # goes into lists parted by commas and blanks


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Domain(Value):
    """What a clause can be about.

    ``exclusive`` marks the label that stands alone: it falls away beside any other.
    """

    id: str
    name: str
    name_en: str = ""
    group: str = ""
    about: str = ""
    points: tuple[str, ...] = ()
    exclusive: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Role(Value):
    """What a section does in its report, with the regular expressions by which headings and openings name it.

    ``evidence`` are words with their weights by which a section's text tells it where nothing names it.
    """

    id: str
    name: str
    name_en: str = ""
    about: str = ""
    cues: tuple[str, ...] = ()
    weak_cues: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    at_end: bool = False
    evidence: tuple[tuple[str, float], ...] = ()
    evidence_bias: float = 0.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Taxonomy(Value):
    """Domains and roles in their order, and what a report's parts are called when nothing names them.

    ``reports`` and ``reports_en`` say what kind of report the labels are for, as model cards do.
    ``problem_role`` and ``measure_role`` are the two that a ledger sets against each other; a taxonomy without them has no ledger.
    """

    version: str
    domains: tuple[Domain, ...]
    roles: tuple[Role, ...]
    neutral: tuple[str, ...] = ()
    opening_role: str = ""
    default_role: str = ""
    digest: str = ""
    reports: str = ""
    reports_en: str = ""
    problem_role: str = "problem"
    measure_role: str = "improvement"

    def __hash__(self) -> int:
        # Caches are keyed by taxonomies; hashing every cue of every role took a tenth of the tagging time.
        return hash((self.version, self.digest))

    @property
    def domain_ids(self) -> tuple[str, ...]:
        """Ids of the domains, in the order of score columns."""
        return tuple(domain.id for domain in self.domains)

    @property
    def role_ids(self) -> tuple[str, ...]:
        """Ids of the roles."""
        return tuple(role.id for role in self.roles)

    @property
    def exclusive_ids(self) -> frozenset[str]:
        """Ids of the domains that stand alone."""
        return frozenset(domain.id for domain in self.domains if domain.exclusive)

    def domain(self, domain_id: str) -> Domain:
        """The domain of that id; KeyError where there is none."""
        return _by_id(self)[domain_id]

    def role_name(self, role_id: str) -> str:
        """中文名 of a role, or the id itself where the taxonomy does not know it."""
        return next((role.name for role in self.roles if role.id == role_id), role_id)

    @classmethod
    def from_toml(cls, data: bytes, *, where: str = "taxonomy") -> Taxonomy:
        """Read a taxonomy file.

        Raises
        ------
        TaxonomyError
            Not TOML, an id twice, no domain, or a default role that is not among the roles.
        """
        try:
            raw = tomllib.loads(data.decode("utf-8"))
            domains = tuple(Domain(**_fields(Domain, entry)) for entry in raw["domain"])
            roles = tuple(Role(**_fields(Role, entry)) for entry in raw.get("role", []))
            version = str(raw["version"])
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise TaxonomyError(
                f"not a taxonomy file: {error}", where=where, hint="see corpus/taxonomy.toml for the shape"
            ) from error
        taxonomy = cls(
            version=version,
            domains=domains,
            roles=roles,
            neutral=tuple(raw.get("neutral", ())),
            opening_role=raw.get("opening_role", roles[0].id if roles else ""),
            default_role=raw.get("default_role", roles[0].id if roles else ""),
            digest=hashlib.sha256(data).hexdigest(),
            reports=str(raw.get("reports", "")),
            reports_en=str(raw.get("reports_en", "")),
            **{key: raw[key] for key in ("problem_role", "measure_role") if key in raw},
        )
        taxonomy._check(where)
        return taxonomy

    def check_words(self, where: str) -> None:
        """Look at what a person wrote: ids that tables can hold, cues that are regular expressions.

        Apart from `from_toml`, since compiling takes milliseconds and a model's own file was looked at when it was trained.

        Raises
        ------
        TaxonomyError
            Naming the domain or role.
        """
        labels = [(each.id, each.name) for each in self.domains] + [(each.id, each.name) for each in self.roles]
        for label_id, name in labels:
            if not _ID.fullmatch(str(label_id)) or not str(name).strip():
                raise TaxonomyError(
                    f"not a label: {label_id!r} {name!r}",
                    where=where,
                    hint="an id is letters, digits, _ and -, beginning with a letter; a name is any text",
                )
        patterns = [("neutral", pattern) for pattern in self.neutral]
        for role in self.roles:
            patterns += [
                (role.id, each) for each in (*role.cues, *role.weak_cues, *role.openings, *role.bare, *role.first)
            ]
        for owner, pattern in patterns:
            try:
                empty = re.compile(pattern).match("") is not None
            except (re.error, TypeError) as error:
                raise TaxonomyError(
                    f"a cue of {owner} is no regular expression: {pattern} ({error})",
                    where=where,
                    hint="cues are Python regular expressions; write \\( for a bracket",
                ) from error
            if empty:
                raise TaxonomyError(
                    f"a cue of {owner} fits everything: {pattern!r}",
                    where=where,
                    hint="cues are Python regular expressions that hold at least one character",
                )

    def _check(self, where: str) -> None:
        for what, ids in (("domain", self.domain_ids), ("role", self.role_ids)):
            doubled = sorted({each for each in ids if ids.count(each) > 1})
            if doubled:
                raise TaxonomyError(f"{what} ids given twice: {', '.join(doubled)}", where=where)
        if not self.domains:
            raise TaxonomyError("no domain", where=where)
        for role in (self.opening_role, self.default_role):
            if self.roles and role not in self.role_ids:
                raise TaxonomyError(f"unknown role {role!r} as opening_role or default_role", where=where)


def _fields(kind: type, entry: dict[str, Any]) -> dict[str, Any]:
    """What the dataclass takes of an entry, lists and tables as tuples."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return {key: _frozen(value) for key, value in entry.items() if key in names}


def _frozen(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value


@functools.lru_cache(maxsize=8)
def _by_id(taxonomy: Taxonomy) -> dict[str, Domain]:
    return {domain.id: domain for domain in taxonomy.domains}


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read a taxonomy file; without a path, the one that goes with the corpus.

    Raises
    ------
    TaxonomyError
        The file is missing or malformed, an id could not stand in a table, or a cue is no regular expression.
    """
    path = path or places.corpus_root() / "taxonomy.toml"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TaxonomyError(f"cannot read the taxonomy: {error.strerror}", where=str(path)) from error
    taxonomy = Taxonomy.from_toml(data, where=str(path))
    taxonomy.check_words(str(path))
    return taxonomy
