"""``--taxonomy FILE``: labels from a file of one's own, in place of those that go with the corpus or the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dudao import places
from dudao.errors import TaxonomyError
from dudao.language import Translate

if TYPE_CHECKING:
    from dudao.corpus import Corpus
    from dudao.taxonomy import Taxonomy


def taxonomy_option(t: Translate) -> click.Option:
    """``--taxonomy FILE``."""
    return click.Option(
        ["--taxonomy"],
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=t(
            "Labels of your own; by default those of the corpus, or of the model.",
            "自己的标签体系文件；默认用语料或模型自带的。",
        ),
    )


def taxonomy_path(root: Path, named: Path | None) -> Path:
    """The file that names a corpus's labels: the one given, else the corpus's own."""
    path = named or root / "taxonomy.toml"
    if named is None and not path.is_file():
        raise TaxonomyError(
            "the corpus has no taxonomy.toml",
            where=str(root),
            hint="give --taxonomy FILE, or see the corpus folder that ships with dudao",
        )
    return path


def load_labels(root: Path | None, named: Path | None) -> Taxonomy:
    """The labels alone."""
    from dudao.taxonomy import load_taxonomy

    return load_taxonomy(taxonomy_path(root or places.corpus_root(), named))


def load_labelled(root: Path | None, named: Path | None) -> tuple[Corpus, Taxonomy]:
    """A corpus, by default the one at hand, and the labels that it is read with."""
    from dudao.corpus import load_corpus

    corrections = places.corrections_root(root)
    root = root or places.corpus_root()
    taxonomy = load_labels(root, named)
    return load_corpus(root, taxonomy, corrections=corrections), taxonomy
