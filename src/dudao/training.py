"""Records to a fitted scikit-learn pipeline, calibrated and cross-validated by report, to an exported classifier."""

from __future__ import annotations

import io
import os
import platform
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import IO, Any

import joblib
import numpy as np
import numpy.typing as npt
from joblib.numpy_pickle import NumpyPickler
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_info, threadpool_limits

from dudao import modelcard, store
from dudao.classifier import CONTEXT_FEATURES, FORMAT, Classifier, Scores, Settings, context_features, sigmoid
from dudao.corpus import Corpus, Record, Term
from dudao.decision import choose, main_features
from dudao.errors import TrainingError
from dudao.evaluation import (
    Judged,
    full_summary,
    judge,
    judged,
    label_matrix,
    macro_f1,
    outline_metrics,
    paragraphs_of,
)
from dudao.modelfiles import Mended, clause_key
from dudao.taxonomy import Taxonomy
from dudao.tokens import NGRAMS, Segmenter, key_of, term_strings
from dudao.usual import usual

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What training can be told; the defaults are what cross-validation by report chose.

    Attributes
    ----------
    c : float
        Inverse regularisation of the logistic regressions. 3 to 30 tried: macro F1 0.821, 0.826 (10), 0.830 (30); beyond 10
        the gain is within noise and fitting takes twice as long.
    character_weight : float
        Weight of the character block beside words. 0.4 to 1.0 tried: 0.822 to 0.830.
    min_df : int
        Least number of training texts that hold a term; words and pairs of the glossary are kept however rare, each of its entries
        is one text. 1 for words and pairs: 0.0001 macro F1 more and 1.7 times as many features; 3 for n-grams: 0.001 less.
    min_df_longest : int
        The same for n-grams of four characters: a tenth of the model, which else grows beyond 12 MB.
    folds : int
        Folds of the cross-validation, each with whole reports.
    word_frequency : int
        Frequency at which dictionary words enter jieba: high enough that none of them is cut apart.
    """

    c: float = 15.0
    character_weight: float = 1.0
    min_df: int = 2
    min_df_longest: int = 3
    folds: int = 8
    word_frequency: int = 2000


_MOST_PROCESSES = 4  # of half a GB each
_DICTIONARY_LENGTH = (2, 6)  # characters of a term that becomes a word; longer ones are phrases that jieba may cut
_LEAST_POSITIVES = 10
_CODE = (".py", ".txt", ".j2", ".json")
_THRESHOLDS = np.arange(0.2, 0.71, 0.02)
# Accuracy of the first domain that clauses not marked uncertain shall have, in cross-validation. Text is harder outside the
# corpus: what reaches 0.98 here reaches 0.97 on reports in which nothing is named outright.
_CERTAINTY = 0.98
_LEAST_CERTAIN = 0.7  # share of clauses that stay unmarked whatever it costs


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted pipeline with all that goes into a version."""

    files: dict[str, bytes]
    manifest: dict[str, Any]


def train(
    corpus: Corpus,
    taxonomy: Taxonomy,
    taxonomy_file: bytes,
    *,
    version: str,
    seed: int = 0,
    parameters: Parameters | None = None,
    progress: Progress = lambda message: None,
) -> Trained:
    """Train, calibrate and cross-validate a model.

    Parameters
    ----------
    corpus : Corpus
        Records and glossary.
    taxonomy : Taxonomy
        The labels, with ``taxonomy_file``, the bytes it was read from, which go into the version.
    version : str
        Its number, X.Y.Z.
    seed : int
        Seed of every random choice.
    progress : callable
        Told what is being done, a line a step.

    Raises
    ------
    TrainingError
        Too few records or reports for a domain to be learnt.
    """
    # Sums over a million numbers differ in their last digits with the number of BLAS threads; nothing here gains by threads.
    with threadpool_limits(limits=1):
        return _train(corpus, taxonomy, taxonomy_file, version, seed, parameters or Parameters(), progress)


def _train(
    corpus: Corpus,
    taxonomy: Taxonomy,
    taxonomy_file: bytes,
    version: str,
    seed: int,
    parameters: Parameters,
    progress: Progress,
) -> Trained:
    records = corpus.records
    _require(records, taxonomy, parameters)
    progress(f"terms of {len(records):,} clauses and {len(corpus.glossary):,} glossary entries")
    dictionary = domain_dictionary(corpus.glossary, parameters.word_frequency)
    segmenter = Segmenter(dictionary)
    data = _Data(records, corpus.glossary, taxonomy, segmenter)
    own, of_heading = _out_of_fold(data, parameters, seed, progress)
    progress("calibration, context and thresholds")
    slopes = _platt(own, data.gold)
    own, of_heading = own * slopes[0] + slopes[1], of_heading * slopes[0] + slopes[1]
    metrics, uncertain = _cross_validated(data, taxonomy, own, of_heading, parameters, seed)
    settings = _choose_settings(data, taxonomy, own, of_heading, np.arange(len(records)), parameters)
    settings = replace(
        settings,
        drift=usual(
            data.texts,
            data.groups.tolist(),
            [term.term for term in corpus.glossary if term.domains],
            segmenter,
            least=parameters.min_df,
            uncertain=uncertain,
            uncertain_alone=choose(sigmoid(own), settings, taxonomy)[1],
        ),
        mended=_mended(records),
    )
    metrics["outline"] = outline_metrics(corpus.texts, records, taxonomy)
    recipe = _Recipe(data, parameters, seed, slopes, settings, dictionary, taxonomy_file)
    progress(f"final fit; reports set aside: {len(corpus.held_out):,} clauses; learning curve")
    files, curve = _final_fits(recipe, corpus.held_out)
    figures = {"cross_validation": metrics}
    if corpus.held_out:
        figures["test"] = _tested(files, corpus, taxonomy, seed)
        figures["learning_curve"] = curve
    manifest = _manifest(corpus, taxonomy, version, seed, parameters, settings, figures, files)
    files.update(modelcard.cards(manifest, taxonomy))
    return Trained(files, manifest)


@dataclass(frozen=True, slots=True)
class Choice:
    """One outer fold of `nested_cross_validation`: what the inner folds chose, and what it reached on unseen reports."""

    chosen: Parameters
    reached: float
    default: float


def nested_cross_validation(
    corpus: Corpus,
    taxonomy: Taxonomy,
    candidates: Sequence[Parameters],
    *,
    outer: int = 4,
    inner: int = 3,
    seed: int = 0,
    progress: Progress = lambda message: None,
) -> list[Choice]:
    """Choose parameters on some reports and judge the choice on others (Cawley & Talbot 2010).

    Parameters
    ----------
    candidates : sequence of Parameters
        The first is the default, which each fold's choice is set beside. Dictionary and word frequency are the first one's.
    outer, inner : int
        Folds by report, of the judgement and of the choice.

    Returns
    -------
    list of Choice
        One an outer fold; figures are macro F1 of clauses by themselves, calibrated and with thresholds from the inner folds.
    """
    data = _Data(
        corpus.records,
        corpus.glossary,
        taxonomy,
        Segmenter(domain_dictionary(corpus.glossary, candidates[0].word_frequency)),
    )
    terms = np.arange(data.n_terms)

    def logits(train_rows: npt.NDArray[np.int64], test_rows: npt.NDArray[np.int64], parameters: Parameters) -> Scores:
        return _decision(fit(data, train_rows, terms, parameters, seed), data.columns[test_rows])

    choices = []
    for number, (others, unseen) in enumerate(GroupKFold(outer).split(data.texts, groups=data.groups), 1):
        folds = [(others[a], others[b]) for a, b in GroupKFold(inner).split(others, groups=data.groups[others])]
        held = np.concatenate([test_rows for _, test_rows in folds])
        settings: list[tuple[float, npt.NDArray[np.float64], tuple[float, ...]]] = []
        for parameters in candidates:
            scores = np.concatenate(
                joblib.Parallel(n_jobs=2)(joblib.delayed(logits)(*rows, parameters) for rows in folds)
            )
            slopes = _platt(scores, data.gold[held])
            scores = sigmoid(scores * slopes[0] + slopes[1])
            thresholds = _choose_thresholds(scores, data.gold[held])
            settings.append((macro_f1(data.gold[held], scores >= np.asarray(thresholds)), slopes, thresholds))
        best = max(range(len(candidates)), key=lambda n: settings[n][0])
        reached = {}
        for n in {best, 0}:
            _, slopes, thresholds = settings[n]
            scores = sigmoid(logits(others, unseen, candidates[n]) * slopes[0] + slopes[1])
            reached[n] = round(macro_f1(data.gold[unseen], scores >= np.asarray(thresholds)), 4)
        choice = Choice(candidates[best], reached[best], reached[0])
        progress(f"fold {number} of {outer}: {choice.chosen} {choice.reached:.4f}, default {choice.default:.4f}")
        choices.append(choice)
    return choices


def save(trained: Trained, root: Path) -> Path:
    """Write a trained version below ``root``; never over an existing one."""
    return store.write_trained(root, trained.manifest["version"], trained.files, trained.manifest)


def domain_dictionary(glossary: Sequence[Term], frequency: int) -> list[tuple[str, int]]:
    """The glossary's short terms as dictionary words, in a stable order."""
    low, high = _DICTIONARY_LENGTH
    words = {
        term.term
        for term in glossary
        if low <= len(term.term) <= high and all("\u4e00" <= char <= "\u9fd5" for char in term.term)
    }
    return [(word, frequency) for word in sorted(words)]


class _Data:
    """Terms and labels of records, of glossary entries and of the records' pieces, in this order."""

    def __init__(
        self, records: Sequence[Record], glossary: Sequence[Term], taxonomy: Taxonomy, segmenter: Segmenter
    ) -> None:
        self.records = records
        self.labels = taxonomy.domain_ids
        self.n_records = len(records)
        self.n_terms = sum(bool(term.domains) for term in glossary)
        labelled = [term for term in glossary if term.domains]
        pieces = [
            (row, piece)
            for row, record in enumerate(records)
            if len(record.domains) == 1 and record.domains[0] not in taxonomy.exclusive_ids
            for piece in clause_pieces(record.text)
        ]
        self.piece_owner = np.asarray([row for row, _ in pieces], dtype=np.int64)
        texts = [
            *(record.text for record in records),
            *(term.term for term in labelled),
            *(piece for _, piece in pieces),
        ]
        self.columns = _columns(texts, segmenter)
        self.gold = label_matrix([record.domains for record in records], self.labels)
        self.main = np.asarray([self.labels.index(record.domains[0]) for record in records], dtype=np.int64)
        of_terms = label_matrix([term.domains for term in labelled], self.labels)
        self.targets = np.concatenate([self.gold, of_terms, self.gold[self.piece_owner]])
        self.groups = np.asarray([record.report or record.id for record in records])
        self.paragraph, self.sections = paragraphs_of(records)
        self.headings = list(dict.fromkeys(heading for section in self.sections for heading in section))
        self.heading_columns = _columns(self.headings, segmenter)
        self.texts = [record.text for record in records]


_SHORTEST_PIECE = 12  # characters; 12 to 16 and halves tried: macro F1 +0.010, +0.010, +0.006
_PIECE = re.compile(r"(?<=[，,；;、：:])")


def clause_pieces(text: str) -> list[str]:
    """The parts of a clause between its commas, none shorter than a few words; none where it cannot be parted.

    Learnt beside the whole clauses, where these have a single domain: a long clause drowns what a part of it says, and pages hold
    many short ones.
    """
    pieces = [""]
    for part in _PIECE.split(text):
        if len(pieces[-1]) >= _SHORTEST_PIECE:
            pieces.append("")
        pieces[-1] += part
    if len(pieces) > 1 and len(pieces[-1]) < _SHORTEST_PIECE:
        rest = pieces.pop()
        pieces[-1] += rest
    return pieces if len(pieces) > 1 else []


def _columns(texts: Sequence[str], segmenter: Segmenter) -> npt.NDArray[np.object_]:
    """What the pipeline takes: the words and the character n-grams of each text, shape (n_texts, 2)."""
    words, characters = term_strings(texts, segmenter)
    columns = np.empty((len(texts), 2), dtype=object)
    columns[:, 0], columns[:, 1] = words, characters
    return columns


def make_pipeline(parameters: Parameters, seed: int, vocabularies: tuple[list[str], list[str]]) -> Pipeline:
    """The unfitted pipeline: plain scikit-learn classes, so that it opens wherever scikit-learn is.

    Terms count once a text however often they stand in it: 0.003 macro F1 better than their frequency, 0.002 than its logarithm.
    """

    def vectorizer(vocabulary: list[str]) -> TfidfVectorizer:
        return TfidfVectorizer(token_pattern=r"\S+", lowercase=False, binary=True, vocabulary=vocabulary)

    words, characters = vocabularies
    terms = ColumnTransformer(
        [("words", vectorizer(words), 0), ("characters", vectorizer(characters), 1)],
        transformer_weights={"words": 1.0, "characters": parameters.character_weight},
        sparse_threshold=1.0,
    )
    # The dual solver, since there are more features than texts; unbalanced classes cost 0.03 macro F1. LIBLINEAR's own tolerance for it:
    # 0.001 takes twice the time, more so the larger the corpus, and gives the same macro F1 to the fourth digit.
    linear = LogisticRegression(
        C=parameters.c,
        class_weight="balanced",
        solver="liblinear",
        dual=True,
        tol=0.1,
        max_iter=1000,
        random_state=seed,
    )
    return Pipeline([("terms", terms), ("linear", OneVsRestClassifier(linear))])


def fit(
    data: _Data, rows: npt.NDArray[np.int64], terms: npt.NDArray[np.int64], parameters: Parameters, seed: int
) -> Pipeline:
    """Fit on those records with their pieces, and on those entries of the glossary, each one tiny training record."""
    glossary = data.n_records + terms
    whole = np.concatenate([rows, glossary])
    again = np.repeat([row for row in rows.tolist() if data.records[row].corrected], _TIMES - 1).astype(np.int64)
    kept = {term for line in data.columns[np.union1d(glossary, again), 0].tolist() for term in line.split()}
    vocabularies = (
        _vocabulary(data.columns[whole, 0], parameters.min_df, kept),
        # In the order of their keys, so that an exported model need not say which feature each of them is.
        sorted(_vocabulary(data.columns[whole, 1], parameters.min_df, longest=parameters.min_df_longest), key=key_of),
    )
    pieces = data.n_records + data.n_terms + np.flatnonzero(np.isin(data.piece_owner, rows))
    learnt = np.concatenate([whole, pieces, again])
    pipeline = make_pipeline(parameters, seed, vocabularies)
    return pipeline.fit(data.columns[learnt], data.targets[learnt].astype(np.int8))


# Times that a corrected clause is learnt, its words kept however rare. Of 20 corrected clauses of a real report the model's own
# scores gave 13 to 15 the labels asked for at 1, 18 to 19 at 5 and all at 10, whether the labels were likely or drawn at random;
# macro F1 on the reports set aside rose by up to 0.003 and never fell.
_TIMES = 10


def _vocabulary(
    lines: npt.NDArray[np.object_], least: int, kept: Set[str] = frozenset(), *, longest: int | None = None
) -> list[str]:
    """The terms that stand in enough texts, or are to be kept, in a stable order; ``longest`` texts for n-grams of the longest kind."""
    frequency = Counter(term for line in lines.tolist() for term in set(line.split()))
    return sorted(
        term
        for term, count in frequency.items()
        if term in kept or count >= (longest if longest is not None and len(term) == NGRAMS[-1] else least)
    )


def _decision(pipeline: Pipeline, columns: npt.NDArray[np.object_]) -> Scores:
    return np.asarray(pipeline.decision_function(columns), dtype=np.float64)


def _out_of_fold(data: _Data, parameters: Parameters, seed: int, progress: Progress) -> tuple[Scores, Scores]:
    """Log-odds of every record by a model that has not seen its report, and of every section's headings by the same model.

    Returns
    -------
    own : array, shape (n_records, n_domains)
    of_heading : array, shape (n_headings, n_domains)
        In the order of ``data.headings``.
    """
    folds = list(GroupKFold(min(parameters.folds, len(set(data.groups)))).split(data.texts, groups=data.groups))
    progress(f"cross-validation: {len(folds)} folds by report")
    results = _side_by_side(_score_fold, [(data, *rows, parameters, seed) for rows in folds])
    own = np.zeros((data.n_records, len(data.labels)))
    of_heading = np.zeros((len(data.headings), len(data.labels)))
    column = {heading: number for number, heading in enumerate(data.headings)}
    for (_, test_rows), (scores, headings) in zip(folds, results, strict=True):
        own[test_rows] = scores
        # A heading text that stands in reports of several folds takes its scores from the last of them: no model has seen
        # headings at all, they are no training records.
        used = sorted({column[heading] for row in test_rows.tolist() for heading in data.records[row].section})
        of_heading[used] = headings[used]
    return own, of_heading


def _side_by_side(work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]) -> list[Any]:
    """What some work gives for each task, in their order, in as many processes as there are processors.

    A fit is one process's work from end to end, on one thread, so that no digit depends on how many there are.
    """
    with joblib.parallel_config("loky", n_jobs=min(_MOST_PROCESSES, joblib.cpu_count()), inner_max_num_threads=1):
        results: list[Any] = joblib.Parallel()(joblib.delayed(work)(*task) for task in tasks)
    return results


def _score_fold(
    data: _Data, train_rows: npt.NDArray[np.int64], test_rows: npt.NDArray[np.int64], parameters: Parameters, seed: int
) -> tuple[Scores, Scores]:
    pipeline = fit(data, train_rows, np.arange(data.n_terms), parameters, seed)
    return _decision(pipeline, data.columns[test_rows]), _decision(pipeline, data.heading_columns) if len(
        data.headings
    ) else np.zeros((0, len(data.labels)))


def _platt(scores: Scores, gold: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Slope and intercept of each domain's sigmoid, shape (2, n_domains). Platt (1999), on out-of-fold scores."""
    result = np.empty((2, scores.shape[1]))
    for column in range(scores.shape[1]):
        fitted = LogisticRegression(C=1e3).fit(scores[:, [column]], gold[:, column])
        result[:, column] = fitted.coef_[0, 0], fitted.intercept_[0]
    return result


def _context(
    data: _Data, own: Scores, of_heading: Scores, *, with_headings: bool
) -> tuple[Scores, npt.NDArray[np.bool_]]:
    by_heading = dict(zip(data.headings, sigmoid(of_heading), strict=True))
    sections = data.sections if with_headings else [()] * len(data.sections)
    return context_features(own, data.paragraph, sections, by_heading)


def _fit_context(data: _Data, own: Scores, of_heading: Scores, rows: npt.NDArray[np.int64]) -> tuple[float, ...]:
    """Weights of the context step, shared by all domains. Each clause counts once with its headings and once without."""
    features, targets = [], []
    for with_headings in (True, False):
        context, applies = _context(data, own, of_heading, with_headings=with_headings)
        used = rows[applies[rows]]
        stacked = np.concatenate([own[used][:, :, None], context[used]], axis=2)
        features.append(stacked.reshape(-1, stacked.shape[2]))
        targets.append(data.gold[used].ravel())
    target = np.concatenate(targets)
    if target.all() or not target.any():
        return (1.0, 0.0, *([0.0] * len(CONTEXT_FEATURES)))
    fitted = LogisticRegression(C=1e3, max_iter=1000).fit(np.concatenate(features), target)
    # Beyond six digits they are the processor's, not the data's.
    return tuple(round(float(each), 6) for each in (fitted.coef_[0, 0], fitted.intercept_[0], *fitted.coef_[0, 1:]))


def _apply_context(data: _Data, own: Scores, of_heading: Scores, weights: Sequence[float]) -> Scores:
    context, applies = _context(data, own, of_heading, with_headings=True)
    adjusted = weights[0] * own + weights[1] + context @ np.asarray(weights[2:])
    return sigmoid(np.where(applies[:, None], adjusted, own))


def _choose_settings(
    data: _Data,
    taxonomy: Taxonomy,
    own: Scores,
    of_heading: Scores,
    rows: npt.NDArray[np.int64],
    parameters: Parameters,
) -> Settings:
    """Context weights, thresholds, what tells the main domain, and the border of certainty, from out-of-fold scores of those records."""
    weights = _fit_context(data, own, of_heading, rows)
    scores = _apply_context(data, own, of_heading, weights)[rows]
    settings = Settings(
        labels=data.labels,
        block_weights=(1.0, parameters.character_weight),
        thresholds=_choose_thresholds(scores, data.gold[rows]),
        context=weights,
        certain=0.0,
        main=_fit_main(scores, data.gold[rows], data.main[rows]),
    )
    chosen, uncertain = choose(scores, settings, taxonomy)
    return Settings(**{**asdict(settings), "certain": _choose_certain(scores, data.gold[rows], chosen, uncertain)})


_MAIN_C = 0.1  # inverse regularisation; 0.1 and 1 give the same to 0.001


def _fit_main(
    scores: Scores, gold: npt.NDArray[np.bool_], main: npt.NDArray[np.int64]
) -> tuple[tuple[float, ...], ...]:
    """For each domain, what tells from the scores of all domains whether it is a clause's main one; see `decision.chance_of_main`.

    Learnt from the clauses that have the domain.
    """
    features = main_features(scores)
    rows = []
    for column in range(gold.shape[1]):
        has = gold[:, column]
        leads = main[has] == column
        if leads.all() or not leads.any():  # always or never, or no clause has it
            chance = (leads.sum() + 1) / (len(leads) + 2)  # by the rule of succession
            rows.append((float(np.log(chance / (1 - chance))), *([0.0] * gold.shape[1])))
            continue
        fitted = LogisticRegression(C=_MAIN_C, max_iter=1000).fit(features[has], leads)
        rows.append((float(fitted.intercept_[0]), *fitted.coef_[0].tolist()))
    return tuple(tuple(round(each, 4) for each in row) for row in rows)


def _choose_thresholds(scores: Scores, gold: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """The threshold of best F1 for each domain, drawn halfway to the best common one: few positives make it jump."""
    common = max(_THRESHOLDS, key=lambda threshold: macro_f1(gold, scores >= threshold))
    thresholds = []
    for column in range(scores.shape[1]):
        asked = gold[:, [column]]
        reached = [macro_f1(asked, scores[:, [column]] >= threshold) for threshold in _THRESHOLDS]
        best = _THRESHOLDS[int(np.argmax(reached))]
        thresholds.append(round(float(0.5 * (best + common)), 4))
    return tuple(thresholds)


def _choose_certain(
    scores: Scores, gold: npt.NDArray[np.bool_], chosen: Sequence[Sequence[int]], uncertain: Sequence[bool]
) -> float:
    """The least first score above which clauses are right often enough, as long as enough of them stay unmarked."""
    first = np.asarray([columns[0] for columns in chosen])
    rows = np.arange(len(first))
    confidence, right = scores[rows, first], gold[rows, first]
    for border in np.arange(0.3, 0.96, 0.01):
        sure = (confidence >= border) & ~np.asarray(uncertain)
        if sure.mean() < _LEAST_CERTAIN:
            break
        if right[sure].mean() >= _CERTAINTY:
            return round(float(border), 4)
    return round(float(np.quantile(confidence, 1 - _LEAST_CERTAIN)), 4)


def _cross_validated(
    data: _Data, taxonomy: Taxonomy, own: Scores, of_heading: Scores, parameters: Parameters, seed: int
) -> tuple[dict[str, Any], list[bool]]:
    """Metrics in which no report had a part in the model, context weights or thresholds that judge it; what it is unsure of."""
    scores = np.zeros_like(own)
    chosen: list[Sequence[int]] = [()] * data.n_records
    uncertain = [False] * data.n_records
    for others, rows in GroupKFold(min(5, len(set(data.groups)))).split(data.texts, groups=data.groups):
        settings = _choose_settings(data, taxonomy, own, of_heading, others, parameters)
        scores[rows] = _apply_context(data, own, of_heading, settings.context)[rows]
        for row, columns, unsure in zip(rows.tolist(), *choose(scores[rows], settings, taxonomy), strict=True):
            chosen[row], uncertain[row] = columns, unsure
    result: Judged = judged(data.records, scores, chosen, uncertain, data.labels)
    return full_summary(data.records, result, taxonomy, seed=seed), uncertain


def _tested(files: Mapping[str, bytes], corpus: Corpus, taxonomy: Taxonomy, seed: int) -> dict[str, Any]:
    """Metrics of the finished model on the reports that were set aside, by the path that inference takes."""
    records = corpus.held_out
    result = judge(Classifier.from_files(files, where="the trained model"), records)
    return {
        **full_summary(records, result, taxonomy, seed=seed),
        "outline": outline_metrics(corpus.texts, records, taxonomy),
    }


_CURVE = (0.125, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What a fit takes beside the records and terms that it learns from; sent to the processes that fit."""

    data: _Data
    parameters: Parameters
    seed: int
    slopes: npt.NDArray[np.float64]
    settings: Settings
    dictionary: list[tuple[str, int]]
    taxonomy_file: bytes

    def files(self, rows: npt.NDArray[np.int64], terms: npt.NDArray[np.int64]) -> dict[str, bytes]:
        """A finished model's files."""
        pipeline = fit(self.data, rows, terms, self.parameters, self.seed)
        _fold_calibration(pipeline, self.slopes)
        return export(pipeline, self.settings, self.dictionary, self.taxonomy_file)

    def fitted(
        self, rows: npt.NDArray[np.int64], terms: npt.NDArray[np.int64], held_out: Sequence[Record]
    ) -> tuple[dict[str, bytes] | None, float | None]:
        """The files of the model that learnt from everything, none of one that did not; macro F1 on reports set aside, if any are."""
        files = self.files(rows, terms)
        reached = None
        if held_out:
            result = judge(Classifier.from_files(files, where="the trained model"), held_out)
            reached = round(macro_f1(result.gold, result.given), 4)
        everything = len(rows) == self.data.n_records and len(terms) == self.data.n_terms
        return files if everything else None, reached


def _final_fits(
    recipe: _Recipe, held_out: Sequence[Record]
) -> tuple[dict[str, bytes], dict[str, list[dict[str, float]]]]:
    """The finished model's files, and the learning curve: macro F1 on the reports set aside by what was learnt from.

    Each smaller share of reports, or of glossary terms, is a part of the next; the last of both is the finished model. Calibration,
    context weights and thresholds are the whole corpus's throughout.
    """
    data = recipe.data
    random = np.random.default_rng(recipe.seed)
    reports = random.permutation(np.unique(data.groups))
    order = random.permutation(data.n_terms)
    every_row, every_term = np.arange(data.n_records), np.arange(data.n_terms)
    some_reports = [reports[: max(2, round(share * len(reports)))] for share in _CURVE]
    some_terms = [order[: round(share * data.n_terms)] for share in (0.0, *_CURVE)]
    rows_of = [np.flatnonzero(np.isin(data.groups, some)) for some in some_reports]
    # The whole comes last in both lists, and is fitted once; the long fits first, so that no processor is left waiting at the end.
    tasks = [(every_row, np.sort(some)) for some in some_terms[::-1]]
    tasks += [(rows, every_term) for rows in rows_of[-2::-1]]
    if not held_out:
        tasks = tasks[:1]
    results = _side_by_side(_Recipe.fitted, [(recipe, *task, held_out) for task in tasks])
    files = results[0][0]
    assert files is not None
    if not held_out:
        return files, {}
    reached = [figure for _, figure in results]
    by_terms = reached[: len(some_terms)][::-1]
    by_reports = [*reached[len(some_terms) :][::-1], reached[0]]
    return files, {
        "by_reports": [
            {"reports": len(some), "clauses": len(rows), "macro_f1": figure}
            for some, rows, figure in zip(some_reports, rows_of, by_reports, strict=True)
        ],
        "by_terms": [
            {"terms": len(some), "macro_f1": figure} for some, figure in zip(some_terms, by_terms, strict=True)
        ],
    }


def _fold_calibration(pipeline: Pipeline, slopes: npt.NDArray[np.float64]) -> None:
    """Write each domain's sigmoid into its linear model, so that the pipeline's own ``predict_proba`` is calibrated.

    Weights are rounded to half precision and the rest to single, as they are exported: pipeline and export then agree to the last
    digits. Halving the model so changes no cross-validated figure in its third decimal.
    """
    for estimator, slope, shift in zip(pipeline["linear"].estimators_, *slopes, strict=True):
        estimator.coef_ = (estimator.coef_ * slope).astype(np.float16).astype(np.float64)
        estimator.intercept_ = (estimator.intercept_ * slope + shift).astype(np.float32).astype(np.float64)
    for _, vectorizer, _ in pipeline["terms"].transformers_:
        vectorizer.idf_ = vectorizer.idf_.astype(np.float32).astype(np.float64)
        # A memory address, which would make every pickle differ from the last.
        vectorizer._stop_words_id = None


def export(
    pipeline: Pipeline, settings: Settings, dictionary: Sequence[tuple[str, int]], taxonomy_file: bytes
) -> dict[str, bytes]:
    """The version's files: what inference reads, and the pipeline itself.

    Vocabularies become ascending 64-bit keys: of a word its code points, of a pair the positions of its two words, of an n-gram
    its code points.
    """
    words, characters = (pipeline["terms"].named_transformers_[name] for name in ("words", "characters"))
    single = {term: column for term, column in words.vocabulary_.items() if "_" not in term}
    halves = {half for term in words.vocabulary_ if "_" in term for half in term.split("_")}
    word_list = sorted({*single, *halves}, key=key_of)
    position = {word: number for number, word in enumerate(word_list)}
    pairs = sorted(
        (position[left] << 32 | position[right], column)
        for term, column in words.vocabulary_.items()
        if "_" in term
        for left, right in [term.split("_")]
    )
    estimators = pipeline["linear"].estimators_
    arrays = {
        "word_keys": np.asarray([key_of(word) for word in word_list], dtype=np.uint64),
        "word_features": np.asarray([single.get(word, -1) for word in word_list], dtype=np.int32),
        "pair_keys": np.asarray([key for key, _ in pairs], dtype=np.uint64),
        "pair_features": np.asarray([column for _, column in pairs], dtype=np.int32),
        "ngram_keys": np.asarray(sorted(map(key_of, characters.vocabulary_)), dtype=np.uint64),  # as `fit` orders them
        "idf": np.concatenate([words.idf_, characters.idf_]).astype(np.float32),
        "weights": np.concatenate([estimator.coef_ for estimator in estimators]).T.astype(np.float16),
        "intercepts": np.concatenate([estimator.intercept_ for estimator in estimators]).astype(np.float32),
    }
    stored = io.BytesIO()
    np.savez(stored, **arrays)  # type: ignore[arg-type]
    return {
        "classifier.json": store.json_bytes({"format": FORMAT, **settings.to_dict()}),
        "classifier.npz": stored.getvalue(),
        "dictionary.tsv": "".join(f"{word}\t{frequency}\n" for word, frequency in dictionary).encode(),
        "taxonomy.toml": taxonomy_file,
        store.PIPELINE: _pickled(pipeline),
    }


def _mended(records: Sequence[Record]) -> dict[str, Mended]:
    """What people decided, to stand in the model as it is: roles come from headings, and the order of domains nothing learns."""
    return {
        clause_key(each.section, each.text): Mended(each.domains, each.role or "") for each in records if each.corrected
    }


class _ByValue(NumpyPickler):  # type: ignore[misc]
    """joblib's pickler, for which equal texts are one.

    To pickle, a text is the same if it is the same object, which depends on what the process has imported and loaded before.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=4)
        self._texts: dict[str, str] = {}

    def save(self, obj: Any, **how: Any) -> None:
        """Write an object, a text as the first that is equal to it."""
        super().save(self._texts.setdefault(obj, obj) if type(obj) is str else obj, **how)


def _pickled(pipeline: Pipeline) -> bytes:
    """What `joblib.load` opens, the same bytes for the same pipeline in whatever process."""
    file = io.BytesIO()
    _ByValue(file).dump(pipeline)
    return zlib.compress(file.getvalue(), 3)


def _require(records: Sequence[Record], taxonomy: Taxonomy, parameters: Parameters) -> None:
    counts = label_matrix([record.domains for record in records], taxonomy.domain_ids).sum(axis=0)
    scarce = [
        f"{label} ({count})"
        for label, count in zip(taxonomy.domain_ids, counts.tolist(), strict=True)
        if count < _LEAST_POSITIVES
    ]
    if scarce:
        raise TrainingError(
            f"too few clauses to learn from: {', '.join(scarce)}", hint=f"each domain needs at least {_LEAST_POSITIVES}"
        )
    if len({record.report for record in records}) < 2:
        raise TrainingError("all records come from one report", hint="cross-validation by report needs two or more")


def _manifest(
    corpus: Corpus,
    taxonomy: Taxonomy,
    version: str,
    seed: int,
    parameters: Parameters,
    settings: Settings,
    metrics: Mapping[str, Any],
    files: Mapping[str, bytes],
) -> dict[str, Any]:
    import hashlib

    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    created = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return {
        "format": FORMAT,
        "version": version,
        "code": installed("dudao"),
        "code_sha256": _code_digest(),
        "taxonomy": {"version": taxonomy.version, "sha256": taxonomy.digest},
        "corpus": {
            "sha256": corpus.digest,
            "clauses": len(corpus.records),
            "reports": len({record.report for record in corpus.records}),
            "corrected": sum(record.corrected for record in corpus.records),
            "set_aside": {
                "clauses": len(corpus.held_out),
                "reports": len({record.report for record in corpus.held_out}),
            },
        },
        "glossary": {"sha256": corpus.glossary_digest, "terms": len(corpus.glossary)},
        "dictionary": {"sha256": hashlib.sha256(files["dictionary.tsv"]).hexdigest()},
        "seed": seed,
        "parameters": asdict(parameters),
        "settings": {"context": settings.context, "certain": settings.certain},
        "metrics": dict(metrics),
        "drift": asdict(settings)["drift"],
        "libraries": {
            name: installed(name) for name in ("scikit-learn", "numpy", "scipy", "jieba", "rjieba", "joblib")
        },
        "python": platform.python_version(),
        "machine": _machine(),
        "created": created.replace(microsecond=0).isoformat(),
    }


def _code_digest() -> str:
    """SHA-256 over the package's own files: ``path, NUL, bytes, NUL`` of each, in the order of their paths, line ends as \\n.

    Between two releases it says what the version number of the code cannot.
    """
    import hashlib

    root = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*"), key=lambda each: each.relative_to(root).as_posix()):
        name = path.relative_to(root)
        if path.is_file() and path.suffix in _CODE and name.parts[0] != "_carried":
            digest.update(name.as_posix().encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def _machine() -> dict[str, str]:
    """What the last digits of a fit depend on beside the libraries' versions."""
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    blas = {f"{each['internal_api']} {each['version']} {each.get('architecture', '')}".strip() for each in libraries}
    return {"system": platform.system(), "processor": platform.machine(), "blas": ", ".join(sorted(blas))}
