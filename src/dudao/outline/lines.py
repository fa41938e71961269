"""Physical lines to logical ones: what is page furniture, what a wrapped line continues.

Furniture is known by what it says (`_FURNITURE`) and, around the report's own first and last line, by where it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dudao.outline.clauses import strip_span

_LINE = re.compile(r"[^\r\n\x0b\x0c\x85\u2028\u2029]+")
_DATE = r"(?:[12][0-9]{3}|[二〇○零O]{1,2}[一二三四五六七八九〇○零O]{2,3})\s*[-/.年]\s*[0-9一二三四五六七八九十]{1,3}\s*[-/.月]\s*[0-9一二三四五六七八九十]{1,3}\s*日?"
DATE_LINE = re.compile(rf"[(（]?\s*{_DATE}(?:\s+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?)?\s*[)）]?")

# Whole lines only, and short ones (`_LONGEST_FURNITURE`): the same words in a sentence are text.
_FURNITURE = re.compile(
    r"(?:"
    r"工具条.*|繁體?体?版?|繁体中文|简体(?:中文|版)?|簡體(?:中文|版)?|English|无障碍.*|長者.*|长者(?:模式|助手)|适老.*|智能(?:问答|机器人)|[Aa][+-]?"
    r"|【?\s*(?:打印|列印)(?:本页|此页|本頁)?\s*】?|【?\s*关闭(?:窗口|本页)?\s*】?|(?:【?\s*(?:打印|关闭|收藏|分享|字体[大中小]?|大|中|小)\s*】?[\s|｜]*){2,}"
    r"|【?\s*(?:字体|字號|字号|字体大小|視力保護色|视力保护色)\s*[:：].*|分享(?:到|至)?\s*[:：]?.*|收藏(?:本页)?"
    r"|(?:信息|文章|稿件|文件)?(?:来源|來源|出处)\s*[:：].*|(?:发布|發佈|發布|发表|更新|生成|公开|成文|发文|撰写)(?:时间|時間|日期|機關|机关|机构|单位|字号)\s*[:：]?.*"
    r"|(?:浏览|瀏覽|点击|阅读|访问|閱讀)(?:次数|量|数|率|人次)?\s*[:：]?\s*\[?[0-9次 ]*\]?|(?:作者|编辑|责任编辑|責任編輯|责编|审核|审稿|校对|签发|录入|供稿|发布人|信息员|初审|终审|监制)\s*[:：].{0,30}"
    r"|(?:索引号?|索 ?引 ?号|主题(?:分类|词)|信息(?:分类|索引|类别|名称)|文\s*号|发文字号|有\s*效\s*性|公开(?:方式|范围|属性|类型|形式|责任部门)|体裁(?:分类)?|组配分类|所属机构|文件编号|名\s*称|关键词|内容概述|有效期)\s*[:：].{0,60}"
    r"|网站(?:地图|声明|首页|导航|标识码|支持IPv6).*|(?:联系|关于)我们|版权(?:所有|声明).*|(?:主办|承办|协办|指导|建设|运维|技术支持|制作)(?:单位|维护)?\s*[:：].*|技术支持.*"
    r"|(?:联系|咨询|举报|监督|值班|办公|投诉)?(?:电话|传真|邮箱|邮编|邮政编码|地址|E-?mail)\s*[:：].*|.{0,30}(?:ICP备|公网安备|网安备|网站标识码|网站识别码|备案号|京公网).*|Copyright.*|©.*"
    r"|扫一?扫.{0,30}|(?:关注)?(?:官方)?(?:微信|微博|公众号|抖音|政务新媒体|客户端|手机版|手机端|移动版)(?:公众号|二维码|矩阵)?|返回(?:顶部|首页|上一页|列表)|回到顶部|TOP|Top"
    r"|(?:当前|您的?(?:现在)?(?:所在)?|您现在的?)(?:所在)?(?:位置|栏目)\s*[:：是].*|首\s*页\s*(?:[>＞»›/|\\→-]|&gt;|\s{2,}).*|[^。]{0,20}(?:\s*[>＞»›]\s*[^。>＞»›]{1,20}){2,}|[>＞»›].{0,30}"
    r"|(?:上|下)一(?:篇|条|页)\s*[:：]?.*|(?:相关|推荐|热门|延伸)(?:文章|链接|阅读|新闻|附件|信息|稿件|报道|文档)\s*[:：]?.*|友情链接.*|(?:附件|附件下载|下载)\s*[0-9一二三四五六七八九十]*\s*[:：.]?\s*(?:.{0,60}\.(?:docx?|xlsx?|pdf|wps|et|ofd|zip|rar)(?:\s*[(（].{0,20}[)）])?)?"
    r"|登录|注册|用户登录|搜索|检索|导航|政府信息公开(?:目录|指南|年报|制度)?|依申请公开|政务公开|政务服务|互动交流|走进.{2,5}|新闻(?:中心|动态)|首页"
    r"|[-—－–·\s]*(?:第\s*)?[0-9]{1,4}(?:\s*页)?[-—－–·\s]*|第\s*[0-9]{1,4}\s*页\s*[,，/]?\s*共\s*[0-9]{1,4}\s*页|[0-9]{1,3}\s*/\s*[0-9]{1,3}|Page\s+[0-9]+.*|[-=_*—~·.…\s]{3,}"
    r")\s*"
)
_LONGEST_FURNITURE = 120

# Lines as wide as this, most of them unfinished, come from a page that was broken into lines.
_WRAP_WIDTHS = (14, 60)
_WRAP_SHARE = 0.6
_SENTENCE_END = frozenset("。！？；!?;：:")


@dataclass(frozen=True, slots=True)
class Line:
    """A line's span without blank ends, and how many blanks stood before it."""

    start: int
    end: int
    indent: int


def physical_lines(text: str) -> list[Line]:
    """Every line that holds something."""
    lines = []
    for match in _LINE.finditer(text):
        span = strip_span(text, match.start(), match.end())
        if span is not None:
            lines.append(Line(*span, indent=span[0] - match.start()))
    return lines


def is_furniture(line: str) -> bool:
    """Whether a line is a web page's or a printed page's, not the report's."""
    # Furniture is labels and links: what ends like a sentence is the report's ("技术支持由县电教中心提供。").
    return len(line) <= _LONGEST_FURNITURE and line[-1:] not in "。；" and _FURNITURE.fullmatch(line) is not None


def wrap_width(text: str, lines: list[Line]) -> int | None:
    """The width at which the text was broken into lines, in characters; None where it was not."""
    lengths = sorted(line.end - line.start for line in lines)
    if len(lengths) < 8:
        return None
    width = lengths[int(len(lengths) * 0.9)]
    if not _WRAP_WIDTHS[0] <= width <= _WRAP_WIDTHS[1] or lengths[-1] > width * 1.6 + 4:
        return None
    full = [line for line in lines if line.end - line.start >= width - 4]
    unfinished = sum(text[line.end - 1] not in _SENTENCE_END for line in full)
    return width if len(full) >= _WRAP_SHARE * len(lines) * 0.8 and unfinished >= _WRAP_SHARE * len(full) else None


def join_wrapped(text: str, lines: list[Line], starts_block: re.Pattern[str]) -> list[Line]:
    """Put lines that were broken at a fixed width together again.

    A line continues the one before it where that one is full and unfinished, or ends a sentence exactly at the border while
    the next one is neither indented nor numbered.
    """
    width = wrap_width(text, lines)
    if width is None:
        return lines
    usual_indent = sorted(line.indent for line in lines)[len(lines) // 2]
    joined: list[Line] = []
    previous: Line | None = None
    for line in lines:
        continues = (
            previous is not None
            and previous.end - previous.start >= width - 4
            and line.indent <= usual_indent
            and not starts_block.match(text, line.start, line.end)
            and not is_furniture(text[line.start : line.end])
            and not DATE_LINE.fullmatch(text, line.start, line.end)
        )
        if continues:
            joined[-1] = Line(joined[-1].start, line.end, joined[-1].indent)
        else:
            joined.append(line)
        previous = line
    return joined
