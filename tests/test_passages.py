"""The batch way must give what the plain way gives, text by text."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import ROOT, SHARED_REPORT
from dudao.outline import outline_text, role_cues
from dudao.passages import _cut, split_passages
from dudao.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")


def plain(text: str, path: tuple[str, ...]) -> tuple[list[str], str]:
    paragraph = outline_text(text, TAXONOMY, headings=path)
    return [clause.text for clause in paragraph.clauses] or [paragraph.text], paragraph.role


def check(texts: list[str], path: tuple[str, ...] = ()) -> None:
    found = split_passages(texts, [path] * len(texts), TAXONOMY)
    at = 0
    for text, count, role in zip(texts, found.counts, found.roles, strict=True):
        assert (found.pieces[at : at + count], role) == plain(text, path), text
        at += count
    assert at == len(found.pieces)


def corpus_texts() -> list[str]:
    texts: list[str] = []
    for path in sorted((ROOT / "corpus" / "reports").glob("*.jsonl")):
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        paragraphs: dict[object, str] = {}
        for record in records:
            texts.append(record["text"])
            if "paragraph" in record:
                paragraphs[record["paragraph"]] = paragraphs.get(record["paragraph"], "") + record["text"]
        texts += paragraphs.values()
    for path in (*sorted((ROOT / "corpus" / "reports").glob("*.txt")), SHARED_REPORT):
        if path.is_file():
            texts += path.read_text(encoding="utf-8").splitlines()
    return texts


def test_corpus_is_cut_as_the_outline_cuts_it():
    texts = corpus_texts()
    check(texts)
    check(texts[::9], ("二、自查情况", "（一）党的领导"))
    check(texts[1::9], ("五、存在的问题",))


def test_corpus_rarely_needs_the_plain_way():
    texts = [text for text in corpus_texts() if text.strip()]
    refused = sum(cuts is None for cuts in _cut(texts, role_cues(TAXONOMY)).cuts.values())
    assert refused < 0.05 * len(texts)


PIECE = st.sampled_from(
    [
        *"学校县。。；！？;!?.．，,、：:（）()《》“”\"''〔〕【】[]「」一二十三是要求第其①⑵㈠12９ 　\n—…a𠮷😀",
        *("一是", "二要", "要求", "第一，", "第十二、", "其一，", "其三是", "(1)", "（二）", "1、", "1.", "1.5", "①"),
        *(
            "存在的问题：",
            "整改措施：",
            "下一步，",
            "特此报告",
            "但还存在一些不足",
            "现将情况报告如下",
            "教师工资",
            "2021年",
        ),
        *("”。", "。”", "）；", "。）", "：“", "。。", "；二是", "。三是", "，四十五人", "。十一是", "，十二十三是"),
    ]
)


@settings(max_examples=1500, deadline=None)
@example(texts=[".。学"], path=())
@given(
    st.lists(st.lists(PIECE, max_size=14).map("".join), min_size=1, max_size=4),
    st.sampled_from([(), ("三、主要问题",)]),
)
def test_any_text_is_cut_as_the_outline_cuts_it(texts, path):
    check(texts, path)


def test_pair_wider_than_a_quotation_protects_nothing():
    check(["县里（" + "说；" * 300 + "）办学。", "“" + "好。" * 250 + "”完。", "“" + "好。" * 150 + "”完。"])


def test_batches_do_not_change_anything(monkeypatch):
    texts = corpus_texts()[:400]
    whole = split_passages(texts, [()] * len(texts), TAXONOMY)
    monkeypatch.setattr("dudao.passages._CHUNK", 100)
    assert split_passages(texts, [()] * len(texts), TAXONOMY) == whole
    assert split_passages([], [], TAXONOMY) == ([], [], [])
