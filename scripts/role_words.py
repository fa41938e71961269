#!/usr/bin/env python3
"""Learn the words that tell what a section does where its heading does not, and print them for ``corpus/taxonomy.toml``.

Roles that a section's wording can tell apart are learnt together by an L1-regularised logistic regression over the presence of
frequent short words in a clause; every other role that only headings can tell counts as the default one. A section's role is
the one of the highest mean log-probability over its clauses. Cross-validated by report; see ``docs/accuracy.md``.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from dudao.corpus import load_corpus
from dudao.taxonomy import load_taxonomy
from dudao.tokens import Segmenter, term_strings

ROOT = Path(__file__).resolve().parent.parent / "corpus"
TOLD_APART = ("overview", "self_check", "problem", "improvement")
ONLY_BY_HEADING = ("achievement", "experience")
SINGLE = "将仍还未却再拟仅才先又"
LEAST_CLAUSES = 40  # that hold a word, for it to be a candidate
LEAST_WEIGHT = 0.1
C = 0.1  # 0.05 to 0.2 tried: 67, 155, 317 words tell 0.938, 0.977, 0.992 of the corpus's sections right; short lists carry further
LEAN = 0.2  # what the default role is given on top; 0 to 0.3 tried: 0.963, 0.977 (0.1), 0.977 (0.2), 0.958


def main() -> None:
    """Learn, cross-validate and print."""
    taxonomy = load_taxonomy(ROOT / "taxonomy.toml")
    group = {role: role for role in TOLD_APART} | dict.fromkeys(ONLY_BY_HEADING, taxonomy.default_role)
    corpus = load_corpus(ROOT, taxonomy)
    # Only whole reports: a passage's heading is its page's title, no section of a report.
    records = [record for record in corpus.records if record.role in group and record.report in corpus.texts]
    y = np.asarray([TOLD_APART.index(group[record.role]) for record in records])
    words = candidates([record.text for record in records])
    x = scipy.sparse.csr_matrix(
        np.asarray([[word in record.text for word in words] for record in records], dtype=np.float32)
    )
    reports = np.asarray([record.report for record in records])
    scores = np.zeros((len(records), len(TOLD_APART)))
    for rows, unseen in GroupKFold(6).split(x, groups=reports):
        scores[unseen] = fitted(x[rows], y[rows]).predict_log_proba(x[unseen])
    scores[:, TOLD_APART.index(taxonomy.default_role)] += LEAN
    print(f"# sections right in cross-validation: {sections_right(records, y, scores):.3f}")
    model = fitted(x, y)
    for number, role in enumerate(TOLD_APART):
        weights = {
            word: round(float(weight), 1)
            for word, weight in zip(words, model.coef_[number], strict=True)
            if abs(weight) >= LEAST_WEIGHT
        }
        ordered = ", ".join(
            f'"{word}" = {weight}' for word, weight in sorted(weights.items(), key=lambda each: -each[1])
        )
        bias = model.intercept_[number] + LEAN * (role == taxonomy.default_role)
        print(f"# {role}\nevidence = {{ {ordered} }}\nevidence_bias = {bias:.2f}")


def candidates(texts: list[str]) -> list[str]:
    """Frequent words of two or three characters, and the single ones that say when or how far."""
    tokens = Counter(
        token for line in term_strings(texts, Segmenter())[0] for token in set(line.split()) if "_" not in token
    )
    held = {
        word: sum(word in text for text in texts)
        for word in (*tokens, *SINGLE)
        if tokens[word] >= LEAST_CLAUSES // 2 or word in SINGLE
    }
    return sorted(
        word
        for word, count in held.items()
        if count >= LEAST_CLAUSES and (word in SINGLE or re.fullmatch(r"[\u4e00-\u9fd5]{2,3}", word))
    )


def fitted(x: scipy.sparse.csr_matrix, y: np.ndarray) -> LogisticRegression:
    """The sparse linear model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(
            C=C, l1_ratio=1.0, solver="saga", max_iter=200, class_weight="balanced", random_state=0
        ).fit(x, y)


def sections_right(records: list, y: np.ndarray, scores: np.ndarray) -> float:
    """Share of top sections of one role and three or more clauses whose role their wording tells."""
    sections = defaultdict(list)
    for row, record in enumerate(records):
        if record.section:
            sections[record.report, record.section[0]].append(row)
    pure = [rows for rows in sections.values() if len(rows) >= 3 and len(set(y[rows])) == 1]
    return float(np.mean([scores[rows].mean(axis=0).argmax() == y[rows[0]] for rows in pure]))


if __name__ == "__main__":
    main()
