from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT, SHARED_REPORT
from dudao.tokens import LONGEST, NGRAMS, Segmenter, _table, key_of, ngram_spans, span_keys, spans, term_strings


def dictionary():
    from dudao.corpus import read_glossary
    from dudao.taxonomy import load_taxonomy
    from dudao.training import domain_dictionary

    corpus = ROOT / "corpus"
    return domain_dictionary(read_glossary(corpus / "glossary.tsv", load_taxonomy(corpus / "taxonomy.toml")), 2000)


@pytest.fixture(scope="module")
def fast():
    return Segmenter(dictionary(), engine="rjieba")


@pytest.fixture(scope="module")
def reference():
    return Segmenter(dictionary(), engine="jieba")


def corpus_texts() -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "corpus" / "reports").glob("*.txt"))]
    if SHARED_REPORT.is_file():
        texts.append(SHARED_REPORT.read_text(encoding="utf-8"))
    return texts


def test_engines_give_identical_terms_on_the_corpus(fast, reference):
    for text in corpus_texts():
        lines = text.splitlines()
        assert term_strings(lines, fast) == term_strings(lines, reference)


def test_engines_differ_at_most_on_ties_over_fuzzed_text(fast, reference):
    letters = sorted({char for text in corpus_texts() for char in text if "\u4e00" <= char <= "\u9fd5"})
    chooser = random.Random(5)
    strings = ["".join(chooser.choices(letters, k=chooser.randint(1, 12))) for _ in range(5_000)]
    words = [word for word, _ in dictionary()]
    strings += ["".join(chooser.choices(words, k=3)) for _ in range(5_000)]
    different = sum(fast.cut(string) != reference.cut(string) for string in strings)
    assert different <= len(strings) / 5_000


def slow_terms(text: str, segmenter: Segmenter) -> tuple[list[str], list[str]]:
    """The plain definition of terms, one character at a time."""
    table = _table()
    normal = ""
    for char in text:
        code = ord("〓") if ord(char) > 0xFFFF else int(table[ord(char)])
        if code and not (code == ord("0") and normal.endswith("0")):
            normal += chr(code)
    tokens: list[str] = []
    latin = ""
    string = "".join(char if "\u4e00" <= char <= "\u9fd5" else "，" for char in normal)
    at = 0
    for word in segmenter.cut(string):
        piece = normal[at : at + len(word)]
        at += len(word)
        if len(piece) == 1 and "a" <= piece <= "z":
            latin += piece
            continue
        if latin:
            tokens += [latin[n : n + LONGEST] for n in range(0, len(latin), LONGEST)]
            latin = ""
        tokens += [piece[n : n + LONGEST] for n in range(0, len(piece), LONGEST)]
    tokens += [latin[n : n + LONGEST] for n in range(0, len(latin), LONGEST)] if latin else []
    words = []
    for number, token in enumerate(tokens):
        if token != "，":
            words.append(token)
            if number and tokens[number - 1] != "，":
                words.append(f"{tokens[number - 1]}_{token}")
    grams = [
        normal[n : n + size]
        for size in NGRAMS
        for n in range(len(normal) - size + 1)
        if "，" not in normal[n : n + size]
    ]
    return words, grams


ALPHABET = st.sampled_from(
    [
        *"县委教育经费控辍保学双减课后服务立德树人,，。 \n\u30001234５６abcXYＺ（)①㎡⺠⻓臺灣學校𠮷😀",
        "党组织领导的校长负责制",
        "中国特色社会主义",
        "5+2",
        "84.1万元",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(ALPHABET, max_size=20).map("".join), min_size=1, max_size=4))
def test_terms_equal_the_plain_definition(texts):
    segmenter = _shared_segmenter()
    words, grams = term_strings(texts, segmenter)
    for text, word_string, gram_string in zip(texts, words, grams, strict=True):
        expected_words, expected_grams = slow_terms(text, segmenter)
        assert word_string.split() == expected_words
        assert sorted(gram_string.split()) == sorted(expected_grams)


_shared: list[Segmenter] = []


def _shared_segmenter() -> Segmenter:
    if not _shared:
        _shared.append(Segmenter(dictionary()))
    return _shared[0]


def test_traditional_characters_give_the_terms_of_simplified_ones(fast):
    assert term_strings(["義務教育優質均衡發展"], fast) == term_strings(["义务教育优质均衡发展"], fast)


def test_policy_terms_stay_whole(fast):
    assert fast.cut("控辍保学和县管校聘")[0] == "控辍保学"
    assert "县管校聘" in fast.cut("控辍保学和县管校聘")


def test_origin_points_back_into_the_text(fast):
    text = "　经费 2021年，投入AB"
    found = spans([text], fast)
    for start, length in zip(found.start.tolist(), found.length.tolist(), strict=True):
        piece = text[found.origin[start] : found.origin[start + length - 1] + 1]
        assert piece.strip()
    assert text[found.origin[found.start[0]]] == "经"


def test_span_keys_are_exact(fast):
    found = spans(["教育经费投入", "教育投入"], fast)
    starts, lengths = ngram_spans(found.codes)
    keys = span_keys(found, starts, lengths)
    string = found.codes.astype("<u4").tobytes().decode("utf-32-le")
    assert [int(key) for key in keys] == [key_of(string[s : s + n]) for s, n in zip(starts, lengths, strict=True)]


def test_segmenter_survives_pickling(fast):
    import pickle

    again = pickle.loads(pickle.dumps(fast))
    assert again.cut("控辍保学工作") == fast.cut("控辍保学工作")


def test_jieba_writes_no_cache(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Segmenter([("控辍保学", 2000)], engine="jieba").cut("控辍保学")
    assert list(tmp_path.iterdir()) == []


def test_rjieba_loads_one_dictionary_and_leaves_the_package_usable():
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from dudao.tokens import Segmenter\n"
        "cut = Segmenter([('控辍保学', 2000)], engine='rjieba').cut\n"
        "assert cut('控辍保学工作') == ['控辍保学', '工作']\n"
        "assert 'rjieba' not in sys.modules\n"
        "import rjieba\n"
        "assert rjieba.cut('控辍保学工作') == ['控辍', '保学', '工作']\n"
        "assert Segmenter([('控辍保学', 2000)], engine='rjieba').cut('控辍保学工作') == ['控辍保学', '工作']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_engines_agree_on_a_hundred_thousand_fuzzed_strings(fast, reference):
    letters = sorted({char for text in corpus_texts() for char in text if "\u4e00" <= char <= "\u9fd5"})
    words = [word for word, _ in dictionary()]
    chooser = random.Random(7)
    strings = ["".join(chooser.choices(letters, k=chooser.randint(1, 12))) for _ in range(50_000)]
    strings += ["".join(chooser.choices(words, k=3)) for _ in range(50_000)]
    different = [string for string in strings if fast.cut(string) != reference.cut(string)]
    # None did when this was written; up to 20 would be ties between ways of equal probability, to be looked at one by one.
    assert different == []
