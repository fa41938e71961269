"""``dudao evaluate``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from dudao.cli.common import OK, console, model_option, output
from dudao.cli.own_taxonomy import taxonomy_option
from dudao.language import Translate


def build(t: Translate) -> click.Command:
    """The command in one language."""
    return click.Command(
        "evaluate",
        callback=lambda gold, model, taxonomy, as_json, figure: evaluate_command(
            gold, model, labels=taxonomy, as_json=as_json, figure=figure, t=t
        ),
        help=t(
            "Precision, recall and F1 by domain on labelled records.", "在已标注的记录上计算各领域精确率、召回率与 F1。"
        ),
        epilog=t("Example: dudao evaluate gold.jsonl --json", "示例：dudao evaluate gold.jsonl --json"),
        params=[
            click.Argument(["gold"], nargs=-1, required=True, type=click.Path(path_type=Path), metavar="GOLD.jsonl..."),
            model_option(t),
            taxonomy_option(t),
            click.Option(["--json", "as_json"], is_flag=True, help=t("Print JSON.", "输出 JSON。")),
            click.Option(
                ["--reliability", "figure"],
                type=click.Path(path_type=Path, dir_okay=False),
                metavar="FILE.svg",
                help=t("Write the reliability diagram.", "写出可靠性图。"),
            ),
        ],
    )


def evaluate_command(
    gold: tuple[Path, ...],
    model: str,
    *,
    labels: Path | None = None,
    as_json: bool,
    figure: Path | None,
    t: Translate,
) -> int:
    """Measure a model and print the figures."""
    from dudao import store
    from dudao.corpus import read_records
    from dudao.errors import CorpusError
    from dudao.taxonomy import load_taxonomy

    version, classifier, digest = store.load_classifier(model)
    if labels is not None:
        classifier = classifier.with_taxonomy(load_taxonomy(labels))
    records = [record for path in gold for record in read_records(path, classifier.taxonomy)]
    if not records:
        raise CorpusError("no record to evaluate on", where=", ".join(map(str, gold)), hint="records are JSON lines")
    from dudao.evaluation import full_summary, judge

    result = judge(classifier, records)
    summary = {
        "model": {"version": version.version, "sha256": digest},
        **full_summary(records, result, classifier.taxonomy),
    }
    if figure is not None:
        from dudao.charts import reliability_diagram

        with output(figure) as file:
            file.write(reliability_diagram(summary["reliability"]))
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        _print(summary, {each.id: each.name for each in classifier.taxonomy.domains}, t)
    return OK


def _print(summary: dict[str, Any], names: dict[str, str], t: Translate) -> None:
    from rich.table import Table

    out = console(sys.stdout)
    table = Table(title=t("by domain", "各领域"))
    for heading in (
        t("domain", "领域"),
        "",
        t("precision", "精确率"),
        t("recall", "召回率"),
        "F1",
        "95%",
        t("clauses", "分句"),
    ):
        table.add_column(heading, justify="right" if heading and heading not in {t("domain", "领域")} else "left")
    table.columns[0].no_wrap = True  # ids are what users copy
    for domain, row in summary["domains"].items():
        low, high = row["f1_interval"]
        table.add_row(
            domain,
            names[domain],
            f"{row['precision']:.2f}",
            f"{row['recall']:.2f}",
            f"{row['f1']:.2f}",
            f"{low:.2f}-{high:.2f}",
            str(row["support"]),
        )
    out.print(table)
    for key, label in (("macro_f1", t("macro F1", "宏平均 F1")), ("micro_f1", t("micro F1", "微平均 F1"))):
        low, high = summary[f"{key}_interval"]
        out.print(f"{label}  {summary[key]:.3f}  (95% {low:.3f}-{high:.3f})")
    for key, label in (
        ("exact_match", t("exact match", "完全一致")),
        ("first_domain_accuracy", t("first domain right", "首位领域正确")),
        ("primary_accuracy", t("paragraph primary domain right", "段落主领域正确")),
        ("expected_calibration_error", t("expected calibration error", "期望校准误差")),
        ("not_uncertain", t("not marked uncertain", "未标存疑")),
        ("first_domain_accuracy_of_not_uncertain", t("first domain right of these", "其中首位领域正确")),
    ):
        out.print(f"{label}  {summary[key]:.3f}")
    for each in summary["coverage"]:
        out.print(
            t(
                f"surest {each['kept']:.0%} of the clauses (score from {each['from']:.2f})  {each['accuracy']:.3f} right",
                f"最有把握的 {each['kept']:.0%} 分句（分数不低于 {each['from']:.2f}）  正确 {each['accuracy']:.3f}",
            )
        )
    if summary["confusions"]:
        out.print(_confusion_table(summary["confusions"], names, t))
    out.print(
        t(
            f"{summary['clauses']} clauses of {summary['reports']} reports, model {summary['model']['version']}",
            f"{summary['reports']} 份报告 {summary['clauses']} 个分句，模型 {summary['model']['version']}",
        )
    )


def _confusion_table(confusions: list[dict[str, Any]], names: dict[str, str], t: Translate) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=t("mistaken most", "最易混淆"))
    for heading in (t("asked", "应为"), t("given", "误作"), t("clauses", "分句"), t("e.g.", "例句")):
        table.add_column(heading)
    for each in confusions:
        table.add_row(names[each["asked"]], names[each["given"]], str(each["clauses"]), Text(each["examples"][0]))
    return table
