"""What PDF and OFD pages are made of, and the characters that stand for others in them."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class Glyph(NamedTuple):
    """A character and its box; ``y`` grows downwards, in any unit."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float


# CJK Radicals Supplement, each before the character it looks like (Unicode's EquivalentUnifiedIdeograph). Fonts of some PDF
# producers map 长, 民, 见 to these; NFKC knows only two of them, and the Kangxi block as a whole.
_PAIRS = (
    "⺀冫 ⺁厂 ⺂乛 ⺃乚 ⺄乙 ⺅亻 ⺆冂 ⺇几 ⺈刀 ⺉刂 ⺊卜 ⺋㔾 ⺌小 ⺍小 ⺎兀 ⺏尣 ⺐尢 ⺑尣 ⺒巳 ⺓幺 ⺔彑 ⺕彐 ⺖忄 ⺗㣺 ⺘扌 ⺙攵 ⺛旡 ⺜日 ⺝月 ⺞歺 ⺟母 ⺠民 "
    "⺡氵 ⺢氺 ⺣灬 ⺤爫 ⺥爫 ⺦丬 ⺧牛 ⺨犭 ⺩王 ⺪疋 ⺫目 ⺬示 ⺭礻 ⺮竹 ⺯糹 ⺰纟 ⺱罓 ⺲罒 ⺳㓁 ⺴罒 ⺵网 ⺶羊 ⺷羊 ⺸羊 ⺹耂 ⺺聿 ⺻聿 ⺼月 ⺽臼 ⺾艹 ⺿艹 ⻀艹 "
    "⻁虎 ⻂衤 ⻃西 ⻄西 ⻅见 ⻆角 ⻇角 ⻈讠 ⻉贝 ⻊足 ⻋车 ⻌辶 ⻍辶 ⻎辶 ⻏阝 ⻐钅 ⻑長 ⻒镸 ⻓长 ⻔门 ⻕阜 ⻖阝 ⻗雨 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻞飠 ⻟飠 ⻠饣 ⻡首 "
    "⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻫齐 ⻬齐 ⻭齿 ⻮齿 ⻯龙 ⻰龙 ⻱龟 ⻲龟 ⻳龟"
)
_RADICALS = {pair[0]: pair[1] for pair in _PAIRS.split()}
_LIGATURES = range(0xFB00, 0xFB07)


def readable(char: str) -> str:
    """The character that a page shows: radicals and compatibility forms of Han characters as the plain ones, controls as nothing."""
    code = ord(char[0])
    if code < 0x20 or 0x7F <= code < 0xA0 or code in {0xAD, 0xFEFF, 0xFFFE, 0xFFFF} or 0xD800 <= code < 0xE000:
        return " " if char in "\t\n\r" else ""
    if 0x2E80 <= code <= 0x2EF3:
        return _RADICALS.get(char, char)
    # Elsewhere NFKC would turn ① into 1 and （ into (, which the outline must tell apart.
    if 0x2F00 <= code <= 0x2FD5 or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F or code in _LIGATURES:
        return unicodedata.normalize("NFKC", char)
    return char


def is_private(char: str) -> bool:
    """Whether a character says nothing: one of a font's own, or a replacement."""
    return char == "\ufffd" or unicodedata.category(char) in {"Co", "Cn"}
