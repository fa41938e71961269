"""dudao as scikit-learn estimators: a transformer that scores texts by a trained model, and a classifier to train on own labels.

Both take texts as a list, an array or a column, or a table whose cells are put together row by row, and drop into `Pipeline`,
`GridSearchCV` and `clone`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from dudao.classifier import Scores
from dudao.store import load_classifier
from dudao.tagger import Tagger
from dudao.tokens import Segmenter, term_strings
from dudao.training import Parameters, make_pipeline

__all__ = ["DudaoClassifier", "DudaoTransformer"]

_BETWEEN_CELLS = "；"  # ends a clause, so that nothing is read across two cells
_DEFAULT = Parameters()
_NEVER = " "  # a term that no text can hold, since terms are parted at blanks: a vocabulary may not be empty


class _OfTexts(BaseEstimator):  # type: ignore[misc]
    """What estimators of texts share: how rows become texts."""

    def _texts(self, X: Any, *, reset: bool) -> list[str]:
        """The text of each row; columns are counted and named as scikit-learn does, a list of texts being one."""
        cells = validate_data(self, _one_column(X), dtype=None, reset=reset)
        rows = [[_text(cell, number) for cell in row] for number, row in enumerate(cells.tolist())]
        return [_BETWEEN_CELLS.join(row) for row in rows]

    def __sklearn_tags__(self) -> Any:
        # `one_d_array` stays unset: scikit-learn's checks take it for "one dimension only".
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags


def _one_column(X: Any) -> Any:
    """A list or column of texts as a table with one column; anything else as it is, for scikit-learn to check."""
    if not isinstance(X, (list, tuple)) and getattr(X, "ndim", None) != 1:
        return X
    column = np.empty((len(X), 1), dtype=object)  # not by `asarray`, which would make all texts as long as the longest
    texts = list(X)
    if not texts or not isinstance(texts[0], str):
        return X
    column[:, 0] = texts
    return column


def _text(cell: Any, number: int) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (int, float)):
        return str(cell)
    raise ValueError(f"row {number} holds a {type(cell).__name__}, not text")


class DudaoTransformer(TransformerMixin, _OfTexts):  # type: ignore[misc]
    """Texts to what a trained model makes of them.

    Parameters
    ----------
    model : str or path
        As in `Tagger.load`. It is loaded by `fit`, which learns nothing else, and goes into a pickle of the fitted transformer.
    output : {"scores", "terms"}
        The calibrated probability of every domain, dense, each text taken as one paragraph as in `Tagger.tag`; or the TF-IDF of
        the terms that the model knows (words, pairs of words, character 2-4-grams), sparse, for a classifier of your own.

    Attributes
    ----------
    tagger_ : Tagger
        The loaded model.
    n_features_in_ : int
        Columns given to `fit`; a list of texts is one.

    Examples
    --------
    >>> DudaoTransformer().fit_transform(["教师工资按月足额发放。"]).shape
    (1, 20)
    """

    def __init__(self, *, model: str | Path = "current", output: Literal["scores", "terms"] = "scores") -> None:
        self.model = model
        self.output = output

    def fit(self, X: Any, y: Any = None) -> Self:
        """Load the model.

        Parameters
        ----------
        X : list of str, or table of shape (n_samples, n_columns)
            Texts; only their form is looked at.
        y : ignored

        Raises
        ------
        ModelError
            There is no such model.
        """
        if self.output not in {"scores", "terms"}:
            raise ValueError(f'output is {self.output!r}, neither "scores" nor "terms"')
        self._texts(X, reset=True)
        self.tagger_ = Tagger.load(self.model)
        return self

    def transform(self, X: Any) -> Any:
        """Score texts.

        Returns
        -------
        array of float64, shape (n_samples, n_domains), or csr_array, shape (n_samples, n_terms)
        """
        check_is_fitted(self)
        texts = self._texts(X, reset=False)
        if self.output == "terms":
            return self.tagger_.classifier.tfidf(texts)
        rows = bytearray().join(tag.row for tag in self.tagger_.tag(texts))  # one that can be written to
        return np.frombuffer(rows, dtype=np.float64).reshape(len(texts), -1)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Ids of the domains, or the terms: words, pairs as ``left_right``, and n-grams, which may look like words."""
        check_is_fitted(self)
        classifier = self.tagger_.classifier
        return np.asarray(classifier.terms() if self.output == "terms" else classifier.labels, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # float64 whatever is given
        return tags


class DudaoClassifier(ClassifierMixin, _OfTexts):  # type: ignore[misc]
    """Texts to own labels: dudao's terms and linear models, trained on what `fit` is given.

    It is what `dudao train` fits, without glossary, context and calibration; these need whole reports.

    Parameters
    ----------
    model : str or path, optional
        Whose dictionary of the field's words keeps them whole; None cuts by the general dictionary alone.
    c : float
        Inverse regularisation of the logistic regressions.
    character_weight : float
        Weight of the character n-grams beside the words.
    min_df : int
        Least number of texts that hold a term.
    threshold : float
        Probability from which a label is given, where a text can have several; else the likeliest class is.
    random_state : int
        Seed of the solver.

    Attributes
    ----------
    classes_ : array
        The classes; where ``Y`` was an indicator matrix, the numbers of its columns.
    n_features_in_ : int
        Columns given to `fit`; a list of texts is one.
    """

    def __init__(
        self,
        *,
        model: str | Path | None = "current",
        c: float = _DEFAULT.c,
        character_weight: float = _DEFAULT.character_weight,
        min_df: int = _DEFAULT.min_df,
        threshold: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.c = c
        self.character_weight = character_weight
        self.min_df = min_df
        self.threshold = threshold
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train.

        Parameters
        ----------
        X : list of str, or table of shape (n_samples, n_columns)
            Texts.
        y : array, shape (n_samples,) or (n_samples, n_labels)
            The class of each text; or an indicator matrix, where a text can have several labels or none.

        Raises
        ------
        ValueError
            Texts and labels do not go together, there is a single class, or no term stands in ``min_df`` texts.
        """
        texts = self._texts(X, reset=True)
        y = self._targets(y)
        check_consistent_length(texts, y)
        self.segmenter_ = load_classifier(self.model)[1].segmenter if self.model is not None else Segmenter()
        columns = self._columns(texts)
        known = [_frequent(columns[:, block], self.min_df) for block in (0, 1)]
        if not any(known):
            raise ValueError(f"no term stands in {self.min_df} texts: give more texts, or a lower min_df")
        words, characters = (vocabulary or [_NEVER] for vocabulary in known)
        parameters = Parameters(c=self.c, character_weight=self.character_weight, min_df=self.min_df)
        self.pipeline_ = make_pipeline(parameters, self.random_state, (words, characters)).fit(columns, y)
        self.classes_ = self.pipeline_.classes_
        return self

    def _targets(self, y: Any) -> npt.NDArray[Any]:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        targets = np.asarray(check_array(y, ensure_2d=False, dtype=None, input_name="y"))
        check_classification_targets(targets)
        self.multilabel_ = type_of_target(targets) == "multilabel-indicator"
        if self.multilabel_:
            return targets
        classes = np.asarray(column_or_1d(targets, warn=True))
        if len(np.unique(classes)) < 2:
            raise ValueError("y holds one class: there is nothing to tell apart")
        return classes

    def _columns(self, texts: Sequence[str]) -> npt.NDArray[np.object_]:
        """What the pipeline takes: words and character n-grams, parted by blanks, shape (n_texts, 2)."""
        columns = np.empty((len(texts), 2), dtype=object)
        columns[:, 0], columns[:, 1] = term_strings(texts, self.segmenter_)
        return columns

    def decision_function(self, X: Any) -> Scores:
        """Log-odds, shape (n_samples,) of the second class where there are two, else (n_samples, n_classes)."""
        check_is_fitted(self)
        return np.asarray(self.pipeline_.decision_function(self._columns(self._texts(X, reset=False))))

    def predict_proba(self, X: Any) -> Scores:
        """Probabilities, shape (n_samples, n_classes); of labels, each by itself."""
        check_is_fitted(self)
        return np.asarray(self.pipeline_.predict_proba(self._columns(self._texts(X, reset=False))))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each text; where ``Y`` was an indicator matrix, one of the same shape."""
        check_is_fitted(self)
        if self.multilabel_:
            return (self.predict_proba(X) >= self.threshold).astype(np.int64)
        return np.asarray(self.pipeline_.predict(self._columns(self._texts(X, reset=False))))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        # Numbers are one and the same term to it: the checks' clouds of points cannot be told apart.
        tags.classifier_tags.poor_score = True
        return tags


def _frequent(lines: npt.NDArray[np.object_], least: int) -> list[str]:
    """Terms that stand in enough texts, in a stable order."""
    count = Counter(term for line in lines.tolist() for term in set(line.split()))
    return sorted(term for term, texts in count.items() if texts >= least)
