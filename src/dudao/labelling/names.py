"""How labelling tools show a taxonomy's labels, and what they may give back for them."""

from __future__ import annotations

import colorsys
from typing import Literal, NamedTuple

from dudao.errors import CorpusError
from dudao.taxonomy import Taxonomy

Kind = Literal["domain", "role"]
_ROLE = "role:"
_GOLDEN = 0.618033988749895  # turns of the colour wheel between neighbours, which keeps any number of hues apart


class Label(NamedTuple):
    """A domain or a role, by its id."""

    kind: Kind
    id: str


class Names:
    """The labels of one taxonomy as a person reads them: ``finance 教育投入与经费``, ``role:problem 存在的问题``."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._shown = {
            **{Label("domain", each.id): f"{each.id} {each.name}" for each in taxonomy.domains},
            **{Label("role", each.id): f"{_ROLE}{each.id} {each.name}" for each in taxonomy.roles},
        }
        self._known: dict[str, Label] = {}
        for label, shown in self._shown.items():
            bare = shown.removeprefix(_ROLE)
            # A role may carry a domain's id or name: such a word alone means the domain, which comes first.
            for said in (shown, bare, label.id, bare.partition(" ")[2], f"{_ROLE}{label.id}"):
                if said and not (label.kind == "domain" and said.startswith(_ROLE)):
                    self._known.setdefault(said, label)

    def shown(self, kind: Kind, label_id: str) -> str:
        """The label as tools show it; an id that the taxonomy does not know as it is."""
        return self._shown.get(Label(kind, label_id), label_id)

    def find(self, said: str, *, kind: Kind | None = None) -> Label | None:
        """The label that a tool or a person means by id, by name or by both; None where there is none.

        ``kind`` says which of the two is meant where the place tells it, as a column of a table does.
        """
        said = said.strip()
        if kind == "role" and not said.startswith(_ROLE):
            said = next(
                (f"{_ROLE}{each.id}" for each in self.taxonomy.roles if said in _forms(each.id, each.name)), said
            )
        return self._known.get(said)

    def known(self, said: str, *, kind: Kind | None = None, where: str) -> Label:
        """The label that a tool means.

        Raises
        ------
        CorpusError
            There is none.
        """
        label = self.find(said, kind=kind)
        if label is None:
            raise CorpusError(
                f"unknown label: {said}", where=where, hint="`dudao corpus labels` prints the labels of the taxonomy"
            )
        return label


def _forms(label_id: str, name: str) -> tuple[str, str, str]:
    return label_id, name, f"{label_id} {name}"


def colours(count: int) -> list[str]:
    """That many colours on which white letters can be read, neighbours far apart, as ``#rrggbb``."""
    found = []
    for number in range(count):
        # Lightness 0.33 keeps white text above the contrast of 4.5:1 at every hue but yellow's, which is darker.
        hue = number * _GOLDEN % 1
        light = 0.24 if 0.1 < hue < 0.52 else 0.36
        channels = colorsys.hls_to_rgb(hue, light, 0.72)
        found.append("#" + "".join(f"{round(255 * channel):02x}" for channel in channels))
    return found
