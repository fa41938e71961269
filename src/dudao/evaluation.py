"""How right the labels are: precision, recall and F1 by domain, with confidence intervals by report, and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dudao.classifier import Classifier, Scores
from dudao.corpus import Record
from dudao.decision import choose, combine
from dudao.document import Document, Report
from dudao.outline import outline
from dudao.taxonomy import Taxonomy

Flags = npt.NDArray[np.bool_]

_RESAMPLES = 1000
_BINS = 10
_KEPT = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, slots=True)
class Judged:
    """Labels given beside labels asked for; all arrays have shape (n_clauses, n_domains).

    ``scores`` are the calibrated probabilities, ``primary`` the first column given to each clause.
    """

    labels: tuple[str, ...]
    gold: Flags
    permitted: Flags
    given: Flags
    scores: Scores
    primary: npt.NDArray[np.int64]
    uncertain: Flags
    reports: tuple[str, ...]


def label_matrix(rows: Sequence[Sequence[str]], labels: Sequence[str]) -> Flags:
    """Label sets as a matrix, shape (n_rows, n_labels)."""
    column = {label: number for number, label in enumerate(labels)}
    matrix = np.zeros((len(rows), len(labels)), dtype=np.bool_)
    for number, row in enumerate(rows):
        matrix[number, [column[label] for label in row if label in column]] = True
    return matrix


def paragraphs_of(records: Sequence[Record]) -> tuple[npt.NDArray[np.int64], list[tuple[str, ...]]]:
    """Which paragraph each record is in, ascending, and each paragraph's heading path; a record without one is its own."""
    index: list[int] = []
    sections: list[tuple[str, ...]] = []
    last: tuple[object, ...] | None = None
    for number, record in enumerate(records):
        key = (record.report, record.paragraph) if record.paragraph is not None else (number,)
        if key != last:
            sections.append(record.section)
            last = key
        index.append(len(sections) - 1)
    return np.asarray(index, dtype=np.int64), sections


def judge(classifier: Classifier, records: Sequence[Record]) -> Judged:
    """Tag labelled records as a report's clauses and set the result beside their labels."""
    return judged(records, *tag_records(classifier, records), classifier.labels)


def tag_records(classifier: Classifier, records: Sequence[Record]) -> tuple[Scores, list[tuple[int, ...]], list[bool]]:
    """Scores of records as a report's clauses, the columns given to each, best first, and whether to look at it."""
    index, sections = paragraphs_of(records)
    scores = classifier.in_context(classifier.logits([record.text for record in records]), index, sections)
    return scores, *choose(scores, classifier.settings, classifier.taxonomy)


def label_spans(report: Report, labels: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Labels that are kept as spans, without the report's text, as records.

    Parameters
    ----------
    report : Report
        The outline of the report that the spans count in.
    labels : sequence of mapping
        Each with ``start``, ``end`` and ``domains``; ``role`` and ``permitted`` where known.

    Returns
    -------
    list of Record
        One a clause of the outline that has a label, in order.
    """
    of_span = {(label["start"], label["end"]): label for label in labels}
    return [
        Record(
            text=clause.text,
            domains=tuple(label["domains"]),
            report=report.document.source,
            section=paragraph.section,
            paragraph=paragraph.index,
            role=label.get("role"),
            permitted=tuple(label.get("permitted", ())),
        )
        for paragraph in report.paragraphs
        for clause in paragraph.clauses
        if (label := of_span.get((clause.start, clause.end))) is not None
    ]


def judged(
    records: Sequence[Record],
    scores: Scores,
    chosen: Sequence[Sequence[int]],
    uncertain: Sequence[bool],
    labels: tuple[str, ...],
) -> Judged:
    """Put given and asked-for labels side by side."""
    given = np.zeros(scores.shape, dtype=np.bool_)
    for number, columns in enumerate(chosen):
        given[number, list(columns)] = True
    return Judged(
        labels=labels,
        gold=label_matrix([record.domains for record in records], labels),
        permitted=label_matrix([record.permitted for record in records], labels),
        given=given,
        scores=scores,
        primary=np.asarray([columns[0] for columns in chosen], dtype=np.int64),
        uncertain=np.asarray(uncertain, dtype=np.bool_),
        reports=tuple(record.report or record.id or str(number) for number, record in enumerate(records)),
    )


def summarise(result: Judged, *, seed: int = 0) -> dict[str, Any]:
    """All metrics of one evaluation, ready for JSON.

    Macro F1 is over the domains that occur in the set. Intervals are 95% bootstrap percentiles over reports (over clauses,
    where there is only one report).
    """
    counts = _counts(result)
    macro, micro = _macro_micro(counts.sum(axis=0))
    exact, first_right = _right(result)
    confidence = result.scores[np.arange(len(result.primary)), result.primary]
    sure = ~result.uncertain
    intervals = _intervals(result, counts, {"exact": exact, "first": first_right}, seed)
    return {
        "clauses": len(result.primary),
        "reports": len(set(result.reports)),
        "macro_f1": _rounded(macro),
        "macro_f1_interval": intervals["macro"],
        "micro_f1": _rounded(micro),
        "micro_f1_interval": intervals["micro"],
        "exact_match": _rounded(float(exact.mean())),
        "exact_match_interval": intervals["exact"],
        "first_domain_accuracy": _rounded(float(first_right.mean())),
        "first_domain_accuracy_interval": intervals["first"],
        "expected_calibration_error": _rounded(calibration_error(confidence, first_right)),
        "not_uncertain": _rounded(float(sure.mean())),
        "first_domain_accuracy_of_not_uncertain": _rounded(float(first_right[sure].mean()) if sure.any() else 0.0),
        "reliability": [asdict(each) for each in reliability(confidence, first_right)],
        "coverage": coverage_curve(confidence, first_right),
        "domains": _by_domain(result.labels, counts.sum(axis=0), intervals["domains"]),
    }


def full_summary(records: Sequence[Record], result: Judged, taxonomy: Taxonomy, *, seed: int = 0) -> dict[str, Any]:
    """`summarise` with what needs the records too: the paragraphs' primary domains and what is mistaken for what."""
    return {
        **summarise(result, seed=seed),
        "primary_accuracy": _rounded(primary_accuracy(records, result, taxonomy)),
        "confusions": confusions(records, result),
    }


@dataclass(frozen=True, slots=True)
class Bin:
    """First domains of like confidence: their number, mean confidence and the share that is right."""

    clauses: int
    confidence: float
    accuracy: float


def reliability(confidence: Scores, right: Flags) -> list[Bin]:
    """Confidence beside accuracy in ten bins of equal width; empty bins are left out."""
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    inside = [bins == number for number in range(_BINS)]
    return [
        Bin(int(each.sum()), _rounded(float(confidence[each].mean())), _rounded(float(right[each].mean())))
        for each in inside
        if each.any()
    ]


def calibration_error(confidence: Scores, right: Flags) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    return sum(each.clauses * abs(each.confidence - each.accuracy) for each in reliability(confidence, right)) / max(
        1, len(right)
    )


def coverage_curve(confidence: Scores, right: Flags) -> list[dict[str, float]]:
    """How right the first domains are when only the surest clauses are kept.

    Returns
    -------
    list of dict
        ``kept`` (share of clauses), ``from`` (least confidence among them), ``accuracy``; the share falls from 1 by tenths.
    """
    order = np.argsort(-confidence, kind="stable")
    curve = []
    for kept in _KEPT:
        n = max(1, round(kept * len(order)))
        curve.append(
            {
                "kept": kept,
                "from": _rounded(float(confidence[order[n - 1]])),
                "accuracy": _rounded(float(right[order[:n]].mean())),
            }
        )
    return curve


def confusions(records: Sequence[Record], result: Judged, *, most: int = 12, examples: int = 2) -> list[dict[str, Any]]:
    """The pairs of domains that are mistaken for each other most: one asked for and missed, another given for it.

    Returns
    -------
    list of dict
        ``asked``, ``given``, ``clauses`` and up to ``examples`` texts each, most frequent first.
    """
    missed = result.gold & ~result.given & ~result.permitted
    wrong = result.given & ~result.gold & ~result.permitted
    counts = missed.T.astype(np.int64) @ wrong.astype(np.int64)
    found = []
    for cell in np.argsort(-counts, axis=None, kind="stable")[:most].tolist():
        asked, given = divmod(cell, len(result.labels))
        if not counts[asked, given]:
            break
        rows = np.flatnonzero(missed[:, asked] & wrong[:, given]).tolist()
        found.append(
            {
                "asked": result.labels[asked],
                "given": result.labels[given],
                "clauses": int(counts[asked, given]),
                "examples": [records[row].text for row in rows[:examples]],
            }
        )
    return found


def primary_accuracy(records: Sequence[Record], result: Judged, taxonomy: Taxonomy) -> float:
    """Share of paragraphs whose primary domain is the one that follows from the labels asked for."""
    index, sections = paragraphs_of(records)
    agreed = 0
    for number in range(len(sections)):
        rows = np.flatnonzero(index == number).tolist()
        texts = [records[row].text for row in rows]
        given = [
            [
                result.labels[result.primary[row]],
                *(
                    result.labels[column]
                    for column in np.flatnonzero(result.given[row])
                    if column != result.primary[row]
                ),
            ]
            for row in rows
        ]
        asked = combine(texts, [records[row].domains for row in rows], taxonomy.exclusive_ids)[1]
        agreed += combine(texts, given, taxonomy.exclusive_ids)[1] == asked
    return agreed / max(1, len(sections))


def outline_metrics(texts: Mapping[str, str], records: Sequence[Record], taxonomy: Taxonomy) -> dict[str, Any]:
    """How well the outline finds the clauses of whole reports, and their roles.

    Returns
    -------
    dict
        ``clauses``: share of labelled clauses that the outline cuts out exactly; ``roles``: share of those with the right role;
        ``by_role``: precision, recall, F1 and support of each role that occurs.
    """
    by_report: dict[str, list[Record]] = {}
    for record in records:
        if record.report in texts:
            by_report.setdefault(record.report, []).append(record)
    pairs: list[tuple[str | None, str]] = []  # asked, given
    asked = 0
    for report, labelled in by_report.items():
        clauses = [
            clause
            for paragraph in outline(Document(texts[report]), taxonomy).paragraphs
            for clause in paragraph.clauses
        ]
        at = 0
        for record in labelled:
            asked += 1
            match = next((n for n in range(at, len(clauses)) if clauses[n].text == record.text), None)
            if match is not None:
                at = match + 1
                pairs.append((record.role, clauses[match].role))
    return {
        "clauses": _rounded(len(pairs) / max(1, asked)),
        "roles": _rounded(sum(ask == give for ask, give in pairs) / max(1, len(pairs))),
        "by_role": {role: _role_row(role, pairs) for role in taxonomy.role_ids if any(role == ask for ask, _ in pairs)},
    }


def _role_row(role: str, pairs: Sequence[tuple[str | None, str]]) -> dict[str, float]:
    hit = sum(ask == give == role for ask, give in pairs)
    given = sum(give == role for _, give in pairs)
    asked = sum(ask == role for ask, _ in pairs)
    return {
        "precision": _rounded(hit / max(1, given)),
        "recall": _rounded(hit / max(1, asked)),
        "f1": _rounded(2 * hit / max(1, given + asked)),
        "support": asked,
    }


def macro_f1(gold: Flags, given: Flags) -> float:
    """Macro F1 over the domains that occur in ``gold``; both of shape (n_clauses, n_domains)."""
    counts = np.stack([(gold & given).sum(axis=0), (~gold & given).sum(axis=0), (gold & ~given).sum(axis=0)])
    return _macro_micro(counts)[0]


def _counts(result: Judged) -> npt.NDArray[np.int64]:
    """True positives, false positives and false negatives by clause, shape (n_clauses, 3, n_domains)."""
    asked = result.gold & ~result.permitted
    return np.stack(
        [
            result.gold & result.given & ~result.permitted,
            result.given & ~result.gold & ~result.permitted,
            asked & ~result.given,
        ],
        axis=1,
    ).astype(np.int64)


def _f1(counts: npt.NDArray[np.int64]) -> Scores:
    """F1 of each column of (…, 3, n_domains) counts; 0 where nothing is asked for or given."""
    hit, wrong, missed = counts[..., 0, :], counts[..., 1, :], counts[..., 2, :]
    scores: Scores = 2 * hit / np.maximum(2 * hit + wrong + missed, 1)
    return scores


def _macro_micro(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    occurs = counts[0] + counts[2] > 0
    macro = float(_f1(counts)[occurs].mean()) if occurs.any() else 0.0
    hit, wrong, missed = counts.sum(axis=1)
    return macro, float(2 * hit / max(2 * hit + wrong + missed, 1))


def _groups(reports: Sequence[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """What a bootstrap draws: which report each clause is in, its own where there is only one, and how many clauses each has."""
    groups = reports if len(set(reports)) > 1 else tuple(map(str, range(len(reports))))
    member = np.unique(np.asarray(groups), return_inverse=True)[1]
    return member, np.bincount(member)


def _summed(counts: npt.NDArray[np.int64], member: npt.NDArray[np.intp], n_groups: int) -> npt.NDArray[np.int64]:
    """Counts of clauses, shape (n_clauses, …), added up by group."""
    by_group = np.zeros((n_groups, *counts.shape[1:]), dtype=np.int64)
    np.add.at(by_group, member, counts)
    return by_group


def _intervals(
    result: Judged, counts: npt.NDArray[np.int64], rates: Mapping[str, npt.NDArray[np.bool_]], seed: int
) -> dict[str, Any]:
    """Percentiles of F1s over resampled reports, and of the share of clauses for which each of the ``rates`` holds."""
    member, clauses = _groups(result.reports)
    by_group = _summed(counts, member, len(clauses))
    holding = {name: np.bincount(member, weights=holds) for name, holds in rates.items()}
    shares: dict[str, list[float]] = {name: [] for name in rates}
    random = np.random.default_rng(seed)
    macros, micros, domains = [], [], []
    for _ in range(_RESAMPLES):
        groups_drawn = random.integers(0, len(clauses), len(clauses))
        for name, values in holding.items():
            shares[name].append(float(values[groups_drawn].sum() / clauses[groups_drawn].sum()))
        drawn = by_group[groups_drawn].sum(axis=0)
        macro, micro = _macro_micro(drawn)
        macros.append(macro)
        micros.append(micro)
        domains.append(_f1(drawn))
    bounds = np.percentile(np.stack(domains), (2.5, 97.5), axis=0)
    return {
        "macro": _bounds(macros),
        "micro": _bounds(micros),
        "domains": bounds.T,
        **{name: _bounds(values) for name, values in shares.items()},
    }


def paired(before: Judged, after: Judged, *, seed: int = 0) -> dict[str, Any]:
    """Figures of two models on the same records, and their differences with intervals by a paired bootstrap.

    Reports (clauses, where there is only one) are drawn with replacement, the same ones for both models, so that what makes a
    report hard for both falls out of the difference (Efron & Tibshirani 1993).

    Parameters
    ----------
    before, after : Judged
        Of the same records in the same order, with the same labels.

    Returns
    -------
    dict
        ``clauses``, ``reports``; for ``macro_f1``, ``micro_f1``, ``exact_match`` and ``first_domain_accuracy``, and in ``domains`` for
        the F1 of each, a dict with ``before``, ``after``, ``difference`` and its 95% ``interval``; ``only_before`` and ``only_after``
        count the clauses that one of the models alone has exactly right.
    """
    if before.labels != after.labels or before.reports != after.reports:
        raise ValueError("the two results are not of the same records and labels")
    member, sizes = _groups(before.reports)
    by_group = [_summed(_counts(each), member, len(sizes)) for each in (before, after)]
    right = [_right(each) for each in (before, after)]
    right_by_group = [np.stack([np.bincount(member, flags) for flags in each]) for each in right]

    def figures(drawn: npt.NDArray[np.int64]) -> Scores:
        """Macro and micro F1, exact match, first domain right, then F1 by domain, by both models, shape (2, 4 + n_domains)."""
        rows = []
        for counts, flags in zip(by_group, right_by_group, strict=True):
            total = counts[drawn].sum(axis=0)
            rows.append([*_macro_micro(total), *(flags[:, drawn].sum(axis=1) / sizes[drawn].sum()), *_f1(total)])
        return np.asarray(rows)

    random = np.random.default_rng(seed)
    resampled = [figures(random.integers(0, len(sizes), len(sizes))) for _ in range(_RESAMPLES)]
    bounds = np.percentile([each[1] - each[0] for each in resampled], (2.5, 97.5), axis=0).T
    reached = figures(np.arange(len(sizes)))
    entries = [
        {
            "before": _rounded(float(was)),
            "after": _rounded(float(now)),
            "difference": _rounded(float(now - was)),
            "interval": [_rounded(float(bound)) for bound in bound_pair],
        }
        for was, now, bound_pair in zip(*reached, bounds, strict=True)
    ]
    overall = ("macro_f1", "micro_f1", "exact_match", "first_domain_accuracy")
    exact_before, exact_after = right[0][0], right[1][0]
    return {
        "clauses": len(before.primary),
        "reports": len(set(before.reports)),
        **dict(zip(overall, entries, strict=False)),
        "only_before": int((exact_before & ~exact_after).sum()),
        "only_after": int((exact_after & ~exact_before).sum()),
        "domains": dict(zip(before.labels, entries[len(overall) :], strict=True)),
    }


def _right(result: Judged) -> tuple[Flags, Flags]:
    """Which clauses have exactly the labels asked for, and which have a right first one."""
    exact: Flags = ((result.given == result.gold) | result.permitted).all(axis=1)
    first: Flags = (result.gold | result.permitted)[np.arange(len(result.primary)), result.primary]
    return exact, first


def _bounds(values: Sequence[float]) -> list[float]:
    return [_rounded(float(bound)) for bound in np.percentile(values, (2.5, 97.5))]


def _by_domain(labels: Sequence[str], counts: npt.NDArray[np.int64], bounds: Scores) -> dict[str, dict[str, Any]]:
    result = {}
    scores = _f1(counts)
    for column, label in enumerate(labels):
        hit, wrong, missed = (int(each) for each in counts[:, column])
        result[label] = {
            "precision": _rounded(hit / max(hit + wrong, 1)),
            "recall": _rounded(hit / max(hit + missed, 1)),
            "f1": _rounded(float(scores[column])),
            "f1_interval": [_rounded(float(bound)) for bound in bounds[column]],
            "support": hit + missed,
        }
    return result


def _rounded(value: float) -> float:
    return round(float(value), 4)
