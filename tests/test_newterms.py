from __future__ import annotations

import csv
import io

from conftest import ROOT
from dudao import Tagger
from dudao.cli import run
from dudao.corpus import read_glossary
from dudao.newterms import TermFinder, example_of

TEXT = """云岫县2024年履行教育职责自评报告
一、自查情况
县里推行蜂窝课表，全县三十所小学都用蜂窝课表排课，教师按蜂窝课表轮岗。
学校食堂安装晾菽机，每台晾菽机由专人管理，晾菽机的台账按月公示。
"""


def finder(tagger, *texts):
    found = TermFinder(tagger.classifier)
    for text in texts:
        found.add(tagger.tag_report(text.encode()))
    return found


def test_found_term_has_uses_reports_domains_and_example(tagger):
    terms = {each.term: each for each in finder(tagger, TEXT, TEXT.replace("云岫", "青棠")).found()}
    term = next(each for name, each in terms.items() if "蜂窝" in name)
    assert (term.uses, term.reports) == (6, 2)
    assert term.domains
    assert set(term.domains) <= set(tagger.taxonomy.domain_ids)
    assert term.term in term.example
    assert len(example_of(term)) <= 60


def test_found_leaves_out_rare_terms_names_of_places_and_known_terms(tagger):
    found = finder(tagger, TEXT)
    assert not any("云岫" in each.term for each in found.found(least=1))
    assert found.found(least=100) == []
    names = [each.term for each in found.found()]
    assert names
    assert not {each.term for each in found.found(known=names)} & set(names)


def test_found_most_widespread_first(tagger):
    terms = finder(tagger, TEXT, TEXT.replace("晾菽机", "设备")).found(least=2)
    assert [each.reports for each in terms] == sorted((each.reports for each in terms), reverse=True)


def test_terms_command_writes_what_the_glossary_reader_reads(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "in" / "b.txt").write_bytes(b"")
    out = tmp_path / "new.tsv"
    assert run(["corpus", "terms", str(tmp_path / "in"), "-o", str(out)]) == 1
    assert "b.txt" in capsys.readouterr().err
    terms = read_glossary(out, Tagger.load().taxonomy)
    assert any("蜂窝" in each.term for each in terms)
    assert all(each.domains for each in terms)
    (tmp_path / "in" / "b.txt").unlink()
    assert run(["--lang", "zh", "corpus", "terms", str(tmp_path / "in")]) == 0
    shown = capsys.readouterr()
    assert "新术语" in shown.err
    rows = list(csv.DictReader(io.StringIO(shown.out), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert {"term", "domains", "kind", "year", "uses", "reports", "example"} == set(rows[0])


def test_terms_of_the_corpus_itself_are_few(tagger):
    path = ROOT / "corpus" / "reports" / "songnen-2022.txt"
    assert len(finder(tagger, path.read_text(encoding="utf-8")).found()) < 10
