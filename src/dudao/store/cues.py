"""A stranger's taxonomy: texts that terminals and pages can show, and regular expressions that end.

Python's `re` tries every way in which nested or neighbouring repeats can share a text: ``(a+)+b`` takes longer than the sun will
shine. What a cue needs is less: repeats of a bounded width, of characters and not of groups. A cue that needs more is one that
dudao itself carries, in the corpus or in a released model.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from dudao import places
from dudao.errors import ModelError, TaxonomyError
from dudao.store.contents import CONTROL, sha256
from dudao.taxonomy import Domain, Role, Taxonomy

_MOST_LABELS = 200
_LONGEST_CUE = 2_000
# Ways in which one alternative's repeats can share a text. The widest cue of taxonomy 1 has 160 x 40 = 6,400.
_MOST_WAYS = 1_000_000
_UNBOUNDED = 1_000  # characters that a repeat without a bound is counted as: headings and clauses are shorter
_ESCAPE_OR_CLASS = re.compile(r"\\(?P<escaped>.)|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEAT = re.compile(r"(?P<of>.)(?P<repeat>\*|\+|\?|\{(?P<low>\d*)(?P<comma>,?)(?P<high>\d*)\})")
_GROUP = re.compile(r"\(\?(?![:=!]|<[=!])")


def check_taxonomy(taxonomy: Taxonomy, *, where: str, hint: str = "do not use it") -> None:
    """Raise ModelError where a taxonomy holds what is no text, no number, or a pattern that may not end.

    One that dudao carries is taken as it is.
    """
    if taxonomy.digest in {sha256(path.read_bytes()) for path in _carried_files()}:
        return

    def refuse(why: str) -> ModelError:
        return ModelError(f"the taxonomy cannot be used: {why}", where=where, hint=hint)

    labels: tuple[Domain | Role, ...] = (*taxonomy.domains, *taxonomy.roles)
    if len(labels) > _MOST_LABELS:
        raise refuse("it has more labels than anybody tells apart")
    for label in labels:
        for field in fields(label):
            if not _is(str(field.type), getattr(label, field.name)):
                raise refuse(f"{str(label.id)[:40]}: {field.name} is of the wrong kind")
    if not _is("tuple[str, ...]", taxonomy.neutral) or not _is("str", taxonomy.version):
        raise refuse("a text is of the wrong kind")
    wrong = {cue: why for cue in _cues(taxonomy) if (why := _wrong(cue))}
    for known in _carried() if wrong else ():
        for cue in known & wrong.keys():
            del wrong[cue]
        if not wrong:
            break
    for cue, why in wrong.items():
        raise refuse(f"{why}: {cue[:60]}")


def _cues(taxonomy: Taxonomy) -> set[str]:
    of_roles = (
        cue for role in taxonomy.roles for cue in (*role.cues, *role.weak_cues, *role.openings, *role.bare, *role.first)
    )
    return {*taxonomy.neutral, *of_roles}


def _carried_files() -> list[Path]:
    root = places.carried()
    paths = (root / "corpus" / "taxonomy.toml", *sorted((root / "models").glob("*/taxonomy.toml"), reverse=True))
    return [path for path in paths if path.is_file()]


def _carried() -> Iterator[set[str]]:
    """The cues of each taxonomy that comes with dudao."""
    for path in _carried_files():
        with contextlib.suppress(TaxonomyError):
            yield _cues(Taxonomy.from_toml(path.read_bytes()))


def _is(kind: str, value: object) -> bool:
    if kind == "str":
        return isinstance(value, str) and not re.search(CONTROL, value)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "float":
        return isinstance(value, int | float) and math.isfinite(value)
    if kind == "tuple[str, ...]":
        return isinstance(value, tuple) and all(_is("str", each) for each in value)
    return isinstance(value, tuple) and all(
        isinstance(each, tuple) and len(each) == 2 and _is("str", each[0]) and _is("float", each[1]) for each in value
    )


def _wrong(cue: str) -> str:
    """Why a cue is refused; nothing where it is plain enough to end."""
    if len(cue) > _LONGEST_CUE:
        return "a cue is too long"
    if any(match["escaped"] and match["escaped"].isdigit() for match in _ESCAPE_OR_CLASS.finditer(cue)):
        return "a cue refers back"
    plain = _ESCAPE_OR_CLASS.sub("x", cue)
    if _GROUP.search(plain):
        return "a cue holds a kind of group that no cue needs"
    ways = 1
    for match in _REPEAT.finditer(plain):
        width = _width(match)
        if match["of"] == ")" and width > 1:
            return "a cue repeats a group"
        ways *= max(1, width)
    if ways > _MOST_WAYS:
        return "a cue could be tried in too many ways"
    try:
        re.compile(cue)
    except (re.error, OverflowError, RecursionError) as error:
        return f"a cue is no regular expression ({error})"
    return ""


def _width(match: re.Match[str]) -> int:
    """How many lengths a repeat may take beyond the least."""
    if match["repeat"] == "?":
        return 1
    if match["repeat"] in {"*", "+"} or (match["comma"] and not match["high"]):
        return _UNBOUNDED
    low, high = int(match["low"] or 0), int(match["high"] or match["low"] or 0)
    return high if match["of"] == ")" else high - low
