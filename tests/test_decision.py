"""Which domain of several comes first, and what is marked uncertain."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dudao import Tagger
from dudao.corpus import load_corpus
from dudao.decision import chance_of_main, choose
from dudao.modelfiles import Settings
from dudao.taxonomy import load_taxonomy
from test_training import small_corpus

LABELS = ("crops", "animals", "other")
# Animals are the main domain only where no crops stand beside them.
MAIN = ((1.0, 0.0, 0.0, 0.0), (1.0, -2.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))


@pytest.fixture
def small(tmp_path):
    folder = small_corpus(tmp_path / "corpus")
    return folder, load_taxonomy(folder / "taxonomy.toml")


def settings(main=(), certain=0.6):
    return Settings(LABELS, (1.0, 1.0), (0.5, 0.5, 0.5), (1.0, 0.0, *[0.0] * 7), certain, main=main)


def test_domain_of_the_best_score_comes_first_where_nothing_tells_the_main_one(small):
    chosen, uncertain = choose(np.array([[0.8, 0.9, 0.1], [0.9, 0.2, 0.1]]), settings(), small[1])
    assert chosen == [(1, 0), (0,)]
    assert uncertain == [False, False]


def test_main_domain_comes_first_and_the_domains_stay_the_same(small):
    scores = np.array([[0.8, 0.9, 0.1], [0.2, 0.9, 0.1], [0.1, 0.1, 0.7]])
    chosen, uncertain = choose(scores, settings(MAIN), small[1])
    assert chosen == [(0, 1), (1,), (2,)]
    assert uncertain == [False] * 3


def test_clause_is_as_uncertain_as_its_first_domain(small):
    scores = np.array([[0.55, 0.9, 0.1]])
    assert choose(scores, settings(), small[1]) == ([(1, 0)], [False])
    behind = (MAIN[0], (-3.0, 0.0, 0.0, 0.0), MAIN[2])  # animals hardly ever lead
    assert choose(scores, settings(behind), small[1]) == ([(0, 1)], [True])


def test_exclusive_domain_stands_alone_whatever_tells_the_main_one(small):
    chosen, _ = choose(np.array([[0.6, 0.7, 0.9], [0.9, 0.7, 0.6]]), settings(MAIN), small[1])
    assert chosen == [(2,), (0, 1)]
    # The likeliest domain does not reach its threshold, the exclusive one does.
    high = Settings(LABELS, (1.0, 1.0), (0.5, 0.95, 0.5), (1.0, 0.0, *[0.0] * 7), 0.6, main=MAIN)
    assert choose(np.array([[0.2, 0.9, 0.6]]), high, small[1])[0] == [(2,)]


def test_chance_of_main_is_finite_where_scores_are_not_apart_from_0_and_1():
    chance = chance_of_main(np.array([[0.0, 1.0, 0.5]]), settings(MAIN))
    assert np.isfinite(chance).all()
    assert ((chance > 0) & (chance < 1)).all()


def test_training_learns_which_domain_leads(small, tmp_path):
    """In the clauses with both domains crops lead, though animals are told at greater length."""
    from dudao.training import save, train

    folder, taxonomy = small
    for number, path in enumerate(sorted((folder / "reports").glob("*.jsonl"))):
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        crops = [each for each in records if each["domains"] == ["crops"]]
        animals = [each for each in records if each["domains"] == ["animals"]]
        for place, (one, other) in enumerate(zip(crops, animals, strict=True)):
            text = f"{other['text'][2:6]}、{other['text'][2:6]}之外还有{one['text'][2:6]}，第{number}批共{place}处。"
            records.append({**one, "id": f"{one['id']}/both", "text": text, "domains": ["crops", "animals"]})
        path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8")
    corpus = load_corpus(folder, taxonomy)
    save(train(corpus, taxonomy, (folder / "taxonomy.toml").read_bytes(), version="1.0.0"), tmp_path / "models")
    tagger = Tagger.load(tmp_path / "models" / "1.0.0")
    assert len(tagger.classifier.settings.main) == len(LABELS)
    both = tagger.tag([each.text for each in corpus.records if len(each.domains) == 2])
    assert sum(tag.primary == "crops" and len(tag.domains) == 2 for tag in both) > 0.9 * len(both)
