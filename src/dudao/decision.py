"""Scores to labels: which domains a clause is given, and how a paragraph's follow from its clauses (taxonomy, mixed paragraphs)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dudao.classifier import Scores, Settings, sigmoid
from dudao.taxonomy import MOST_DOMAINS, Taxonomy

_LEAST_SHARE = 0.2  # of a paragraph's characters, below which a domain without a figure falls away
_MOST_IN_PARAGRAPH = 4
_DIGIT = re.compile(r"\d")

Name = TypeVar("Name")
Columns = npt.NDArray[np.int64]
_NONE = -1  # where a clause has no further domain


def choose(scores: Scores, settings: Settings, taxonomy: Taxonomy) -> tuple[list[tuple[int, ...]], list[bool]]:
    """Domains of each clause as column numbers, best first, and whether a person should look at it: `decide` as plain lists.

    Parameters
    ----------
    scores : array, shape (n_clauses, n_domains)
        Calibrated probabilities.

    Returns
    -------
    chosen : list of tuple of int
        One to three columns a clause, the one that is most likely its main one first; an exclusive domain stands alone.
    uncertain : list of bool
        No domain passes its threshold, or the first one is less likely than ``settings.certain``.
    """
    columns, uncertain = decide(scores, settings, taxonomy)
    return named(columns, range(scores.shape[1])), uncertain.tolist()


def decide(scores: Scores, settings: Settings, taxonomy: Taxonomy) -> tuple[Columns, npt.NDArray[np.bool_]]:
    """What `choose` gives, as arrays.

    Returns
    -------
    columns : array of int, shape (n_clauses, MOST_DOMAINS)
        Filled up with -1.
    uncertain : array of bool, shape (n_clauses,)
    """
    passes = scores >= np.asarray(settings.thresholds)
    columns = np.full((len(scores), MOST_DOMAINS), _NONE)
    columns[:, 0] = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    n_passing = passes.sum(axis=1)
    # Most clauses have one domain, and there is nothing to put in order.
    several = np.flatnonzero((n_passing > 1) | ((n_passing == 1) & ~passes[rows, columns[:, 0]]))
    columns[several] = _ranked(scores[several], passes[several], settings, taxonomy)
    first = columns[:, 0]
    return columns, (scores[rows, first] < settings.certain) | ~passes[rows, first]


def _ranked(scores: Scores, passes: npt.NDArray[np.bool_], settings: Settings, taxonomy: Taxonomy) -> Columns:
    """Columns of clauses in which several domains, or not the likeliest one, pass."""
    exclusive = np.isin(settings.labels, sorted(taxonomy.exclusive_ids))
    rows = np.arange(len(scores))
    order = np.argsort(-scores, axis=1, kind="stable")[:, : MOST_DOMAINS + int(exclusive.sum())]
    given = np.take_along_axis(passes, order, axis=1)
    best = order[rows, given.argmax(axis=1)]  # the likeliest of all where none of these passes
    given &= ~exclusive[order]
    given &= given.cumsum(axis=1) <= MOST_DOMAINS
    given[exclusive[best]] = False
    as_main = np.take_along_axis(scores * chance_of_main(scores, settings), order, axis=1)
    main_first = np.argsort(np.where(given, -as_main, np.inf), axis=1, kind="stable")[:, :MOST_DOMAINS]
    ranked = np.where(
        np.take_along_axis(given, main_first, axis=1), np.take_along_axis(order, main_first, axis=1), _NONE
    )
    columns = np.full((len(scores), MOST_DOMAINS), _NONE)
    columns[:, : ranked.shape[1]] = ranked
    columns[:, 0] = np.where(columns[:, 0] == _NONE, best, columns[:, 0])
    return columns


def by_score(columns: Columns, scores: Scores) -> Columns:
    """The same columns, those of the best score first."""
    score = np.where(columns == _NONE, -np.inf, np.take_along_axis(scores, columns, axis=1))
    return np.take_along_axis(columns, np.argsort(-score, axis=1, kind="stable"), axis=1)


def named(columns: Columns, names: Sequence[Name]) -> list[tuple[Name, ...]]:
    """The names of each row's columns; rows that are alike share one tuple."""
    code = (columns + 1) @ (len(names) + 1) ** np.arange(columns.shape[1])
    _, first, number = np.unique(code, return_index=True, return_inverse=True)
    rows = [tuple([names[column] for column in row if column != _NONE]) for row in columns[first].tolist()]
    return [rows[each] for each in number.tolist()]


_SUREST = 6.0  # log-odds; beyond, how sure a domain is says nothing more of which one is the main one


def main_features(scores: Scores) -> Scores:
    """What tells a clause's main domain: the log-odds of every domain, drawn in to about one, shape (n_clauses, n_domains)."""
    least = 1.0 / (1.0 + np.exp(_SUREST))
    likely = np.clip(scores, least, 1.0 - least)
    return np.asarray(np.log(likely / (1.0 - likely)) / (_SUREST / 2))


def chance_of_main(scores: Scores, settings: Settings) -> Scores:
    """How likely each domain is the clause's main one if the clause has it, shape (n_clauses, n_domains).

    Money, staff or buildings are often told as surely as the stage that they serve, which the taxonomy puts first: which domains
    stand beside a domain says which of them is the main one.
    """
    if not settings.main:
        return np.ones_like(scores)
    weights = np.asarray(settings.main)
    # Not a matrix product of NumPy's, which starts threads that are busy waiting for more, 0.1 s long, when it is done.
    return sigmoid(np.einsum("nd,md->nm", main_features(scores), weights[:, 1:]) + weights[:, 0])


def combine(
    texts: Sequence[str], chosen: Sequence[Sequence[str]], exclusive: frozenset[str]
) -> tuple[tuple[str, ...], str | None]:
    """A paragraph's domains, those of most characters first, and its primary domain.

    The union of its clauses' labels, without those whose clauses make up under a fifth of its characters and hold no digit; of
    more than four those of most characters stay; an exclusive domain falls away beside another.
    """
    characters: dict[str, int] = {}
    first: dict[str, int] = {}
    total = 0
    for text, domains in zip(texts, chosen, strict=True):
        length = len(text)
        total += length
        for domain in domains:
            characters[domain] = characters.get(domain, 0) + length
        if domains:
            first[domains[0]] = first.get(domains[0], 0) + length
    if not characters:
        return (), None

    def has_figure(domain: str) -> bool:
        return any(domain in domains and _DIGIT.search(text) for text, domains in zip(texts, chosen, strict=True))

    ranked = sorted(characters, key=characters.__getitem__, reverse=True)
    least = _LEAST_SHARE * total
    kept = [domain for domain in ranked if characters[domain] >= least or has_figure(domain)] or ranked[:1]
    if not exclusive.issuperset(kept):
        kept = [domain for domain in kept if domain not in exclusive]
    kept = kept[:_MOST_IN_PARAGRAPH]
    primary = max(kept, key=lambda domain: (first.get(domain, 0), characters[domain]))
    return tuple(kept), primary
