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
    "save it as .txt and give that": "请另存为 .txt 后再试",
    "save its text as .txt and give that": "请把其中文字另存为 .txt 后再试",
    "`dudao tag --help` names the formats": "可读格式见 `dudao tag --help`",
    "unpack it and give the files": "请解压后再试",
    "run OCR over it and give the text": "请先做 OCR 文字识别，再提供文本",
    "an Excel table": " Excel 表格",
    "a PowerPoint presentation": " PowerPoint 演示文稿",
    "a Word document": " Word 文档",
    "a Word or WPS document": " Word 或 WPS 文档",
    "a PDF": " PDF 文件",
    "an OFD document": " OFD 文档",
    "an OpenDocument text": " OpenDocument 文档",
    "a zip archive": " zip 压缩包",
    "an RTF file": " RTF 文件",
    "is not {} inside, whatever its name says": "名称虽是{}，内容却不是",
    "download or copy it again": "请重新下载或复制",
    "is damaged or cut short": "文件已损坏或不完整",
    "is damaged: what is in it is no text": "文件已损坏，内容不是文字",
    "is no Word file inside": "内容不是 Word 文档",
    "is no Word document: its main part is missing": "不是 Word 文档：缺少正文部分",
    "is a table or a presentation, which is not read": "是表格或演示文稿，不能读取",
    "is protected by a password": "有密码保护",
    "save a copy without the password": "请另存一份不带密码的副本",
    "the archive is protected by a password": "压缩包有密码保护",
    "unpack it with the password and give the files": "请用密码解压后再试",
    "holds pictures only, no text: it needs OCR": "只有图片没有文字：需要 OCR 文字识别",
    "its fonts do not say which characters they show: it needs OCR": "字体没有字符编码，文字无法提取：需要 OCR 文字识别",
    "its fonts are neither in the file nor installed, so that text would be lost": "字体既未嵌入也未安装，文字会丢失",
    "install Chinese fonts, or print it to a PDF with its fonts": "请安装中文字体，或重新打印为嵌入字体的 PDF",
    "{} single characters in the font {}, which is neither in the file nor installed, may be missing": "可能缺少 {} 个单独的字：字体 {} 既未嵌入也未安装",
    "page {} holds a picture and no text: it needs OCR": "第 {} 页只有图片没有文字：需要 OCR 文字识别",
    "the document holds no text": "文档中没有文字",
    "the PDF is cut short: its end is missing": "PDF 不完整：缺少结尾",
    "the PDF library failed on it (status {})": "PDF 组件无法处理此文件（状态 {}）",
    "print it to a new PDF, or save its text as .txt": "请重新打印成 PDF，或把文字另存为 .txt",
    "has more than {} pages": "超过 {} 页",
    "needs more memory than allowed": "所需内存超过允许的范围",
    "took longer than {} seconds to read": "读取超过 {} 秒",
    "holds {} entries, more than {}": "含 {} 个条目，超过 {} 个",
    "split the archive": "请拆分压缩包",
    "is a link inside an archive": "是压缩包中的链接",
    "pack the file itself": "请打包文件本身",
    "unpacks to more than {} times its size: a zip bomb": "解压后超过原大小的 {} 倍：疑似压缩炸弹",
    "unpacks to more than {} bytes": "解压后超过 {} 字节",
    "unpack it and give single files": "请解压后逐个提供",
    "cannot be unpacked: {}": "无法解压：{}",
    "archives lie inside each other more than {} deep": "压缩包嵌套超过 {} 层",
    "unpack the inner one": "请解开内层压缩包",
    "no report in the archive": "压缩包中没有报告",
    "an archive is searched for the formats that a folder is": "压缩包与文件夹查找相同的格式",
    "its path leads out of the archive": "路径指向压缩包之外",
    "do not unpack it": "请勿解压",
    "holds more than one report": "含有多份报告",
    "`dudao tag` and `read_documents` read them all": "`dudao tag` 和 `read_documents` 可全部读取",
    "a {} is no report": "{} 不是报告",
    "give a path, bytes or a binary file object": "请提供路径、字节或二进制文件对象",
    "declares XML entities or a document type, which no Word or OFD file does": "声明了 XML 实体或文档类型，正常的 Word 或 OFD 文件不会这样",
    "has more than {} XML nodes": "XML 节点超过 {} 个",
    "nests XML deeper than {} levels": "XML 嵌套超过 {} 层",
    "nests tags deeper than any browser shows": "标签嵌套过深",
    "its XML is damaged": "其中的 XML 已损坏",
    "open it in Word or WPS and save it again": "请用 Word 或 WPS 打开后重新保存",
    "a part of the OFD document is missing": "OFD 文档缺少部分内容",
    "is read by LibreOffice, which is not installed": "需要 LibreOffice 才能读取，但未安装",
    "install LibreOffice, or save the file as .docx in Word or WPS": "请安装 LibreOffice，或用 Word、WPS 另存为 .docx",
    "LibreOffice cannot convert it": "LibreOffice 无法转换此文件",
    "open it in Word or WPS and save it as .docx": "请用 Word 或 WPS 打开后另存为 .docx",
    "a web page of more than {} bytes": "网页超过 {} 字节",
    "holds more than {} parts": "包含的部分超过 {} 个",
    "save the page as .html and give that": "请把网页另存为 .html 后再试",
    "the web archive holds no page": "网页归档中没有网页",
    "an embedded document is not read": "嵌入的文档未读取",
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
