"""The errors and warnings of the library in Chinese, for people at the command line.

The library speaks English; ``{}`` stands for what a message fills in. A test holds the table to every message that is raised.
"""

from __future__ import annotations

import functools
import re

from dudao.errors import DudaoError
from dudao.language import Translate

CATALOGUE = {
    "the model's files do not fit each other: {}": "模型文件彼此不符：{}",
    "install the version again": "请重新安装该版本",
    "model format {} is newer than this dudao reads ({})": "模型格式 {} 比本程序能读的格式（{}）更新",
    "upgrade dudao": "请升级 dudao",
    "the model's files cannot be read: {}": "模型文件无法读取：{}",
    "cannot be written: {}": "无法写入：{}",
    "check that the folder exists": "请确认文件夹存在",
    "check space and permissions": "请检查磁盘空间和权限",
    "no record to evaluate on": "没有可供评测的记录",
    "records are JSON lines": "记录为每行一个 JSON 对象",
    "no model is installed": "没有安装任何模型",
    "train one: dudao train": "可训练一个：dudao train",
    "the model card cannot be read: {}": "模型卡无法读取：{}",
    "`dudao models show --json` prints the manifest": "`dudao models show --json` 可输出清单",
    "no report in the folder": "文件夹中没有报告",
    "a folder is searched for .txt, .md and .html files": "文件夹中只查找 .txt、.md 和 .html 文件",
    "the corpus has no taxonomy.toml": "语料中没有 taxonomy.toml",
    "see the corpus folder that ships with dudao": "请参照 dudao 自带的语料文件夹",
    "no such corpus folder": "没有这个语料文件夹",
    "give --corpus DIR": "请用 --corpus 指定文件夹",
    "no labelled record found": "没有找到标注记录",
    "records are lines of *.jsonl files": "记录是 *.jsonl 文件中的各行",
    "cannot be read: {}": "无法读取：{}",
    "records are UTF-8 JSON lines": "记录须为 UTF-8 编码、每行一个 JSON 对象",
    "not a labelled record: {}": "不是标注记录：{}",
    "field {} is missing": "缺少字段 {}",
    "text is empty": "正文为空",
    'a record has at least "text" and "domains"': '记录至少要有 "text" 和 "domains"',
    "see corpus/LABELLING.md": "见 corpus/LABELLING.md",
    "unknown domain: {}": "未知领域：{}",
    "unknown role: {}": "未知角色：{}",
    "{} domains; a clause has one to {}": "给了 {} 个领域；一个分句应有一至 {} 个",
    "a domain is given twice": "领域重复",
    "{} stands alone": "{} 不能与其他领域并列",
    "no term": "没有术语",
    "columns: term, domains, kind, year": "各列为 term、domains、kind、year",
    "the file is empty": "文件是空的",
    "nothing to tag": "没有可标注的内容",
    "larger than {} bytes": "超过 {} 字节",
    "split the file": "请拆分文件",
    "the file object gives text, not bytes": "文件对象给出的是文本而非字节",
    'open it with "rb"': '请用 "rb" 方式打开',
    "is {}, which is not read": "是{}，不能读取",
    "save it as .txt or .html and give that": "请另存为 .txt 或 .html 后再试",
    "a zip-based file (Word .docx, Excel .xlsx, OFD or an archive)": "压缩格式的文件（Word .docx、Excel .xlsx、OFD 或压缩包）",
    "a PDF": " PDF 文件",
    "an old Office file (.doc, .wps, .xls)": "旧版 Office 文件（.doc、.wps、.xls）",
    "an RTF file": " RTF 文件",
    "a gzip archive": " gzip 压缩包",
    "a RAR archive": " RAR 压缩包",
    "a 7z archive": " 7z 压缩包",
    "a picture": "图片",
    "no such file": "没有这个文件",
    "check the path": "请检查路径",
    "is a folder": "是文件夹",
    "`dudao tag FOLDER` and `find_reports` take folders": "`dudao tag 文件夹` 和 `find_reports` 可处理文件夹",
    "check the permissions": "请检查权限",
    "not a text file: binary content": "不是文本文件：内容为二进制",
    "give a report as .txt, .html or another format that `dudao tag --help` lists": "请提供 .txt、.html 等格式的报告",
    "the page is empty": "网页是空的",
    "no article text found in the page": "网页中没有找到正文",
    "copy the text into a .txt file and give that": "请把正文复制到 .txt 文件后再试",
    "the page holds no report text, only attachments: {}": "网页没有正文，只有附件：{}",
    "download the attachment and give that": "请下载附件后再试",
    "is no model: neither a version nor a folder with a manifest.json": "不是模型：既非版本号，也不是含 manifest.json 的文件夹",
    "see `dudao models list`": "见 `dudao models list`",
    "no model version {}": "没有模型版本 {}",
    "installed: {}": "已安装：{}",
    "{} has digest {}…, not the one given": "{} 的摘要为 {}…，与给定的不符",
    "do not open it": "请勿打开",
    "{} is no version number": "{} 不是版本号",
    "use X.Y.Z, such as 1.2.0": "请用 X.Y.Z 的形式，如 1.2.0",
    "version {} exists already": "版本 {} 已经存在",
    "versions are never overwritten: choose a new number": "版本从不覆盖，请换一个版本号",
    "manifest.json lists no files": "manifest.json 没有列出文件",
    "{} is not what the manifest says: its digest differs": "{} 与清单不符：摘要不同",
    "the file is damaged or was changed; install the version again or choose another with `dudao models use`": "文件已损坏或被改动；请重新安装该版本，或用 `dudao models use` 选用其他版本",
    "the version could not be written: {}": "版本无法写入：{}",
    "free some space or set DUDAO_HOME": "请腾出空间或设置 DUDAO_HOME",
    "manifest.json is damaged: {}": "manifest.json 已损坏：{}",
    "{} is a link or lies outside the version": "{} 是链接或位于版本文件夹之外",
    "do not use it": "请勿使用",
    "{} is larger than any model file": "{} 超出模型文件应有的大小",
    "{} cannot be read: {}": "{} 无法读取：{}",
    "{} was made by scikit-learn {}": "{} 由 scikit-learn {} 生成",
    "pip install scikit-learn=={}": "pip install scikit-learn=={}",
    "no paragraph of text found": "没有找到正文段落",
    "is it a report? `dudao inspect` shows what was found": "是报告吗？可用 `dudao inspect` 查看",
    "no domain": "没有领域",
    "cannot read the taxonomy: {}": "标签体系无法读取：{}",
    "not a taxonomy file: {}": "不是标签体系文件：{}",
    "see corpus/taxonomy.toml for the shape": "格式见 corpus/taxonomy.toml",
    "{} ids given twice: {}": "{} 编号重复：{}",
    "unknown role {} as opening_role or default_role": "opening_role 或 default_role 的角色 {} 未定义",
    "too few clauses to learn from: {}": "分句太少，无法学习：{}",
    "each domain needs at least {}": "每个领域至少需要 {} 个",
    "all records come from one report": "全部记录出自同一份报告",
    "cross-validation by report needs two or more": "按报告交叉验证需要两份以上",
    "no heading found: roles are taken from the text alone": "没有找到标题，角色仅依据正文判断",
    "{} reports in one file, starting in lines {}": "一个文件中有 {} 份报告，分别始于第 {} 行",
    "line {}: {} follows {}; a heading may be missing": "第 {} 行：{} 接在 {} 之后，可能缺少标题",
    "{} more headings whose number does not follow": "另有 {} 处标题编号不连续",
    "decoded as Big5 (traditional Chinese); offsets count characters of the decoded text": "按 Big5（繁体）解码，位置以解码后的字符计",
    "{} stray byte(s) that are not {} replaced by U+FFFD, the first in line {}": "有 {} 个不属于 {} 的字节已替换为 U+FFFD，首个在第 {} 行",
    "Missing argument '{}'.": "缺少参数 {}",
    "No such option '{}'.": "没有选项 {}",
    "No such option: {}": "没有选项 {}",
    "No such command '{}'.": "没有命令 {}",
    "Invalid value for {}: {}": "{} 的值无效：{}",
    "Missing command.": "缺少命令",
    "No such file or directory": "没有这个文件或文件夹",
    "Permission denied": "没有权限",
    "No space left on device": "磁盘空间不足",
}


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    # Those that open with fixed words first, the longer before the shorter: they say the most.
    order = sorted(
        (template for template in CATALOGUE if "{}" in template),
        key=lambda template: (template.startswith("{}"), -len(template)),
    )
    return [
        (re.compile(re.escape(template).replace(r"\{\}", "(.+?)"), re.DOTALL), CATALOGUE[template])
        for template in order
    ]


def chinese(message: str) -> str:
    """A message in Chinese, as it is where the table does not know it."""
    if message in CATALOGUE:
        return CATALOGUE[message]
    for pattern, translated in _patterns():
        match = pattern.fullmatch(message)
        if match:
            return translated.format(*(chinese(group) for group in match.groups()))
    return message


def localised(message: str, t: Translate) -> str:
    """A message in the language that ``t`` picks."""
    return t(message, chinese(message))


def chinese_error(error: DudaoError) -> str:
    """What went wrong, where, and what to do next, in Chinese."""
    head = f"{error.where}：{chinese(error.what)}" if error.where else chinese(error.what)
    return f"{head}（{chinese(error.hint)}）" if error.hint else head
