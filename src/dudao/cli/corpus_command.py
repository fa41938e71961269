"""``dudao corpus check|stats|add``; the commands of labelling tools are in a file of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from dudao.cli import labelling_command
from dudao.cli.common import OK, SOME_FAILED, console, say
from dudao.cli.own_taxonomy import load_labelled, taxonomy_option
from dudao.language import Translate
from dudao.messages import localised


def build(t: Translate) -> click.Group:
    """The commands in one language."""
    group = click.Group(
        "corpus",
        help=t(
            "The labelled corpus: check, count, extend, to labelling tools and back.",
            "标注语料：检查、统计、补充、与标注工具互导。",
        ),
    )
    corpus = click.Option(
        ["--corpus"],
        type=click.Path(path_type=Path, file_okay=False),
        help=t("Corpus folder; by default the one at hand.", "语料文件夹；默认用现有语料。"),
    )
    taxonomy = taxonomy_option(t)
    as_json = click.Option(["--json", "as_json"], is_flag=True, help=t("Print JSON.", "输出 JSON。"))
    group.add_command(
        click.Command(
            "check",
            callback=lambda corpus, taxonomy, as_json: check_command(corpus, taxonomy, as_json=as_json, t=t),
            params=[corpus, taxonomy, as_json],
            help=t(
                "Validity, duplicates, conflicts, near-duplicates between reports.",
                "有效性、重复、冲突与报告间近似重复。",
            ),
            epilog=t("Example: dudao corpus check", "示例：dudao corpus check"),
        )
    )
    group.add_command(
        click.Command(
            "stats",
            callback=lambda corpus, taxonomy, as_json: stats_command(corpus, taxonomy, as_json=as_json, t=t),
            params=[corpus, taxonomy, as_json],
            help=t("Counts by domain, role and kind.", "按领域、角色等计数。"),
            epilog=t("Example: dudao corpus stats --json", "示例：dudao corpus stats --json"),
        )
    )
    group.add_command(
        click.Command(
            "add",
            callback=lambda files, corpus, taxonomy, replace: add_command(
                files, corpus, taxonomy, replace=replace, t=t
            ),
            params=[
                click.Argument(["files"], nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)),
                corpus,
                taxonomy,
                click.Option(
                    ["--replace"],
                    is_flag=True,
                    help=t(
                        "Let corrections win over other labels of the same clause; pass over what is known already.",
                        "同一分句已有其他标注时以更正为准；已有的相同更正略过。",
                    ),
                ),
            ],
            help=t(
                "Add corrections exported from report pages, or other labelled records: all of them, or none where a line is wrong.",
                "加入从报告网页导出的更正或其他标注记录；只要有一行有误，就一行也不加入。",
            ),
            epilog=t("Example: dudao corpus add corrections.jsonl", "示例：dudao corpus add corrections.jsonl"),
        )
    )
    from dudao.cli.terms_command import build as build_terms

    group.add_command(build_terms(t))
    for command in labelling_command.commands(t, corpus):
        group.add_command(command)
    return group


def check_command(root: Path | None, labels: Path | None, *, as_json: bool, t: Translate) -> int:
    """Print what is wrong with the corpus; exit status 1 where a finding is an error."""
    from dudao.corpus import check, repeated, stats

    corpus, taxonomy = load_labelled(root, labels)
    pairs = repeated(corpus, taxonomy)
    findings = check(corpus, taxonomy, pairs=pairs)
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        click.echo(
            json.dumps(
                [{"level": each.level, "where": each.where, "what": each.what} for each in findings],
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        for finding in findings:
            click.echo(f"{finding.level}: {finding.where}: {finding.what}")
        counts = stats(corpus, taxonomy, pairs=pairs)
        _print_measures(counts, t)
        click.echo(
            t(
                f"{counts['clauses']} records, {counts['terms']} terms: {errors} errors, {len(findings) - errors} warnings",
                f"{counts['clauses']} 条记录，{counts['terms']} 条术语：{errors} 个错误，{len(findings) - errors} 个警告",
            )
        )
    return SOME_FAILED if errors else OK


def _print_measures(counts: Mapping[str, Any], t: Translate) -> None:
    """How much the reports repeat each other, and how their vocabulary grows."""
    click.echo(
        t(
            f"clauses with a near-duplicate in another report: {counts['near_duplicates']:.2%}",
            f"在其他报告中有近似重复的分句：{counts['near_duplicates']:.2%}",
        )
    )
    for step in counts["vocabulary"]:
        click.echo(
            t(
                f"vocabulary of {step['reports']} reports: {step['different']:,} different words of {step['words']:,}",
                f"{step['reports']} 份报告的词汇：{step['words']:,} 词中有 {step['different']:,} 个不同的词",
            )
        )


def stats_command(root: Path | None, labels: Path | None, *, as_json: bool, t: Translate) -> int:
    """Print the corpus's counts."""
    from dudao.corpus import stats

    corpus, taxonomy = load_labelled(root, labels)
    counts = stats(corpus, taxonomy)
    if as_json:
        click.echo(json.dumps(counts, ensure_ascii=False, indent=2))
        return OK
    from rich.table import Table

    out = console(sys.stdout)
    clauses = counts["clauses"]
    out.print(
        t(
            f"{counts['reports']} reports and collections ({counts['whole_reports']} whole reports, {counts['set_aside']} set aside), {clauses} clauses, {counts['terms']} terms",
            f"{counts['reports']} 份报告与片段集（完整报告 {counts['whole_reports']} 份，预留 {counts['set_aside']} 份），{clauses} 个分句，{counts['terms']} 条术语",
        )
    )
    out.print(
        t(
            f"several domains: {counts['several_domains'] / clauses:.0%}; no glossary term of their own domains: {counts['indirect'] / clauses:.0%}",
            f"多领域分句 {counts['several_domains'] / clauses:.0%}；不含本领域术语的分句 {counts['indirect'] / clauses:.0%}",
        )
    )
    _print_measures(counts, t)
    table = Table()
    for heading, justify in (
        (t("domain", "领域"), "left"),
        ("", "left"),
        (t("clauses", "分句"), "right"),
        (t("terms", "术语"), "right"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for domain in taxonomy.domains:
        table.add_row(
            domain.id, domain.name, str(counts["domains"][domain.id]), str(counts["terms_by_domain"][domain.id])
        )
    out.print(table)
    roles = Table()
    roles.add_column(t("role", "角色"))
    roles.add_column("")
    roles.add_column(t("clauses", "分句"), justify="right")
    for role in taxonomy.roles:
        roles.add_row(role.id, role.name, str(counts["roles"][role.id]))
    out.print(roles)
    return OK


def add_command(files: Sequence[Path], root: Path | None, labels: Path | None, *, replace: bool, t: Translate) -> int:
    """Add corrections and say what to do next; or name every line that is wrong, and add nothing."""
    from dudao import places
    from dudao.corrections import add, examine

    corpus, taxonomy = load_labelled(root, labels)
    examined = examine(files, corpus, taxonomy, replace=replace)
    if examined.problems:
        for problem in examined.problems:
            say(t(f"{problem.where}: {problem.what}", f"{problem.where}：{localised(problem.what, t)}"))
        hint = any(problem.what.startswith(("duplicate", "conflict")) for problem in examined.problems)
        count = len(examined.problems)
        say(
            t(
                f"{count} lines cannot be added, so nothing was",
                f"有 {count} 行不能加入，因此一行也没有加入",
            )
        )
        if hint and not replace:
            say(
                t(
                    "--replace lets these corrections win over what the corpus has, and passes over what it has already",
                    "加 --replace 则以这些更正为准，并略过已有的相同记录",
                )
            )
        return SOME_FAILED
    path = add(examined, places.corrections_root(root))
    added = len(examined.entries)
    say(
        t(
            f"{added} corrections added to {path} ({examined.replaced} in place of other labels, {examined.known} known already)",
            f"{added} 条更正已加入 {path}（其中 {examined.replaced} 条取代原有标注，另有 {examined.known} 条已有）",
        )
    )
    if added:
        say(t("learn from them: dudao train", "用它们训练新版本：dudao train"))
    return OK
