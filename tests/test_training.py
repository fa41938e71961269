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


def reordered(corpus, target):
    """The same corpus elsewhere, its files made in another order."""
    for path in sorted(corpus.rglob("*"), reverse=True):
        if path.is_file():
            copied = target / path.relative_to(corpus)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(path.read_bytes())
    return target


ENVIRONMENTS = (
    {"OMP_NUM_THREADS": "1", "TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "zh_CN.UTF-8"},
    {"OMP_NUM_THREADS": "2", "TZ": "Asia/Shanghai", "PYTHONHASHSEED": "2", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1"},
)


def trained_in(environments, corpus, tmp_path, version, seed):
    """Folders that training wrote at the same time, each from a corpus elsewhere, in another environment."""
    runs = []
    for number, environment in enumerate(environments):
        source = corpus if number == 0 else reordered(corpus, tmp_path / "elsewhere" / "corpus")
        out = tmp_path / str(number)
        arguments = ["--corpus", source, "--models", out, "--version", version, "--seed", seed]
        command = [sys.executable, str(ROOT / "scripts" / "train.py"), *map(str, arguments)]
        environment = {**os.environ, **environment}
        runs.append((out / version, subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)))
    for _, run in runs:
        _, said = run.communicate()
        assert run.returncode == 0, said
    return [folder for folder, _ in runs]


def without_date(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {name: value for name, value in manifest.items() if name != "created"}


def test_train_again_elsewhere_gives_the_same_digests(trained, tmp_path):
    root, _ = trained
    corpus = reordered(root / "corpus", tmp_path / "corpus")
    [again] = trained_in(ENVIRONMENTS[1:], corpus, tmp_path, "1.0.0", 3)
    assert digests(again) == digests(root / "models" / "1.0.0")
    assert without_date(again) == without_date(root / "models" / "1.0.0")
    manifest = json.loads((again / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["created"] == "1970-01-01T00:00:01+00:00"


def test_pipeline_is_the_same_bytes_whatever_texts_share_an_object(trained):
    from dudao.training import _pickled

    one = "".join(["ab", "cd"])
    other = "".join(["ab", "cd"])
    assert one is not other
    assert _pickled([one, one, {one: 1}]) == _pickled([one, other, {other: 1}])


def test_save_writes_nothing_that_could_not_be_loaded(trained, tmp_path):
    from dataclasses import replace

    from dudao.training import save

    _, result = trained
    bad = replace(result, files={**result.files, "classifier.npz": b"x"})
    with pytest.raises(store.ModelError, match="cannot be read"):
        save(bad, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_train_refuses_a_taxonomy_that_no_model_may_hold(tmp_path):
    from dudao.cli import run

    folder = small_corpus(tmp_path / "corpus")
    (folder / "taxonomy.toml").write_text(SMALL + 'cues = ["(a+)+b"]\n', encoding="utf-8")
    assert run(["train", "--corpus", str(folder), "--models", str(tmp_path / "models")]) == 1
    assert not (tmp_path / "models").exists()


def test_train_uses_one_thread_for_sums(tmp_path, monkeypatch):
    """On two, the context weights of 10,000 clauses differ in their last digits."""
    from threadpoolctl import threadpool_info

    from dudao import training

    seen = []
    monkeypatch.setattr(training, "_train", lambda *_: seen.extend(each["num_threads"] for each in threadpool_info()))
    folder = small_corpus(tmp_path / "corpus")
    taxonomy = load_taxonomy(folder / "taxonomy.toml")
    training.train(load_corpus(folder, taxonomy), taxonomy, b"", version="1.0.0")
    assert set(seen) == {1}


def test_train_writes_where_a_model_comes_from(trained):
    root, result = trained
    corpus, manifest = root / "corpus", result.manifest
    taxonomy = hashlib.sha256((corpus / "taxonomy.toml").read_bytes()).hexdigest()
    assert manifest["taxonomy"] == {"version": "t", "sha256": taxonomy}
    assert manifest["glossary"]["sha256"] == hashlib.sha256((corpus / "glossary.tsv").read_bytes()).hexdigest()
    assert manifest["dictionary"]["sha256"] == hashlib.sha256(result.files["dictionary.tsv"]).hexdigest()
    assert (manifest["corpus"]["clauses"], manifest["corpus"]["reports"]) == (144, 4)
    assert manifest["corpus"]["set_aside"] == {"clauses": 0, "reports": 0}
    assert len(manifest["code_sha256"]) == 64
    assert set(manifest["machine"]) == {"system", "processor", "blas"}
    metrics = manifest["metrics"]["cross_validation"]
    for name in ("macro_f1", "micro_f1", "exact_match", "first_domain_accuracy"):
        low, high = metrics[f"{name}_interval"]
        assert low <= metrics[name] <= high


@pytest.mark.slow
def test_released_model_is_what_the_corpus_gives(tmp_path, capsys):
    """Twice the same; and the release's, bit for bit where processor and libraries are its own, else the same labels and weights
    within 1e-4, or within the last digit of the half floats that they are stored as, where that is more."""
    from importlib.metadata import version as installed

    released = store.resolve("current")
    manifest = released.manifest()
    first, second = trained_in(ENVIRONMENTS, ROOT / "corpus", tmp_path, released.version, manifest["seed"])
    assert digests(first) == digests(second)
    if digests(first) == digests(released.path):
        with capsys.disabled():
            print(f"\n{released.version} is rebuilt bit for bit")
        return
    again = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    with capsys.disabled():
        print(f"\n{released.version} is not rebuilt bit for bit; within 1e-4?")
        for name in ("libraries", "machine", "code", "code_sha256"):
            if manifest.get(name) != again[name]:
                print(f"  {name}: {manifest.get(name)} then, {again[name]} now")
    assert again["corpus"]["sha256"] == manifest["corpus"]["sha256"], "the corpus is not the one that was trained on"
    assert {name: installed(name) for name in manifest["libraries"]} == again["libraries"]
    old, new = (np.load(folder / "classifier.npz", allow_pickle=False) for folder in (released.path, first))
    for name in old.files:
        assert old[name].shape == new[name].shape
        if old[name].dtype.kind == "f":
            before, now = (each[name].astype(np.float64) for each in (old, new))
            last_digit = np.spacing(np.abs(old[name])).astype(np.float64)
            assert (np.abs(before - now) <= np.maximum(1e-4, last_digit)).all()
        else:
            assert np.array_equal(old[name], new[name])
    settings = [
        json.loads((folder / "classifier.json").read_text(encoding="utf-8")) for folder in (released.path, first)
    ]
    for name in ("thresholds", "context"):
        assert settings[0][name] == pytest.approx(settings[1][name], abs=1e-4)
    paths = sorted((ROOT / "corpus" / "reports").glob("*.jsonl"))[::10]
    texts = [json.loads(line)["text"] for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    before, now = (Tagger.load(folder).tag(texts) for folder in (released.path, first))
    assert [tag.domains for tag in before] == [tag.domains for tag in now]


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
