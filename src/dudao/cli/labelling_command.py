"""``dudao corpus export|import|labels``: to labelling tools and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dudao.cli.common import OK, SOME_FAILED, out_option, output, say, say_error
from dudao.cli.own_taxonomy import load_labelled, load_labels, taxonomy_option
from dudao.errors import CorpusError, DudaoError
from dudao.language import Translate

if TYPE_CHECKING:
    from dudao.labelling import Format, Task, Tool, Unit
    from dudao.taxonomy import Taxonomy

_FORMATS = ("doccano", "labelstudio", "csv", "jsonl")
_TOOLS = ("doccano", "labelstudio")
_UNITS = ("clause", "report")


class _Choice(click.Choice[str]):
    """Names of tools however they are spelt: label-studio, Label_Studio."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(value.lower().replace("-", "").replace("_", ""), param, ctx)


def commands(t: Translate, corpus: click.Option) -> list[click.Command]:
    """The three commands in one language; ``corpus`` is the option that names the corpus folder."""
    out = out_option(t)
    unit = click.Option(
        ["--unit"],
        type=click.Choice(_UNITS),
        default="clause",
        show_default=True,
        help=t(
            "What a task is: a clause with labels, or a whole report with labelled spans.",
            "一个任务是一个分句（整句打标签），还是一份完整报告（标注片段）。",
        ),
    )
    return [
        click.Command(
            "export",
            callback=lambda **given: export_command(**given, t=t),
            params=[
                click.Argument(["reports"], nargs=-1, metavar="[REPORT...]"),
                click.Option(
                    ["--to"],
                    type=_Choice(_FORMATS),
                    required=True,
                    help=t("What reads the file.", "供何种工具使用。"),
                ),
                out,
                unit,
                click.Option(
                    ["--predict"],
                    multiple=True,
                    metavar="REPORT",
                    help=t(
                        "Tag this report or folder and export it to be corrected, instead of the corpus; repeatable.",
                        "标注此报告或文件夹并导出供修改，不导出语料；可重复。",
                    ),
                ),
                click.Option(
                    ["--model"],
                    metavar="REF",
                    help=t(
                        "Model for --predict; with the corpus, adds what it says beside the labels.",
                        "--predict 所用模型；导出语料时，附上该模型的判断。",
                    ),
                ),
                click.Option(
                    ["--uncertain"],
                    is_flag=True,
                    help=t("Only the clauses that the model is unsure of.", "只导出模型存疑的分句。"),
                ),
                click.Option(
                    ["--report", "only"],
                    multiple=True,
                    metavar="ID",
                    help=t("Only this report of the corpus; repeatable.", "只导出语料中的这份报告；可重复。"),
                ),
                corpus,
                taxonomy_option(t),
            ],
            help=t(
                "Write the corpus, or reports tagged by a model, for doccano, Label Studio or Excel (CSV).",
                "把语料、或模型标注的报告，导出给 doccano、Label Studio 或 Excel（CSV）。",
            ),
            epilog=t(
                "Examples: dudao corpus export --to doccano -o tasks.jsonl · dudao corpus export --to labelstudio --predict report.docx -o tasks.json",
                "示例：dudao corpus export --to doccano -o 任务.jsonl · dudao corpus export --to labelstudio --predict 报告.docx -o 任务.json",
            ),
        ),
        click.Command(
            "import",
            callback=lambda **given: import_command(**given, t=t),
            params=[
                click.Argument(["files"], nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."),
                click.Option(
                    ["--from", "source"],
                    type=_Choice(_FORMATS),
                    help=t("What wrote the file; its content tells by default.", "由何种工具导出；默认按内容判断。"),
                ),
                click.Option(
                    ["-o", "out"],
                    type=click.Path(path_type=Path, dir_okay=False),
                    metavar="OUT.jsonl",
                    help=t("Write the records to this file.", "把记录写入此文件。"),
                ),
                click.Option(
                    ["--accept-predictions"],
                    is_flag=True,
                    help=t(
                        "Take the model's tags of Label Studio tasks that nobody has annotated.",
                        "Label Studio 中无人标注的任务，采用模型的标注。",
                    ),
                ),
                corpus,
                taxonomy_option(t),
            ],
            help=t(
                "Turn what a labelling tool exported into labelled records.",
                "把标注工具导出的结果转换为标注记录。",
            ),
            epilog=t(
                "Example: dudao corpus import project-1.json -o records.jsonl",
                "示例：dudao corpus import project-1.json -o 记录.jsonl",
            ),
        ),
        click.Command(
            "labels",
            callback=lambda **given: labels_command(**given, t=t),
            params=[
                click.Option(
                    ["--to"],
                    type=_Choice(_TOOLS),
                    required=True,
                    help=t("For which tool.", "供何种工具使用。"),
                ),
                out,
                unit,
                corpus,
                taxonomy_option(t),
            ],
            help=t(
                "Print the label set-up of a project: doccano's JSON to import, Label Studio's interface to paste.",
                "输出项目的标签配置：doccano 可导入的 JSON，或 Label Studio 可粘贴的界面代码。",
            ),
            epilog=t("Example: dudao corpus labels --to labelstudio", "示例：dudao corpus labels --to labelstudio"),
        ),
    ]


def export_command(
    reports: Sequence[str],
    to: Format,
    out: Path | None,
    unit: Unit,
    predict: Sequence[str],
    model: str | None,
    uncertain: bool,
    only: Sequence[str],
    corpus: Path | None,
    taxonomy: Path | None,
    *,
    t: Translate,
) -> int:
    """Write tasks; a report that cannot be read does not stop the others."""
    from dudao.labelling import write_tasks

    failed: list[DudaoError] = []
    paths = [*predict, *reports]
    if paths:
        if corpus or only:
            raise click.UsageError("--corpus and --report choose from the corpus: give them without reports")
        tasks, labels = _tagged(paths, model or "current", taxonomy, unit, uncertain, failed, t)
    else:
        if uncertain and not model:
            raise click.UsageError("--uncertain needs --model or reports")
        tasks, labels = _of_corpus(corpus, taxonomy, only, model, unit, uncertain)
    written = 0

    def counted() -> Iterator[Task]:
        nonlocal written
        for task in tasks:
            written += 1
            yield task

    with output(out, bom=to == "csv") as file:
        for piece in write_tasks(counted(), labels, to=to):
            file.write(piece)
    for error in failed:
        say_error(error, t)
    if out is not None:
        say(t(f"{written:,} tasks written to {out}", f"{written:,} 个任务已写入 {out}"))
    return SOME_FAILED if failed or not (written or uncertain) else OK


def _of_corpus(
    root: Path | None, taxonomy: Path | None, only: Sequence[str], model: str | None, unit: Unit, uncertain: bool
) -> tuple[Iterator[Task], Taxonomy]:
    from dudao.labelling import corpus_tasks
    from dudao.tagger import Tagger

    corpus, labels = load_labelled(root, taxonomy)
    records = sorted(corpus.everything, key=lambda record: record.report)  # both splits, as the files lie
    unknown = sorted(set(only) - {record.report for record in records})
    if unknown:
        raise CorpusError(
            f"no such report: {', '.join(unknown)}",
            where=str(corpus.root),
            hint="ids are the names of its *.jsonl files",
        )
    if only:
        records = [record for record in records if record.report in only]
    tagger = Tagger.load(model) if model else None
    tasks = corpus_tasks(records, corpus.texts, unit=unit, tagger=tagger)
    if uncertain:
        tasks = (task for task in tasks if any(each.prediction and each.prediction.uncertain for each in task.clauses))
    return tasks, labels


def _tagged(
    paths: Sequence[str],
    model: str,
    taxonomy: Path | None,
    unit: Unit,
    uncertain: bool,
    failed: list[DudaoError],
    t: Translate,
) -> tuple[Iterator[Task], Taxonomy]:
    from dudao.cli.inputs import Inputs
    from dudao.document import TaggedReport
    from dudao.labelling import report_tasks
    from dudao.tagger import Tagger

    tagger = Tagger.load(model, taxonomy=taxonomy)

    def tasks() -> Iterator[Task]:
        used: dict[str, int] = {}
        for result in Inputs(paths).tagged(tagger, tell=False, t=t):
            if not isinstance(result, TaggedReport):
                failed.append(result)
                continue
            for report in result.reports:
                name = Path(report.source).stem if "#" not in report.source else report.source.rpartition("/")[2]
                used[name] = used.get(name, 0) + 1
                name = name if used[name] == 1 else f"{name}-{used[name]}"
                yield from report_tasks(report, name, unit=unit, uncertain=uncertain)

    return tasks(), tagger.taxonomy


def import_command(
    files: Sequence[Path],
    source: Format | None,
    out: Path | None,
    accept_predictions: bool,
    corpus: Path | None,
    taxonomy: Path | None,
    *,
    t: Translate,
) -> int:
    """Write records; a task that breaks the labels' rules is named and the others are written."""
    from dudao.corpus import Record
    from dudao.labelling import read_labels

    labels = load_labels(corpus, taxonomy)
    records = failed = unlabelled = 0
    with output(out) as file:
        for path in files:
            try:
                for each in read_labels(path, labels, format=source, accept_predictions=accept_predictions):
                    if isinstance(each, Record):
                        records += 1
                        file.write(json.dumps(each.to_dict(), ensure_ascii=False) + "\n")
                    elif each is None:
                        unlabelled += 1
                    else:
                        failed += 1
                        say_error(each, t)
            except DudaoError as error:
                failed += 1
                say_error(error, t)
    if unlabelled:
        say(
            t(
                f"{unlabelled:,} tasks without a domain are left out",
                f"{unlabelled:,} 个没有领域标签的任务未导入",
            )
        )
    if out is not None:
        say(t(f"{records:,} records written to {out}", f"{records:,} 条记录已写入 {out}"))
    return SOME_FAILED if failed or not records else OK


def labels_command(
    to: Tool, out: Path | None, unit: Unit, corpus: Path | None, taxonomy: Path | None, *, t: Translate
) -> int:
    """Print a project's label set-up."""
    from dudao.labelling import label_config

    with output(out) as file:
        file.write(label_config(load_labels(corpus, taxonomy), to=to, unit=unit))
    return OK
