"""Frozen dataclasses are equal, hashed and shown as `dataclass` would have them."""

from __future__ import annotations

import dataclasses
import pickle

from dudao.document import Clause, Heading, Share
from dudao.taxonomy import Domain, Role
from dudao.values import Value

FIELDS = {"marker": "一是", "start": 0, "end": 4, "text": "一是办学", "role": "problem"}
Plain = dataclasses.make_dataclass(
    "Clause", [(field.name, field.type) for field in dataclasses.fields(Clause)], frozen=True
)


def test_value_is_what_dataclass_makes_of_its_fields():
    clause, plain = Clause(**FIELDS), Plain(**FIELDS)
    assert repr(clause) == repr(plain)
    assert hash(clause) == hash(plain)
    assert clause == Clause(**FIELDS) == pickle.loads(pickle.dumps(clause)) == dataclasses.replace(clause)
    assert clause != dataclasses.replace(clause, end=3)
    assert clause != plain
    assert Domain("a", "b") != Role("a", "b")
    assert Share(0.5) != (0.5, None, None, False)


def test_value_holds_every_field():
    """A field that ``__init__`` does not take would be in none of them."""
    kinds = [*Value.__subclasses__(), Heading]
    for kind in kinds:
        if dataclasses.is_dataclass(kind):
            assert kind.__match_args__ == tuple(field.name for field in dataclasses.fields(kind)), kind
