"""Where `Tagger.tag` spends its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dudao import Tagger
from dudao.decision import choose
from dudao.passages import split_passages
from dudao.tokens import batches, spans


def stages(tagger: Tagger, texts: Sequence[str]) -> dict[str, Callable[[], object]]:
    """The parts of tagging as calls, each on what the ones before it gave."""
    classifier = tagger.classifier
    distinct = list(dict.fromkeys(texts))  # what `tag` and, for clauses, `logits` look at
    paths: list[tuple[str, ...]] = [()] * len(distinct)
    found = split_passages(distinct, paths, tagger.taxonomy)
    pieces = list(dict.fromkeys(found.pieces))
    parts = [pieces[part] for part in batches(pieces, 160_000)]
    words = [spans(part, classifier.segmenter) for part in parts]
    strings = ["".join(char if "\u4e00" <= char <= "\u9fd5" else "\n" for char in "\n".join(part)) for part in parts]
    scores = tagger._scores(found.pieces, found.counts, paths)
    vocabulary = classifier._vocabulary
    return {
        "all of Tagger.tag": lambda: tagger.tag(texts),
        "clauses and roles": lambda: split_passages(distinct, paths, tagger.taxonomy),
        "words (the tokenizer)": lambda: [classifier.segmenter.cut(string) for string in strings],
        "normalising, and words as spans": lambda: [spans(part, classifier.segmenter) for part in parts],
        "features and their sums": lambda: [
            vocabulary.sums(each, len(part)) for each, part in zip(words, parts, strict=True)
        ],
        "all scores, with context": lambda: tagger._scores(found.pieces, found.counts, paths),
        "labels": lambda: choose(scores, classifier.settings, tagger.taxonomy),
    }
