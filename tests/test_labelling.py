"""What labelling tools do to a file is done here as their own code does it; see evidence (22) and `labelling/*.py`."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import replace

import pytest

from conftest import ROOT
from dudao import CorpusError, labelling
from dudao.corpus import Record, load_corpus
from dudao.labelling.names import Names, colours

RARE = "𠮷田乡😀：三所小学的𫝆年经费全数到位。"
RECORDS = [
    Record(
        "全县教师工资按月发放，=HYPERLINK不是公式。",
        ("teachers", "finance"),
        "甲-2023/001/00",
        "甲-2023",
        ("二、自查", "（一）队伍"),
        1,
        "self_check",
        ("general",),
    ),
    Record(RARE, ("finance",), "甲-2023/001/01", "甲-2023", ("二、自查", "（一）队伍"), 1, "self_check"),
    Record("=1+1 校园安全排查😀两遍，\u2028隐患清零。", ("safety",), "甲-2023/002/00", "甲-2023", (), 2, "problem"),
    Record("'+校车逐辆年检。", ("safety", "student_support", "finance"), "乙/1", "乙"),
    Record("没有编号的一句。", ("general",)),
]
TEXTS = {"甲-2023": f"县😀情\r\n二、自查\r\n（一）队伍\r\n{RECORDS[0].text}{RARE}\r\n{RECORDS[2].text}\r\n"}
ALL = [(to, unit) for to in labelling.FORMATS for unit in labelling.UNITS]


@pytest.fixture(scope="module")
def corpus(taxonomy):
    return load_corpus(ROOT / "corpus", taxonomy)


def exported(taxonomy, to, unit, records=RECORDS, texts=TEXTS, **options):
    tasks = labelling.corpus_tasks(records, texts, unit=unit, **options)
    return "".join(labelling.write_tasks(tasks, taxonomy, to=to))


def read(data, taxonomy, **options):
    data = data.encode() if isinstance(data, str) else data
    return list(labelling.read_labels(data, taxonomy, **options))


def from_doccano(text: str) -> str:
    """doccano's own export: ids of its own below the metadata, labels sorted by name, comments beside them."""
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if line:
            entry = json.loads(line.rstrip())
            body, label = entry.pop("text"), entry.pop("label")
            lines.append(json.dumps({"id": number, "text": body, **entry, "label": sorted(label), "Comments": []}))
    return "\n".join(lines) + "\n"


def from_label_studio(text: str, *, utf16: bool = False, config_order=()) -> str:
    """Label Studio's own export: choices in the order of its interface, offsets in UTF-16 units in some versions."""
    entries = json.loads(text)
    for number, entry in enumerate(entries, 1):
        entry.update(id=number, drafts=[], total_annotations=1)
        body = entry["data"]["text"]
        for annotation in entry.get("annotations", []):
            annotation.update(id=number, completed_by=1, was_cancelled=False, ground_truth=False)
            for result in annotation["result"]:
                value = result["value"]
                if result["from_name"] == "domain":
                    value[result["type"]].sort(key=config_order.index)
                if utf16 and "start" in value:
                    for edge in ("start", "end"):
                        value[edge] = len(body[: value[edge]].encode("utf-16-le")) // 2
    return json.dumps(entries, ensure_ascii=False)


@pytest.mark.parametrize(("to", "unit"), ALL)
def test_round_trip_is_exact_on_the_whole_corpus(to, unit, corpus, taxonomy):
    records = sorted(corpus.everything, key=lambda record: record.report)
    text = exported(taxonomy, to, unit, records, corpus.texts)
    assert read(text, taxonomy) == records


@pytest.mark.parametrize(("to", "unit"), ALL)
def test_round_trip_keeps_rare_characters_formulae_and_missing_fields(to, unit, taxonomy):
    assert read(exported(taxonomy, to, unit), taxonomy) == RECORDS


@pytest.mark.parametrize("unit", labelling.UNITS)
def test_doccano_sorted_labels_and_metadata_over_its_id_keep_order_and_ids(unit, corpus, taxonomy):
    records = sorted(corpus.everything, key=lambda record: record.report)[:600] + RECORDS
    text = exported(taxonomy, "doccano", unit, records, {**corpus.texts, **TEXTS})
    assert not {"id", "data", "Comments", "categories", "entities", "relations"} & {
        key for line in text.split("\n") if line for key in json.loads(line)
    }
    assert read(from_doccano(text), taxonomy) == records


@pytest.mark.parametrize("utf16", [False, True], ids=["code points", "utf-16"])
@pytest.mark.parametrize("unit", labelling.UNITS)
def test_label_studio_offsets_of_either_kind_give_the_same_records(unit, utf16, corpus, taxonomy):
    records = sorted(corpus.everything, key=lambda record: record.report)[:600] + RECORDS
    text = exported(taxonomy, "labelstudio", unit, records, {**corpus.texts, **TEXTS})
    returned = from_label_studio(text, utf16=utf16, config_order=taxonomy.domain_ids)
    assert read(returned, taxonomy) == records


def test_label_studio_span_without_its_text_is_not_guessed(taxonomy):
    entries = json.loads(exported(taxonomy, "labelstudio", "report"))[:1]
    for result in entries[0]["annotations"][0]["result"]:
        del result["value"]["text"]
    found = read(json.dumps(entries), taxonomy)
    assert isinstance(found[0], CorpusError)
    assert "UTF-16" in str(found[0])


def test_label_studio_json_min_is_read(taxonomy):
    entries = [
        {"id": 1, "text": "食堂每周抽检。", "uid": "x/1", "report": "x", "domain": "safety", "role": "self_check"},
        {
            "id": 2,
            "text": "教师工资到位。",
            "uid": "x/2",
            "report": "x",
            "domain": {"choices": ["finance", "teachers"]},
        },
        {"id": 3, "text": "没有标的。", "uid": "x/3", "report": "x"},
    ]
    assert read(json.dumps(entries), taxonomy) == [
        Record("食堂每周抽检。", ("safety",), "x/1", "x", role="self_check"),
        Record("教师工资到位。", ("finance", "teachers"), "x/2", "x"),
        None,
    ]


def test_label_studio_cancelled_annotation_and_bare_prediction_are_no_labels(tagger, taxonomy):
    entries = json.loads(exported(taxonomy, "labelstudio", "clause", tagger=tagger))
    assert {entry["predictions"][0]["model_version"] for entry in entries} == {tagger.model.version}
    entries[0]["annotations"][0]["was_cancelled"] = True
    del entries[1]["annotations"]
    assert read(json.dumps(entries), taxonomy)[:2] == [None, None]
    accepted = read(json.dumps(entries), taxonomy, accept_predictions=True)[:2]
    assert [record.domains for record in accepted] == [
        tuple(entry["predictions"][0]["result"][0]["value"]["choices"]) for entry in entries[:2]
    ]


def test_changed_labels_keep_what_stays_in_front_and_new_spans_get_ids(taxonomy):
    entry = json.loads(exported(taxonomy, "doccano", "report").split("\n")[0])
    names = Names(taxonomy)
    first, second = ([each["start"], each["end"]] for each in entry["clauses"][:2])
    entry["label"] = [
        [*first, names.shown("domain", "finance")],
        [*first, names.shown("domain", "school_conditions")],
        [second[0], second[1] - 1, "safety"],  # cut anew, labelled by the bare id
        [0, len(entry["text"]), "role:overview"],
        [*second, "role:problem 存在的问题"],
    ]
    found = read(from_doccano(json.dumps(entry)), taxonomy)
    assert [(each.domains, each.role) for each in found] == [
        (("finance", "school_conditions"), "overview"),
        (("safety",), "problem"),
    ]
    assert (found[1].report, found[1].paragraph, found[1].section) == (RECORDS[1].report, 1, RECORDS[1].section)
    assert found[1].id == f"甲-2023/{second[0]}-{second[1] - 1}"


def test_doccano_spans_of_the_relation_export_and_zips_are_read(taxonomy):
    lines = []
    for line in from_doccano(exported(taxonomy, "doccano", "report")).split("\n"):
        if line:
            entry = json.loads(line)
            entry["entities"] = [
                {"id": n, "label": label, "start_offset": start, "end_offset": end}
                for n, (start, end, label) in enumerate(entry.pop("label"))
            ]
            entry["relations"] = []
            lines.append(json.dumps(entry))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("admin.jsonl", "\n".join(lines))
    assert read(packed.getvalue(), taxonomy) == RECORDS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_csv_saved_by_excel_comes_back(encoding, taxonomy):
    text = exported(taxonomy, "csv", "clause")
    if encoding == "utf-16":  # "Unicode text" of Excel has tabs
        rows = list(csv.reader(io.StringIO(text, newline="")))
        buffer = io.StringIO()
        csv.writer(buffer, delimiter="\t", lineterminator="\r\n").writerows(rows)
        text = buffer.getvalue()
    assert read(text.encode(encoding), taxonomy) == RECORDS


def test_csv_cells_are_no_formulae_and_take_chinese_names(taxonomy):
    text = exported(taxonomy, "csv", "clause")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert not [cell for row in rows for cell in row.values() if cell[:1] in set("=+-@\t\r") and cell]
    rows[0]["domains"], rows[0]["role"] = "职业、高等与继续教育；教师队伍建设", "存在的问题"
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    found = read(buffer.getvalue(), taxonomy)[0]
    assert (found.domains, found.role) == (("vocational", "teachers"), "problem")


@pytest.mark.parametrize("opening", ["＝", "＋", "－", "＠", "\n", "'＝", "'"])
def test_csv_text_that_opens_like_a_formula_comes_back_as_it_was(taxonomy, opening):
    record = replace(RECORDS[0], text=f"{opening}SUM(A1)，校园安全排查两遍。")
    text = "".join(labelling.write_tasks(labelling.corpus_tasks([record], {}), taxonomy, to="csv"))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["text"].startswith("'")
    assert read(text, taxonomy) == [record]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "句。", "label": ["nothing"], "uid": "a/1"}', "unknown label: nothing"),
        ('{"text": "句。", "label": ["general", "finance"], "uid": "a/1"}', "stands alone"),
        ('{"text": "句。", "label": ["safety", "teachers", "finance", "preschool"], "uid": "a/1"}', "4 domains"),
        ('{"text": "句。", "label": [[0, 9, "finance"]], "uid": "a/1"}', "outside the text"),
        ('{"label": ["finance"], "uid": "a/1"}', "not a doccano task"),
        ('[{"id": 1, "data": {"text": "句。", "uid": "a/1"}, "annotations": [{"result": [{"type": "choices", "from_name": "domain", "value": {"choices": ["x"]}}]}]}]', "unknown label: x"),
        ('[{"id": 1, "data": {"text": 3}, "annotations": []}]', "not a Label Studio task"),
        ("text,domains,role\r\n句。,nothing,\r\n", "unknown domain: nothing"),
        ("text,domains,role\r\n句。,finance,nobody\r\n", "unknown role: nobody"),
    ],
)  # fmt: skip
def test_read_labels_bad_task_is_an_error_value_and_the_next_is_read(line, what, taxonomy):
    (error,) = read(line, taxonomy)
    assert isinstance(error, CorpusError)
    assert what in str(error)
    assert error.where
    if line.startswith("{"):
        good = '{"text": "食堂抽检。", "label": ["safety"]}'
        assert read(f"{line}\n{good}", taxonomy, format="doccano")[1] == Record("食堂抽检。", ("safety",))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"{", "not JSON"),
        (b"[1]", "neither an export"),
        (b'{"a": 1}', "neither an export"),
        (b"a,b\n1,2\n", "no column"),
    ],
)
def test_read_labels_of_something_else_says_so(data, what, taxonomy):
    with pytest.raises(CorpusError, match=what):
        read(data, taxonomy)


@pytest.mark.parametrize("unit", labelling.UNITS)
def test_reports_become_prelabelled_tasks_with_the_documents_own_offsets(unit, tagger, sample, taxonomy):
    tagged = tagger.tag_report(sample)
    tasks = list(labelling.report_tasks(tagged, "样例", unit=unit))
    clauses = [each for task in tasks for each in task.clauses]
    assert len(clauses) == sum(len(paragraph.clauses) for paragraph in tagged.paragraphs)
    assert all(task.text[each.start : each.end] == each.record.text for task in tasks for each in task.clauses)
    assert len({each.record.id for each in clauses}) == len(clauses)
    studio = "".join(labelling.write_tasks(tasks, taxonomy, to="labelstudio"))
    assert read(studio, taxonomy) == [None] * len(tasks)
    wanted = [labelling.accepted(each).record for each in clauses]
    assert read(studio, taxonomy, accept_predictions=True) == wanted
    assert read(from_doccano("".join(labelling.write_tasks(tasks, taxonomy, to="doccano"))), taxonomy) == wanted


def test_report_tasks_uncertain_gives_what_the_model_marks(tagger, sample):
    tagged = tagger.tag_report(sample)
    some = list(labelling.report_tasks(tagged, "样例", uncertain=True))
    marked = [each for paragraph in tagged.paragraphs for each in paragraph.clauses if each.uncertain]
    assert [task.text for task in some] == [each.clause.text for each in marked]


@pytest.mark.parametrize("unit", labelling.UNITS)
def test_label_config_of_label_studio_is_xml_with_every_label(unit, taxonomy):
    root = ElementTree.fromstring(labelling.label_config(taxonomy, to="labelstudio", unit=unit))
    assert root.tag == "View"
    domain = root.find("*[@name='domain']")
    assert [each.get("value") for each in domain] == list(taxonomy.domain_ids)
    assert [each.get("value") for each in root.find("*[@name='role']")] == list(taxonomy.role_ids)
    assert root.find("Text").get("value") == "$text"
    assert all(control.get("toName") == "text" for control in root if control.tag in {"Choices", "Labels"})


def test_label_config_of_doccano_has_the_labels_that_tasks_use(taxonomy):
    config = json.loads(labelling.label_config(taxonomy, to="doccano"))
    names = {each["text"] for each in config}
    assert len(config) == len(taxonomy.domains) + len(taxonomy.roles) == len(names)
    used = {
        label
        for line in exported(taxonomy, "doccano", "clause").split("\n")
        if line
        for label in json.loads(line)["label"]
    }
    assert used <= names
    keys = [each["suffix_key"] for each in config if "suffix_key" in each]
    assert len(keys) == len(set(keys))
    assert all(len(each["text"]) <= 100 for each in config)  # doccano's column


def test_colours_carry_white_letters():
    def luminance(colour):
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for count in (1, 20, 60):
        shades = colours(count)
        assert len(set(shades)) == count
        assert min(1.05 / (luminance(shade) + 0.05) for shade in shades) >= 4.5


def test_names_read_id_name_and_both(taxonomy):
    names = Names(taxonomy)
    for kind, each in [*(("domain", each) for each in taxonomy.domains), *(("role", each) for each in taxonomy.roles)]:
        shown = names.shown(kind, each.id)
        for said in (each.id, each.name, f"{each.id} {each.name}", shown):
            assert names.find(said, kind=kind) == (kind, each.id)
        assert names.find(shown) == (kind, each.id)
