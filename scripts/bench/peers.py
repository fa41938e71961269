"""What dudao is measured beside: what a user would write first, the same with the fast tokenizer, fastText."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dudao.corpus import Record
from dudao.evaluation import label_matrix

# As files of their own, so that joblib finds the tokenizer again and a cold start is a whole script.
MODULES = {
    "peer_model.py": """
import logging
import jieba
jieba.setLogLevel(logging.ERROR)


def cut(text):
    return jieba.lcut(text)


def cut_fast(text):
    import rjieba
    return rjieba.cut(text)
""",
    "peer.py": """
import sys, joblib
pipeline, labels = joblib.load(sys.argv[1])
texts = [line.strip() for line in open(sys.argv[2], encoding="utf-8") if line.strip()]
print([[labels[n] for n in row.nonzero()[0]] for row in pipeline.predict(texts)])
""",
}


def write_modules(folder: Path) -> None:
    """Put the peer's modules into a folder and make them importable."""
    for name, source in MODULES.items():
        (folder / name).write_text(source, encoding="utf-8")
    sys.path.insert(0, str(folder))


def fit_linear(records: Sequence[Record], labels: Sequence[str], *, fast: bool) -> Any:
    """``jieba.lcut`` in a TfidfVectorizer of 1-2-grams with LinearSVC; ``fast`` puts rjieba in jieba's place."""
    import peer_model  # type: ignore[import-not-found]
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    cut = peer_model.cut_fast if fast else peer_model.cut
    pipeline = make_pipeline(
        TfidfVectorizer(tokenizer=cut, token_pattern=None, lowercase=False, ngram_range=(1, 2)),
        OneVsRestClassifier(LinearSVC(random_state=0)),
    )
    targets = label_matrix([record.domains for record in records], labels).astype(int)
    return pipeline.fit([record.text for record in records], targets)


def linear_labels(pipeline: Any, texts: Sequence[str]) -> np.ndarray:
    """Which labels the linear peer gives, at least one a text."""
    scores = np.asarray(pipeline.decision_function(list(texts)))
    given = scores > 0
    given[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return given


class FastText:
    """fastText supervised, on words cut by rjieba and their pairs: one-vs-all loss, rate 0.5, 50 epochs: the best of four tried."""

    _LEAST = 0.3  # score of a label that is given; 0.5 is 0.005 to 0.01 macro F1 worse

    def __init__(self, folder: Path, records: Sequence[Record], labels: Sequence[str]) -> None:
        import fasttext  # type: ignore[import-not-found]
        import peer_model

        fasttext.FastText.eprint = lambda *_: None
        self._cut: Callable[[str], list[str]] = peer_model.cut_fast
        self._column = {f"__label__{label}": number for number, label in enumerate(labels)}
        lines = (
            " ".join([*(f"__label__{domain}" for domain in record.domains), *self._cut(record.text)])
            for record in records
        )
        data = folder / "fasttext.txt"
        data.write_text("\n".join(line.replace("\n", " ") for line in lines), encoding="utf-8")
        self._model = fasttext.train_supervised(
            input=str(data),
            loss="ova",
            epoch=50,
            lr=0.5,
            wordNgrams=2,
            dim=50,
            bucket=200_000,
            minCount=1,
            thread=1,
            verbose=0,
        )
        self.file = folder / "fasttext.bin"
        self._model.save_model(str(self.file))

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Which labels each text gets, at least one."""
        given = np.zeros((len(texts), len(self._column)), dtype=np.bool_)
        for row, text in enumerate(texts):
            # The module's own `predict` asks NumPy for what NumPy 2 refuses; the binding below it gives plain tuples.
            line = " ".join(self._cut(text)).replace("\n", " ") + "\n"
            found = self._model.f.predict(line, len(self._column), 0.0, "strict")
            columns = [self._column[label] for score, label in found if score > self._LEAST]
            given[row, columns or [self._column[label] for _, label in found[:1]]] = True
        return given
