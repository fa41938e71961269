"""``dudao train``; ``scripts/train.py`` is the same."""

from __future__ import annotations

from pathlib import Path

import click

from dudao.cli.common import OK, models_folder, say
from dudao.cli.own_taxonomy import taxonomy_option, taxonomy_path
from dudao.language import Translate


def build(t: Translate) -> click.Command:
    """The command in one language."""
    folder = click.Path(path_type=Path, file_okay=False)
    return click.Command(
        "train",
        callback=lambda corpus, taxonomy, models, version, seed: train_command(
            corpus, models, version, seed, labels=taxonomy, t=t
        ),
        help=t(
            "Train a new immutable model version and cross-validate it.",
            "训练一个新的、不可更改的模型版本并做交叉验证。",
        ),
        epilog=t("Example: dudao train --version 1.1.0", "示例：dudao train --version 1.1.0"),
        params=[
            click.Option(
                ["--corpus"],
                type=folder,
                help=t("Corpus folder; by default the one at hand.", "语料文件夹；默认用现有语料。"),
            ),
            taxonomy_option(t),
            click.Option(["--models"], type=folder, help=t("Where versions are written.", "版本写入的位置。")),
            click.Option(
                ["--version"],
                metavar="X.Y.Z",
                help=t(
                    "Version number; by default the newest one's next by the rules of CONTRIBUTING.md.",
                    "版本号；默认按 CONTRIBUTING.md 的规则取最新版的下一号。",
                ),
            ),
            click.Option(
                ["--seed"], type=int, default=0, show_default=True, help=t("Seed of random choices.", "随机种子。")
            ),
        ],
    )


def train_command(
    corpus: Path | None,
    models: Path | None,
    version: str | None,
    seed: int,
    *,
    labels: Path | None = None,
    t: Translate,
) -> int:
    """Train, save and say how good it is."""
    from dudao import places, store
    from dudao.corpus import load_corpus
    from dudao.taxonomy import load_taxonomy

    root = models_folder(models)
    if version is not None:
        store.check_free(root, version)
    corrections = places.corrections_root(corpus)
    corpus = corpus or places.corpus_root()
    file = taxonomy_path(corpus, labels)
    taxonomy = load_taxonomy(file)
    store.check_taxonomy(taxonomy, where=str(file))
    loaded = load_corpus(corpus, taxonomy, corrections=corrections)
    version = version or store.next_version(
        root, taxonomy=taxonomy.digest, corpus=loaded.digest, glossary=loaded.glossary_digest
    )
    from dudao.training import save, train  # scikit-learn takes a second to import: after the cheap checks

    trained = train(
        loaded,
        taxonomy,
        file.read_bytes(),
        version=version,
        seed=seed,
        progress=lambda message: say(f"· {message}"),
    )
    path = save(trained, root)
    if not (root / "current").exists():
        store.set_current(root, version)
    metrics = trained.manifest["metrics"]["cross_validation"]
    low, high = metrics["macro_f1_interval"]
    say(t(f"model {version} written to {path}", f"模型 {version} 已写入 {path}"))
    say(
        t(
            f"cross-validated macro F1 {metrics['macro_f1']:.3f} (95% {low:.3f}-{high:.3f})",
            f"交叉验证宏平均 F1 {metrics['macro_f1']:.3f}（95% 区间 {low:.3f}-{high:.3f}）",
        )
    )
    say(t(f"make it the default: dudao models use {version}", f"设为默认：dudao models use {version}"))
    return OK
