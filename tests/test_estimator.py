from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from conftest import ROOT
from dudao import store
from dudao.corpus import load_corpus
from dudao.estimator import DudaoClassifier, DudaoTransformer
from dudao.evaluation import label_matrix, macro_f1
from dudao.tokens import term_strings

TEXTS = [
    "教师工资按月足额发放。",
    "校园食堂全部实现明厨亮灶。",
    "督学每月到校一次，当面反馈。",
    "县里新建两所公办幼儿园。",
] * 6
TOPICS = np.asarray(["工资", "食堂", "督学", "幼儿园"] * 6)


@parametrize_with_checks([DudaoTransformer()])
def test_transformer_passes_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([DudaoClassifier(), DudaoClassifier(model=None), DudaoTransformer(output="terms")])
def test_estimator_passes_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def records(taxonomy):
    """The same ones however the corpus grows."""
    names = "aerqin-2019 bayanwula-2017 beiyang-2016 boxi-2024 chutang-2022 duanhe-2024 ergu-2022 fengao-2021 fengxu-2016 fenling-2021 "
    names += "fuan-2021 guhe-2021 haiping-2022 haozhi-2018 hequan-2024 huaizhe-2018"
    corpus = load_corpus(ROOT / "corpus", taxonomy).records
    return [record for record in corpus if record.report in names.split()][:1500]


def test_transformer_scores_are_those_of_the_tagger(tagger):
    found = DudaoTransformer().fit_transform(TEXTS[:4])
    tags = tagger.tag(TEXTS[:4])
    assert found.shape == (4, len(tagger.taxonomy.domain_ids))
    assert found.tolist() == [[tag.scores[label] for label in tagger.taxonomy.domain_ids] for tag in tags]
    assert DudaoTransformer().fit(TEXTS).get_feature_names_out().tolist() == list(tagger.taxonomy.domain_ids)


def test_transformer_terms_are_those_of_the_pipelines_vectorisers(tagger, records):
    texts = [record.text for record in records[:300]] + ["", "ABC 12345", "𠮷野家"]
    transformer = DudaoTransformer(output="terms").fit(texts)
    found = transformer.transform(texts)
    version = store.resolve()
    pipeline = store.load_pipeline(version.path, sha256=version.manifest()["files"][store.PIPELINE])
    columns = np.asarray(list(zip(*term_strings(texts, tagger.classifier.segmenter), strict=True)), dtype=object)
    expected = pipeline["terms"].transform(columns)
    assert found.shape == expected.shape
    assert abs(found - expected).max() < 1e-6
    names = transformer.get_feature_names_out()
    assert names.tolist() == [each.split("__")[1] for each in pipeline["terms"].get_feature_names_out()]


@pytest.mark.parametrize(
    "given", [TEXTS, tuple(TEXTS), np.asarray(TEXTS), np.asarray(TEXTS, dtype=object), [[text] for text in TEXTS]]
)
def test_texts_may_come_as_list_array_or_column(given):
    expected = DudaoTransformer().fit_transform(TEXTS)
    transformer = DudaoTransformer().fit(given)
    assert transformer.n_features_in_ == 1
    assert transformer.transform(given) == pytest.approx(expected)
    assert transformer.transform(TEXTS[:1]) == pytest.approx(expected[:1])


def test_texts_of_a_data_frame_keep_their_names_and_come_out_as_one():
    pandas = pytest.importorskip("pandas", reason="pandas comes with the extra spark")
    frame = pandas.DataFrame({"id": range(len(TEXTS)), "text": TEXTS}, index=range(100, 100 + len(TEXTS)))
    transformer = DudaoTransformer().set_output(transform="pandas").fit(frame[["text"]])
    assert transformer.feature_names_in_.tolist() == ["text"]
    found = transformer.transform(frame[["text"]])
    assert found.index.tolist() == frame.index.tolist()
    assert found.columns.tolist() == transformer.get_feature_names_out().tolist()
    series = DudaoTransformer().fit_transform(frame["text"])
    assert series == pytest.approx(found.to_numpy())
    chosen = ColumnTransformer([("dudao", DudaoTransformer(), ["text"])])
    assert chosen.fit_transform(frame) == pytest.approx(series)


def test_what_is_no_text_is_refused_with_its_row():
    with pytest.raises(ValueError, match="row 1 holds a NoneType"):
        DudaoTransformer().fit(["教师", None])
    with pytest.raises(ValueError, match="row 0 holds a dict"):
        DudaoTransformer().fit([[{"text": "教师"}]])
    with pytest.raises(ValueError, match="neither"):
        DudaoTransformer(output="labels").fit(TEXTS)
    with pytest.raises(NotFittedError):
        DudaoTransformer().transform(TEXTS)


def test_classifier_tells_classes_and_their_probabilities():
    classifier = DudaoClassifier().fit(TEXTS, TOPICS)
    assert classifier.classes_.tolist() == sorted(set(TOPICS))
    assert classifier.predict(["食堂明厨亮灶"]).tolist() == ["食堂"]
    assert classifier.score(TEXTS, TOPICS) == 1.0
    probabilities = classifier.predict_proba(TEXTS)
    assert probabilities.sum(axis=1) == pytest.approx(1.0)
    assert classifier.decision_function(TEXTS).shape == (len(TEXTS), 4)
    again = pickle.loads(pickle.dumps(classifier))
    assert again.predict_proba(TEXTS).tolist() == probabilities.tolist()


def test_classifier_learns_several_labels_a_text(records, taxonomy):
    labels = taxonomy.domain_ids
    texts = [record.text for record in records]
    gold = label_matrix([record.domains for record in records], labels).astype(int)
    half = len(texts) // 2
    classifier = DudaoClassifier().fit(texts[:half], gold[:half])
    found = classifier.predict(texts[half:])
    assert found.shape == gold[half:].shape
    common = gold[:half].sum(axis=0) >= 20
    peer = make_pipeline(
        DudaoTransformer(output="terms"), OneVsRestClassifier(LogisticRegression(C=15, class_weight="balanced"))
    )
    assert (
        macro_f1(gold[half:][:, common] > 0, found[:, common] > 0) > 0.4
    )  # of unseen reports, from 750 clauses; 0.48 measured
    assert peer.fit(texts[:half], gold[:half]).predict(texts[half:]).shape == found.shape
    few, many = (clone(classifier).set_params(threshold=each).fit(texts, gold) for each in (0.9, 0.1))
    assert few.predict(texts).sum() < many.predict(texts).sum()


def test_estimators_drop_into_pipeline_and_grid_search():
    pipeline = make_pipeline(DudaoTransformer(), LogisticRegression(C=100))
    assert pipeline.fit(TEXTS, TOPICS).score(TEXTS, TOPICS) == 1.0
    search = GridSearchCV(DudaoClassifier(), {"c": [1.0, 15.0], "min_df": [1, 2]}, cv=2)
    search.fit(TEXTS, TOPICS)
    assert search.best_score_ == 1.0
    assert search.predict(["督学到校"]).tolist() == ["督学"]


def test_classifier_says_what_it_cannot_learn_from():
    with pytest.raises(ValueError, match="one class"):
        DudaoClassifier().fit(TEXTS, ["一"] * len(TEXTS))
    with pytest.raises(ValueError, match="no term stands in 100 texts"):
        DudaoClassifier(min_df=100).fit(TEXTS, TOPICS)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        DudaoClassifier().fit(TEXTS, TOPICS[:-1])
