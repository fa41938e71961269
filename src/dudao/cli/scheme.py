"""``--scheme`` and ``--thin``: the list that reports are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from dudao.language import Translate

if TYPE_CHECKING:
    from dudao.schemes import Scheme
    from dudao.taxonomy import Taxonomy


class HeldAgainst(NamedTuple):
    """What the command line says of the scheme; ``None`` where it says nothing."""

    name: str | None = None
    below: int | None = None

    @property
    def given(self) -> bool:
        """Whether it says anything."""
        return self.name is not None or self.below is not None

    @property
    def thin(self) -> int:
        """The number of clauses below which an item is thin."""
        from dudao.schemes import THIN

        return THIN if self.below is None else self.below

    def scheme(self, taxonomy: Taxonomy) -> Scheme:
        """The scheme, checked against the labels of the model that tags.

        Raises
        ------
        SchemeError
            There is none of that name, or its file breaks the rules.
        """
        from dudao.schemes import DEFAULT, load_scheme

        return load_scheme(self.name or DEFAULT, taxonomy=taxonomy)


def scheme_options(t: Translate) -> list[click.Parameter]:
    """The two options."""
    return [
        click.Option(
            ["--scheme"],
            metavar="NAME|FILE",
            help=t(
                "List to hold reports against: default, method-2017, plan-2019 and others, or a .toml file of your own.",
                "对照的方案：default、method-2017、plan-2019 等，或自己的 .toml 文件。",
            ),
        ),
        click.Option(
            ["--thin"],
            type=click.IntRange(min=1),
            help=t("Fewer clauses than this are thin; 3.", "不足此分句数为薄弱，默认 3。"),
        ),
    ]
