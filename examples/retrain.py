"""Retrain with labels of your own and a changed taxonomy: ``python retrain.py OUT [--reports ID,ID,…]``.

Here the school stages (kindergarten, grades 1-9, senior high) become one domain, and texts of your own are learnt beside the corpus.
What it does to the taxonomy file is what you would do to it in an editor.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import dudao
from dudao import places
from dudao.corpus import Record, load_corpus
from dudao.taxonomy import load_taxonomy
from dudao.training import save, train

STAGES = ("preschool", "compulsory", "senior_high")
MERGED = dict.fromkeys(STAGES, "stages")
OWN = [
    Record(
        "我县把三个学段的学位缺口合在一张表里，缺多少、补多少一目了然。", ("stages",), "own/1", "own", role="self_check"
    ),
    Record("小升初和中考报名都搬到了同一个窗口。", ("stages",), "own/2", "own", role="self_check"),
]


def merged_taxonomy(text: str) -> str:
    """The taxonomy file with one domain in place of the stages; all else as it is."""
    head, *entries = re.split(r"(?m)^(?=\[\[)", text)
    kept = [entry for entry in entries if not any(f'id = "{stage}"' in entry for stage in STAGES)]
    return head + '[[domain]]\nid = "stages"\nname = "各学段教育"\n\n' + "".join(kept)


def relabelled(records: Iterable[Record], new: Mapping[str, str]) -> Iterable[Record]:
    """Records with their domains renamed; two that became one are one."""
    for record in records:
        yield replace(
            record,
            domains=tuple(dict.fromkeys(new.get(each, each) for each in record.domains)),
            permitted=tuple(dict.fromkeys(new.get(each, each) for each in record.permitted)),
        )


def make_corpus(folder: Path, reports: Iterable[str] = ()) -> Path:
    """A corpus folder of your own: the carried one relabelled, and your records beside it."""
    source = places.corpus_root()
    corpus = load_corpus(source, load_taxonomy(source / "taxonomy.toml"))
    (folder / "reports").mkdir(parents=True, exist_ok=True)
    text = (source / "taxonomy.toml").read_text(encoding="utf-8")
    (folder / "taxonomy.toml").write_text(merged_taxonomy(text), encoding="utf-8")
    wanted = set(reports)
    of_report: dict[str, list[Record]] = {"own": OWN}
    for record in relabelled(corpus.records, MERGED):
        if not wanted or record.report in wanted:
            of_report.setdefault(record.report, []).append(record)
    for report, records in of_report.items():
        lines = "".join(json.dumps(record.to_dict(), ensure_ascii=False) + "\n" for record in records)
        (folder / "reports" / f"{report}.jsonl").write_text(lines, encoding="utf-8")
    with (folder / "glossary.tsv").open("w", encoding="utf-8") as file:
        file.write("term\tdomains\tkind\tyear\n")
        for term in corpus.glossary:
            domains = dict.fromkeys(MERGED.get(each, each) for each in term.domains)
            file.write(f"{term.term}\t{','.join(domains)}\t{term.kind}\t{term.year or ''}\n")
    return folder


def retrain(folder: Path, models: Path, version: str) -> dudao.Tagger:
    """Train on a corpus folder and load the result: what ``dudao train --corpus DIR --models DIR`` does."""
    file = folder / "taxonomy.toml"
    taxonomy = load_taxonomy(file)
    trained = train(load_corpus(folder, taxonomy), taxonomy, file.read_bytes(), version=version, progress=print)
    return dudao.Tagger.load(save(trained, models))


def main() -> None:
    """Make the corpus, train, tag a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--reports", default="", help="only these reports of the corpus, for a quick try")
    given = parser.parse_args()
    folder = make_corpus(given.out / "corpus", filter(None, given.reports.split(",")))
    tagger = retrain(folder, given.out / "models", "1.0.0")
    for tag in tagger.tag(["普惠性幼儿园覆盖率达到九成。", "教师工资按月足额发放。"]):
        print(tag.domains, round(max(tag.scores.values()), 2))


if __name__ == "__main__":
    main()
