"""Scores to labels: which domains a clause is given, and how a paragraph's follow from its clauses (taxonomy, mixed paragraphs)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter

import numpy as np

from dudao.classifier import Scores, Settings, sigmoid
from dudao.taxonomy import MOST_DOMAINS, Taxonomy

_LEAST_SHARE = 0.2  # of a paragraph's characters, below which a domain without a figure falls away
_MOST_IN_PARAGRAPH = 4
_DIGIT = re.compile(r"\d")


def choose(scores: Scores, settings: Settings, taxonomy: Taxonomy) -> tuple[list[tuple[int, ...]], list[bool]]:
    """Domains of each clause as column numbers, best first, and whether a person should look at it.

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
    thresholds = np.asarray(settings.thresholds)
    exclusive = {column for column, label in enumerate(settings.labels) if label in taxonomy.exclusive_ids}
    passes = scores >= thresholds
    if not len(scores):
        return [], []
    first = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    n_passing = passes.sum(axis=1)
    singles = [(column,) for column in range(scores.shape[1])]
    chosen: list[tuple[int, ...]] = [singles[column] for column in first.tolist()]
    # Most clauses have one domain, and there is nothing to put in order.
    several = np.flatnonzero((n_passing > 1) | ((n_passing == 1) & ~passes[rows, first]))
    likely = scores[several]
    order = np.argsort(-likely, axis=1, kind="stable")[:, : MOST_DOMAINS + len(exclusive)]
    ranked = passes[several[:, None], order]
    as_main = np.take_along_axis(likely * chance_of_main(likely, settings), order, axis=1)
    for row, columns, passing, chances in zip(*map(np.ndarray.tolist, (several, order, ranked, as_main)), strict=True):
        ranking = zip(chances, columns, passing, strict=True)
        given = [(chance, column) for chance, column, passed in ranking if passed] or [(chances[0], columns[0])]
        given = given[:1] if given[0][1] in exclusive else [each for each in given if each[1] not in exclusive]
        main_first = sorted(given[:MOST_DOMAINS], key=itemgetter(0), reverse=True)
        chosen[row] = tuple([column for _, column in main_first])
    first[several] = [chosen[row][0] for row in several.tolist()]
    return chosen, ((scores[rows, first] < settings.certain) | ~passes[rows, first]).tolist()


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
    return sigmoid(main_features(scores) @ weights[:, 1:].T + weights[:, 0])


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

    ranked = sorted(characters, key=lambda domain: -characters[domain])
    least = _LEAST_SHARE * total
    kept = [domain for domain in ranked if characters[domain] >= least or has_figure(domain)] or ranked[:1]
    if not exclusive.issuperset(kept):
        kept = [domain for domain in kept if domain not in exclusive]
    kept = kept[:_MOST_IN_PARAGRAPH]
    primary = max(kept, key=lambda domain: (first.get(domain, 0), characters[domain]))
    return tuple(kept), primary
