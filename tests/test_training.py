from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from conftest import ROOT
from dudao import Tagger, TrainingError, store
from dudao.corpus import load_corpus
from dudao.taxonomy import load_taxonomy

SMALL = """version = "t"
opening_role = "text"
default_role = "text"
[[domain]]
id = "crops"
name = "种植"
[[domain]]
id = "animals"
name = "养殖"
[[domain]]
id = "other"
name = "其他"
exclusive = true
[[role]]
id = "text"
name = "正文"
"""
CROPS = [
    "水稻插秧",
    "小麦收割",
    "玉米播种",
    "大豆增产",
    "棉花采摘",
    "果树剪枝",
    "蔬菜大棚",
    "油菜开花",
    "茶园施肥",
    "稻田灌溉",
    "麦田除草",
    "种子育苗",
]
ANIMALS = [
    "生猪出栏",
    "奶牛产奶",
    "肉羊育肥",
    "蛋鸡防疫",
    "鱼塘投料",
    "蜜蜂采蜜",
    "牛舍通风",
    "猪场消毒",
    "羊群放牧",
    "鸭子下蛋",
    "鹅苗孵化",
    "饲料配方",
]
OTHER = [
    "全县概况",
    "人口数量",
    "地理位置",
    "气候特点",
    "会议召开",
    "文件印发",
    "报告如下",
    "历史沿革",
    "行政区划",
    "总体评价",
    "日程安排",
    "附件清单",
]


def small_corpus(folder):
    (folder / "reports").mkdir(parents=True)
    (folder / "taxonomy.toml").write_text(SMALL, encoding="utf-8")
    (folder / "glossary.tsv").write_text(
        "term\tdomains\tkind\tyear\n水稻\tcrops\tcrop\t\n生猪\tanimals\tanimal\t2019\n", encoding="utf-8"
    )
    for report in range(4):
        lines = []
        for number, words in enumerate(zip(CROPS, ANIMALS, OTHER, strict=True)):
            for domain, word in zip(("crops", "animals", "other"), words, strict=True):
                record = {
                    "id": f"{report}/{number}/{domain}",
                    "report": f"r{report}",
                    "section": ["一、情况"],
                    "paragraph": number,
                    "text": f"今年{word}第{report}批完成{number}项。",
                    "domains": [domain],
                    "role": "text",
                }
                lines.append(json.dumps(record, ensure_ascii=False))
        (folder / "reports" / f"r{report}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    from dudao.training import save, train

    root = tmp_path_factory.mktemp("small")
    folder = small_corpus(root / "corpus")
    taxonomy = load_taxonomy(folder / "taxonomy.toml")
    result = train(
        load_corpus(folder, taxonomy), taxonomy, (folder / "taxonomy.toml").read_bytes(), version="1.0.0", seed=3
    )
    save(result, root / "models")
    return root, result


def test_train_another_taxonomy_needs_no_code(trained):
    root, _ = trained
    tags = Tagger.load(root / "models" / "1.0.0").tag(["水稻插秧全部完成。", "生猪出栏三千头。", "历史沿革如下。"])
    assert [tag.domains for tag in tags] == [("crops",), ("animals",), ("other",)]
    assert all(tag.role == "text" for tag in tags)


def test_train_never_overwrites_a_version(trained):
    from dudao.training import save

    root, result = trained
    before = {path.name: path.read_bytes() for path in (root / "models" / "1.0.0").iterdir()}
    with pytest.raises(store.ModelError, match="exists already"):
        save(result, root / "models")
    assert {path.name: path.read_bytes() for path in (root / "models" / "1.0.0").iterdir()} == before
    assert [path.name for path in (root / "models").iterdir()] == ["1.0.0"]


def test_train_writes_what_the_contract_names(trained):
    root, _ = trained
    folder = root / "models" / "1.0.0"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for key in (
        "format",
        "version",
        "taxonomy",
        "corpus",
        "glossary",
        "files",
        "libraries",
        "parameters",
        "seed",
        "metrics",
        "drift",
        "created",
    ):
        assert key in manifest
    assert {"model.joblib", "MODEL_CARD.md", "MODEL_CARD.zh-CN.md"} <= set(manifest["files"])
    assert json.loads((folder / "classifier.json").read_text(encoding="utf-8"))["drift"] == manifest["drift"]
    assert all(store.verify(folder).values())
    assert (
        manifest["metrics"]["cross_validation"]["macro_f1_interval"][0]
        <= manifest["metrics"]["cross_validation"]["macro_f1"]
    )


def test_train_too_few_clauses_says_which_domain(tmp_path):
    from dudao.training import train

    folder = small_corpus(tmp_path / "corpus")
    for path in (folder / "reports").glob("r[123].jsonl"):
        path.write_text(
            "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if '"crops"' not in line),
            encoding="utf-8",
        )
    first = folder / "reports" / "r0.jsonl"
    first.write_text("\n".join(first.read_text(encoding="utf-8").splitlines()[:6]), encoding="utf-8")
    taxonomy = load_taxonomy(folder / "taxonomy.toml")
    with pytest.raises(TrainingError, match="crops"):
        train(load_corpus(folder, taxonomy), taxonomy, b"", version="1.0.0")


def test_pipeline_and_inference_give_the_same_scores(tagger):
    from dudao.tokens import term_strings

    version = store.resolve("current")
    pipeline = store.load_pipeline(version.path, sha256=version.manifest()["files"]["model.joblib"])
    heldout = [
        json.loads(line)
        for path in sorted((ROOT / "tests" / "data" / "heldout").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    texts = [record["text"] for record in heldout] + ["", "ABC", "😀", "。"]
    words, characters = term_strings(texts, tagger.classifier.segmenter)
    columns = np.empty((len(texts), 2), dtype=object)
    columns[:, 0], columns[:, 1] = words, characters
    expected = pipeline.predict_proba(columns)
    from dudao.classifier import sigmoid

    assert np.abs(sigmoid(tagger.classifier.logits(texts)) - expected).max() < 1e-6
    lone = tagger.tag(texts[:40])
    single = [number for number, text in enumerate(texts[:40]) if len(text) < 40]
    for number in single:
        assert (
            np.allclose([lone[number].scores[label] for label in tagger.classifier.labels], expected[number], atol=1e-6)
            or "；" in texts[number]
        )


def test_load_pipeline_wrong_digest_is_refused(trained):
    root, _ = trained
    with pytest.raises(store.ModelError, match="do not open"):
        store.load_pipeline(root / "models" / "1.0.0", sha256="0" * 64)


def digests(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "manifest.json"
    }


def test_train_twice_gives_the_same_digests(trained, tmp_path):
    root, _ = trained
    script = ["-c", "from dudao.cli import main; main()"]
    for number, environment in enumerate(
        (
            {"OMP_NUM_THREADS": "1", "TZ": "UTC", "PYTHONHASHSEED": "1"},
            {"OMP_NUM_THREADS": "2", "TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "2"},
        )
    ):
        out = tmp_path / str(number)
        run = subprocess.run(
            [
                sys.executable,
                *script,
                "train",
                "--corpus",
                str(root / "corpus"),
                "--models",
                str(out),
                "--version",
                "1.0.0",
                "--seed",
                "3",
            ],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
    assert digests(tmp_path / "0" / "1.0.0") == digests(tmp_path / "1" / "1.0.0") == digests(root / "models" / "1.0.0")


@pytest.mark.slow
def test_released_model_is_what_the_corpus_gives(tmp_path):
    """Bit for bit where processor and libraries are the release's, else the same labels and weights within 1e-4."""
    import platform
    from importlib.metadata import version as installed

    released = store.resolve("current")
    manifest = released.manifest()
    run = subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts" / "train.py"),
            "--corpus",
            str(ROOT / "corpus"),
            "--models",
            str(tmp_path),
            "--version",
            released.version,
            "--seed",
            str(manifest["seed"]),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    again = tmp_path / released.version
    if digests(again) == digests(released.path):
        print("bit for bit")
        return
    libraries = {name: installed(name) for name in manifest["libraries"]}
    print(f"not bit for bit: {platform.processor()}, {libraries} against {manifest['libraries']}")
    old, new = (np.load(folder / "classifier.npz", allow_pickle=False) for folder in (released.path, again))
    assert np.abs(old["weights"] - new["weights"]).max() < 1e-4


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("全县教师工资按月足额发放到位。", []),
        (
            "投入经费一千二百万元改造校舍，新建教学楼三栋并全部交付使用。",
            ["投入经费一千二百万元改造校舍，", "新建教学楼三栋并全部交付使用。"],
        ),
        ("投入经费一千二百万元改造校舍，已经完工。", []),
        (
            "一是抓，二是管，三是每学期组织一次全县质量分析会。",
            ["一是抓，二是管，三是每学期组织一次全县质量分析会。"][:0],
        ),
    ],
)
def test_clause_pieces_are_no_shorter_than_a_few_words(text, pieces):
    from dudao.training import clause_pieces

    assert clause_pieces(text) == pieces
    assert "".join(clause_pieces(text)) in ("", text)
