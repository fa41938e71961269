"""Schemes: the official lists a report is held against, each item with the domains that answer it.

A scheme is a TOML file of `places.scheme_roots` (``corpus/schemes/`` of the checkout, the home's, the package's) or any path;
``docs/schemes.md`` says how to write one.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dudao import places
from dudao.document import ClauseRef, TaggedReport
from dudao.errors import SchemeError
from dudao.language import traditional_characters
from dudao.taxonomy import Taxonomy, load_taxonomy

__all__ = [
    "DEFAULT",
    "THIN",
    "ClauseRef",
    "Item",
    "ItemCoverage",
    "Scheme",
    "State",
    "gaps",
    "item_coverage",
    "load_scheme",
    "scheme_dict",
    "scheme_names",
    "stands_alone",
    "state_of",
]

DEFAULT = "default"  # one item a domain, whatever the taxonomy
THIN = 3  # clauses below which an item is called thin

State = Literal["present", "thin", "missing"]
_SUFFIX = ".toml"
_SCHEME_KEYS = ("title", "source", "year", "note", "each_domain", "item")
_ITEM_KEYS = ("id", "name", "domains", "keywords")


@dataclass(frozen=True, slots=True)
class Item:
    """A point of a scheme.

    A clause shows it that has one of ``domains``, and, where there are ``keywords``, one of them in its text.
    """

    id: str
    name: str
    domains: tuple[str, ...]
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """A list that reports are held against, with where it comes from."""

    id: str
    title: str
    items: tuple[Item, ...]
    source: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class ItemCoverage:
    """How a report answers an item: ``clauses`` are those that show it, in the order of the report."""

    item: Item
    state: State
    clauses: tuple[ClauseRef, ...]


def scheme_names() -> tuple[str, ...]:
    """Names that `load_scheme` knows, in alphabetical order."""
    return tuple(sorted({path.stem for root in places.scheme_roots() for path in root.glob(f"*{_SUFFIX}")}))


def load_scheme(ref: str | Path = DEFAULT, *, taxonomy: Taxonomy | None = None) -> Scheme:
    """Read a scheme.

    Parameters
    ----------
    ref : str or path
        One of `scheme_names`, or the path of a scheme file (it ends in ``.toml`` or names an existing file).
    taxonomy : Taxonomy, optional
        What the items' domains are checked against: ``tagger.taxonomy``, else the corpus's.

    Raises
    ------
    SchemeError
        There is none of that name, or the file breaks the rules; file, item and what is allowed are named.
    """
    path = _find(ref)
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # Windows' Notepad writes a byte-order mark
    except OSError as error:
        raise SchemeError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise SchemeError("the file is not UTF-8", where=str(path), hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SchemeError(f"not TOML: {error}", where=str(path), hint="docs/schemes.md has an example") from error
    return _Checker(str(path), taxonomy or load_taxonomy()).scheme(path.stem, raw)


def item_coverage(report: TaggedReport, scheme: Scheme, *, thin: int = THIN) -> tuple[ItemCoverage, ...]:
    """How a report answers each item of a scheme.

    Parameters
    ----------
    report : TaggedReport
        The report.
    scheme : Scheme
        What it is held against.
    thin : int
        An item with fewer clauses than this is thin; one with none is missing whatever it says.

    Returns
    -------
    tuple of ItemCoverage
        In the scheme's order.
    """
    found: list[list[ClauseRef]] = [[] for _ in scheme.items]
    of_domain: dict[str, list[int]] = {}
    for number, item in enumerate(scheme.items):
        for domain in item.domains:
            of_domain.setdefault(domain, []).append(number)
    for place, part in enumerate(report.paragraphs):
        for index, each in enumerate(part.clauses):
            for number in sorted({number for domain in each.domains for number in of_domain.get(domain.id, ())}):
                if _names_one(each.clause.text, scheme.items[number].keywords):
                    found[number].append(ClauseRef(place, index))
    return tuple(
        ItemCoverage(item, state_of(len(clauses), thin=thin), tuple(clauses))
        for item, clauses in zip(scheme.items, found, strict=True)
    )


def scheme_dict(report: TaggedReport, scheme: Scheme, *, thin: int = THIN) -> dict[str, Any]:
    """How a report answers a scheme, as interface JSON; a clause is a pair of places in ``paragraphs`` and in the ``clauses`` there."""
    return {
        "id": scheme.id,
        "title": scheme.title,
        "thin": thin,
        "items": [
            {
                "id": each.item.id,
                "name": each.item.name,
                "domains": list(each.item.domains),
                "state": each.state,
                "clauses": [list(ref) for ref in each.clauses],
            }
            for each in item_coverage(report, scheme, thin=thin)
        ],
    }


def state_of(clauses: int, *, thin: int = THIN) -> State:
    """What so many clauses make an item or a domain."""
    return "missing" if not clauses else "thin" if clauses < thin else "present"


def stands_alone(item: Item, taxonomy: Taxonomy) -> bool:
    """Whether an item asks only for the label of no domain: a report that has none of it lacks nothing."""
    return set(item.domains) <= taxonomy.exclusive_ids


def gaps(coverage: Iterable[ItemCoverage], taxonomy: Taxonomy) -> tuple[list[ItemCoverage], list[ItemCoverage]]:
    """The missing and the thin items; one that stands alone is no gap."""
    asked = [each for each in coverage if not stands_alone(each.item, taxonomy)]
    return [each for each in asked if each.state == "missing"], [each for each in asked if each.state == "thin"]


def _names_one(text: str, keywords: tuple[str, ...]) -> bool:
    if not keywords or any(word in text for word in keywords):
        return True
    simplified = text.translate(_simplified())  # a report in traditional characters
    return simplified != text and any(word in simplified for word in keywords)


@functools.cache
def _simplified() -> dict[int, int]:
    return str.maketrans(*traditional_characters())


def _find(ref: str | Path) -> Path:
    path = Path(ref)
    if path.name == str(ref):
        for root in places.scheme_roots():
            if (root / f"{ref}{_SUFFIX}").is_file():
                return root / f"{ref}{_SUFFIX}"
    if path.suffix == _SUFFIX or path.is_file():
        return path
    hint = f"there are: {', '.join(scheme_names())}; or give a .toml file"
    raise SchemeError("no such scheme", where=str(ref), hint=hint)


class _Checker:
    """Turns what TOML gives into a scheme, and says of the first fault where it is and what is allowed."""

    def __init__(self, where: str, taxonomy: Taxonomy) -> None:
        self._where, self._taxonomy = where, taxonomy
        self._by_name = {name: domain.id for domain in taxonomy.domains for name in (domain.name, domain.id)}

    def scheme(self, name: str, raw: dict[str, Any]) -> Scheme:
        _known_keys(raw, _SCHEME_KEYS, self._where)
        entries = raw.get("item", [])
        if raw.get("each_domain") is True and not entries:
            items = tuple(Item(domain.id, domain.name, (domain.id,)) for domain in self._taxonomy.domains)
        elif not isinstance(entries, list) or not entries or "each_domain" in raw:
            hint = "give [[item]] tables with name and domains, or each_domain = true alone"
            raise SchemeError("no list of items", where=self._where, hint=hint)
        else:
            items = tuple(self._item(number, entry) for number, entry in enumerate(entries, 1))
        for number, item in enumerate(items):
            if item.id in {each.id for each in items[:number]}:
                where = f"{self._where} [[item]] {number + 1} {item.name}"
                raise SchemeError(f"id {item.id!r} is given twice", where=where, hint="give it another, or none")
        year = raw.get("year")
        if year is not None and type(year) is not int:
            raise SchemeError("year is no whole number", where=self._where, hint="write year = 2021")
        return Scheme(name, _text(raw, "title", self._where), items, str(raw.get("source", "")), year)

    def _item(self, number: int, entry: Any) -> Item:
        where = f"{self._where} [[item]] {number}"
        if not isinstance(entry, dict):
            raise SchemeError("an item is no table", where=where, hint="write [[item]], then name and domains")
        name = _text(entry, "name", where)
        where = f"{where} {name}"
        _known_keys(entry, _ITEM_KEYS, where)
        domains = tuple(dict.fromkeys(self._domain(each, where) for each in _words(entry, "domains", where)))
        if not domains:
            raise SchemeError("no domain", where=where, hint=self._allowed)
        item_id = entry.get("id", str(number))
        if type(item_id) not in (str, int) or not str(item_id).strip():
            raise SchemeError("id is no text", where=where, hint='write id = "…", or leave it out')
        return Item(str(item_id), name, domains, _words(entry, "keywords", where))

    @property
    def _allowed(self) -> str:
        named = ", ".join(f"{domain.id} {domain.name}" for domain in self._taxonomy.domains)
        return f"allowed: {named}"

    def _domain(self, named: str, where: str) -> str:
        domain = self._by_name.get(named)
        if domain is None:
            import difflib

            close = difflib.get_close_matches(named, self._by_name, n=1)
            what = f"unknown domain {named!r}, perhaps {close[0]!r}" if close else f"unknown domain: {named}"
            raise SchemeError(what, where=where, hint=self._allowed)
        return domain


def _words(entry: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    words = entry.get(key, [])
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise SchemeError(f"{key} is no list of texts", where=where, hint=f'write {key} = ["…", "…"]')
    return tuple(words)


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SchemeError(f"{key} is missing or no text", where=where, hint=f'write {key} = "…"')
    return value.strip()


def _known_keys(entry: dict[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for key in entry:
        if key not in allowed:
            raise SchemeError(f"unknown key {key!r}", where=where, hint=f"allowed: {', '.join(allowed)}")
