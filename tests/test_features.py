"""The scoring path beside its plain definition: terms as strings, one dictionary a text."""

from __future__ import annotations

import json
import math
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from dudao.features import _BULK, KeyTable, Vocabulary
from dudao.tokens import Segmenter, key_of, spans, term_strings

WEIGHTS = (1.0, 0.7)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    found = []
    for path in sorted((ROOT / "corpus" / "reports").glob("*.jsonl"))[:8]:
        found += [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    return [*found, "".join(found[:40]), "", "，。", "ab", "a" * 30, "教育教育教育教育教育", "教育\u3000教 育"]


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter([("控辍保学", 2000), ("县管校聘", 2000)])


@pytest.fixture(scope="module")
def model(texts, segmenter):
    """A small model: every other term of some texts, with weights by chance; prefixes of what it knows are often unknown."""
    random = np.random.default_rng(3)
    words, grams = ({term for line in lines for term in line.split()} for lines in term_strings(texts[::3], segmenter))
    words, grams = (sorted(term for term in terms if random.random() < 0.5) for terms in (words, grams))
    terms = [*words, *grams]
    idf = random.uniform(1, 9, len(terms)).astype(np.float32)
    weights = random.normal(0, 2, (len(terms), 5)).astype(np.float16)
    column = {("word", term): number for number, term in enumerate(words)}
    column |= {("gram", term): number + len(words) for number, term in enumerate(grams)}
    single = sorted({half for term in words for half in term.split("_")}, key=key_of)
    position = {word: number for number, word in enumerate(single)}
    pairs = sorted(
        (position[left] << 32 | position[right], column["word", f"{left}_{right}"])
        for left, right in (term.split("_") for term in words if "_" in term)
    )
    ngrams = sorted((key_of(term), column["gram", term]) for term in grams)
    arrays = {
        "word_keys": np.asarray([key_of(word) for word in single], dtype=np.uint64),
        "word_features": np.asarray([column.get(("word", word), -1) for word in single], dtype=np.int32),
        "pair_keys": np.asarray([key for key, _ in pairs], dtype=np.uint64),
        "pair_features": np.asarray([number for _, number in pairs], dtype=np.int32),
        "ngram_keys": np.asarray([key for key, _ in ngrams], dtype=np.uint64),
        "ngram_features": np.asarray([number for _, number in ngrams], dtype=np.int32),
        "idf": idf,
        "weights": weights,
    }
    return arrays, column


def plain_sums(texts, segmenter, arrays, column, *, binary):
    result = []
    for kind, lines in zip(("word", "gram"), term_strings(texts, segmenter), strict=True):
        block = np.zeros((len(texts), 5))
        for row, line in enumerate(lines):
            counts = Counter(column[kind, term] for term in line.split() if (kind, term) in column)
            value = {at: float(arrays["idf"][at]) * (1 if binary else count) for at, count in counts.items()}
            norm = math.sqrt(sum(each * each for each in value.values())) or 1.0
            for at, each in value.items():
                block[row] += each / norm * arrays["weights"][at].astype(np.float64)
        result.append(block)
    return result


@pytest.mark.parametrize("binary", [True, False])
def test_sums_equal_the_plain_definition(texts, segmenter, model, binary):
    arrays, column = model
    vocabulary = Vocabulary(arrays, binary=binary)
    found = spans(texts, segmenter)
    assert len(found.codes) > _BULK
    for got, want in zip(
        vocabulary.sums(found, len(texts)), plain_sums(texts, segmenter, arrays, column, binary=binary), strict=True
    ):
        assert np.abs(got - want).max() < 1e-9


def test_sums_of_few_texts_equal_those_of_many(texts, segmenter, model):
    vocabulary = Vocabulary(model[0], binary=True)
    many = np.concatenate(vocabulary.sums(spans(texts, segmenter), len(texts)), axis=1)
    for row in range(0, len(texts), 37):
        few = np.concatenate(vocabulary.sums(spans([texts[row]], segmenter), 1), axis=1)
        assert np.abs(few - many[row]).max() < 1e-12


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["教育", "学校", "教", "县", "，", "1", "ab", " "]), max_size=25).map("".join),
        min_size=1,
        max_size=5,
    )
)
def test_texts_that_repeat_themselves_equal_the_plain_definition(segmenter, model, given_texts):
    arrays, column = model
    vocabulary = Vocabulary(arrays, binary=True)
    found = spans(given_texts, segmenter)
    wanted = plain_sums(given_texts, segmenter, arrays, column, binary=True)
    for one_by_one in (True, False):
        for method, want in zip((vocabulary._word_sums, vocabulary._ngram_sums), wanted, strict=True):
            assert np.abs(method(found, len(given_texts), one_by_one) - want).max() < 1e-9


def test_released_model_sums_evidence_to_its_log_odds(tagger, texts):
    classifier = tagger.classifier
    text = max(texts[:200], key=len)
    found = spans([text], classifier.segmenter)
    words, ngrams = classifier._vocabulary.sums(found, 1)
    for column in (0, 7):
        parts = classifier._vocabulary.contributions(classifier._vocabulary.occurrences(found), column)
        assert sum(parts.values()) == pytest.approx(words[0, column] + ngrams[0, column], abs=1e-9)


@pytest.mark.parametrize("size", [_BULK // 4, _BULK + 1])
def test_key_table_finds_what_is_in_it_and_nothing_else(size):
    random_keys = np.unique(np.random.default_rng(0).integers(1, 2**63, 2 * size).astype(np.uint64))
    inside, outside = random_keys[::2], random_keys[1::2]
    table = KeyTable(inside)
    assert (table.find(inside) == np.arange(len(inside))).all()
    assert (table.find(outside) == -1).all()
    assert (KeyTable(inside[:0]).find(outside) == -1).all()
    values = np.arange(len(inside), dtype=np.int32)[::-1] * 3
    assert (KeyTable(inside, values).find(inside) == values).all()


def test_vocabulary_pickled_leaves_its_tables_behind(tagger):
    many = ["县里建成一所特殊教育学校。"] * (_BULK // 8)
    before = tagger.tag(many)
    assert len(pickle.dumps(tagger)) < 40_000_000
    assert pickle.loads(pickle.dumps(tagger)).tag(many[:1]) == before[:1]
