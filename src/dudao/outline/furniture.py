"""What is a web page's or a printed page's and not the report's, and what a line that holds a date looks like."""

from __future__ import annotations

from dudao.patterns import holds, later

_YEAR = r"(?:[12][0-9]{3}|[二〇○零O]{1,2}[一二三四五六七八九〇○零O]{2,3})\s*"
_NUMERALS = r"\s*[0-9一二三四五六七八九十]{1,3}\s*"
_DAY = rf"[-/.年]{_NUMERALS}[-/.月]{_NUMERALS}日?"
_MONTH = rf"年{_NUMERALS}月"
_CLOCK = r"(?:\s+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
DATE_LINE = later(rf"[(（]?\s*{_YEAR}(?:{_DAY}{_CLOCK}|{_MONTH}(?:\s*日)?)\s*[)）]?")
DATE_AT_END = later(rf"[(（]?\s*{_YEAR}(?:{_DAY}|{_MONTH})\s*[)）]?$")
# With what dates begin and end, and one of what each holds.
_DATE_BEGINS = frozenset("(（12二〇○零O")
_DATE_ENDS = frozenset("日月)）0123456789一二三四五六七八九十")
_DATE_MARKS = "年-/."

# Whole lines only, and short ones (`_LONGEST_FURNITURE`): the same words in a sentence are text. In what repeats, white space can
# match in one place only: with two, one of 33 characters took ten seconds.
_LABEL = later(
    r"(?:"
    r"工具条.*|繁體?体?版?|繁体中文|简体(?:中文|版)?|簡體(?:中文|版)?|English|无障碍.*|長者.*|长者(?:模式|助手)|适老.*|智能(?:问答|机器人)|[Aa][+-]?"
    r"|【?\s*(?:打印|列印)(?:本页|此页|本頁)?\s*】?|【?\s*关闭(?:窗口|本页)?\s*】?|(?:[\s|｜【】]*(?:打印|关闭|收藏|分享|字体|大|中|小)){2,}[\s|｜【】]*"
    r"|【?\s*(?:字体|字號|字号|字体大小|視力保護色|视力保护色)\s*[:：].*|分享(?:到|至)?\s*[:：]?.*|收藏(?:本页)?"
    r"|(?:信息|文章|稿件|文件)?(?:来源|來源|出处)\s*[:：].*|(?:发布|發佈|發布|发表|更新|生成|公开|成文|发文|撰写)(?:时间|時間|日期|機關|机关|机构|单位|字号)\s*[:：]?.*"
    r"|(?:浏览|瀏覽|点击|阅读|访问|閱讀)(?:次数|量|数|率|人次)?\s*[:：]?\s*\[?[0-9次 ]*\]?|(?:作者|编辑|责任编辑|責任編輯|责编|审核|审稿|校对|签发|录入|供稿|发布人|信息员|初审|终审|监制)\s*[:：].{0,30}"
    r"|(?:索引号?|索 ?引 ?号|主题(?:分类|词)|信息(?:分类|索引|类别|名称)|文\s*号|发文字号|有\s*效\s*性|公开(?:方式|范围|属性|类型|形式|责任部门)|体裁(?:分类)?|组配分类|所属机构|文件编号|名\s*称|关键词|内容概述|有效期)\s*[:：].{0,60}"
    r"|网站(?:地图|声明|首页|导航|标识码|支持IPv6).*|(?:联系|关于)我们|版权(?:所有|声明).*|(?:主办|承办|协办|指导|建设|运维|技术支持|制作)(?:单位|维护)?\s*[:：].*|技术支持.*"
    r"|(?:联系|咨询|举报|监督|值班|办公|投诉)?(?:电话|传真|邮箱|邮编|邮政编码|地址|E-?mail)\s*[:：].*|.{0,30}(?:ICP备|公网安备|网安备|网站标识码|网站识别码|备案号|京公网).*|Copyright.*|©.*"
    r"|扫一?扫.{0,30}|(?:关注)?(?:官方)?(?:微信|微博|公众号|抖音|政务新媒体|客户端|手机版|手机端|移动版)(?:公众号|二维码|矩阵)?|返回(?:顶部|首页|上一页|列表)|回到顶部|TOP|Top"
    r"|(?:当前|您的?(?:现在)?(?:所在)?|您现在的?)(?:所在)?(?:位置|栏目)\s*[:：是].*|首\s*页\s*(?:[>＞»›/|\\→-]|&gt;|\s{2,}).*|[^。>＞»›]{0,20}(?:[>＞»›][^。>＞»›]{1,22}){2,}|[>＞»›].{0,30}"
    r"|(?:上|下)一(?:篇|条|页)\s*[:：]?.*|(?:相关|推荐|热门|延伸)(?:文章|链接|阅读|新闻|附件|信息|稿件|报道|文档)\s*[:：]?.*|友情链接.*|(?:附件|附件下载|下载)\s*[0-9一二三四五六七八九十]*\s*[:：.]?\s*(?:.{0,60}\.(?:docx?|xlsx?|pdf|wps|et|ofd|zip|rar)(?:\s*[(（].{0,20}[)）])?)?"
    r"|(?:日期|时间)\s*[:：]\s*[12][0-9]{3}.*|(?:上传|实施|施行)(?:日期|时间)\s*[:：].*|文件(?:名称|编号)\s*[:：].*|格式\s*[:：].{0,40}|电子邮箱\s*[:：].*"
    r"|(?:通信|通讯|联系|办公)地址\s*[:：].*|公示电话\s*[:：].*"
    r"|登录|注册|用户登录|搜索|检索|导航|政府信息公开(?:目录|指南|年报|制度)?|依申请公开|政务公开|政务服务|互动交流|走进.{2,5}|新闻(?:中心|动态)|首页|Page\s+[0-9]+.*"
    r")\s*"
)
# What a label can begin with, or must hold: most lines of a report do neither, and one that does takes 4 ms to compile.
_LABEL_BEGINS = frozenset(
    ">ACEPTa|©»›【】上下中主举互传体作來供依信值公关内出分列初制办协友发名咨回地大字官实审客导小工延建当录微您成所手打扫承技投抖指推搜撰收政文新施无日时智更有来校格检注浏瀏点热版生用电登發监相移稿签简簡索繁组终编网联視视访責责走运返适通邮長长閱阅附首＞｜"
)
_LABEL_MARKS = (">", "＞", "»", "›", "ICP备", "安备", "备案号", "网站标识码", "网站识别码", "京公网")
# Page numbers, a page's own line of date and number, rules.
_PAGE_NUMBER = later(
    r"(?:"
    r"[-—－–·\s]*(?:第\s*)?[0-9]{1,4}(?:\s*页)?[-—－–·\s]*|第\s*[0-9]{1,4}\s*页\s*[,，/]?\s*共\s*[0-9]{1,4}\s*页|[0-9]{1,3}\s*/\s*[0-9]{1,3}|[-=_*—~·.…\s]{3,}"
    r"|[12][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}\s+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\s+[0-9]{1,7}"
    r")\s*"
)
_PAGE_NUMBER_BEGINS = frozenset("0123456789第-—－–·=_*~.…")
_PAGE_NUMBER_ENDS = frozenset("0123456789页-—－–·=_*~.…")
_LONGEST_FURNITURE = 120
_BULLETS = "•●▪◆■"  # labels of a page can be a list


def is_furniture(line: str) -> bool:
    """Whether a line is a web page's or a printed page's, not the report's."""
    # Furniture is labels and links: what ends like a sentence is the report's ("技术支持由县电教中心提供。").
    if len(line) > _LONGEST_FURNITURE or line[-1:] in "。；":
        return False
    if line[0] in _BULLETS:
        line = line[1:].lstrip()
    first, last = line[:1], line[-1:]
    blank = first.isspace()
    numbered = (blank or first in _PAGE_NUMBER_BEGINS) and (last in _PAGE_NUMBER_ENDS or last.isspace())
    labelled = blank or first in _LABEL_BEGINS or any(mark in line for mark in _LABEL_MARKS)
    return (numbered and _PAGE_NUMBER.fullmatch(line) is not None) or (labelled and _LABEL.fullmatch(line) is not None)


def is_date(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is a date and nothing else."""
    begins = text[start] in _DATE_BEGINS or text[start].isspace()
    return begins and holds(text, start, end, _DATE_MARKS) and DATE_LINE.fullmatch(text, start, end) is not None


def date_at_end(text: str, start: int, end: int) -> int | None:
    """Where the date begins with which ``text[start:end]`` ends; None where it ends with none."""
    ends = text[end - 1] in _DATE_ENDS or text[end - 1].isspace()
    found = DATE_AT_END.search(text, start, end) if ends and holds(text, start, end, _DATE_MARKS) else None
    return found.start() if found else None
