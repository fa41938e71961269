"""Texts that must do no harm in any output; each stands for a way in which pages and tables were broken before."""

from __future__ import annotations

HOSTILE = {
    "script": "学校<script>window.harmed=1</script>经费足额拨付。",
    "end of script": "教师</script><script>window.harmed=1</script>培训。<!-- <script>",
    "picture": "食堂<img src=x onerror='window.harmed=1'>检查到位。",
    "attribute": "\"' onmouseover=window.harmed=1 x='经费到位。",
    "link": '<a href="javascript:window.harmed=1">校园安全</a>。',
    "remote": "<link rel=stylesheet href=https://example.org/x.css><img src='https://example.org/x.png'>学前教育。",
    "template": "{{ 7*7 }}{% raw %}${7*7}教师工资按时发放。",
    "entity": "&lt;b&gt;&amp;经费&#0;到位。",
    "formula": "=cmd|' /C calc'!A0 教师培训。",
    "plus": "+1+1 经费。",
    "minus": "-1-1 经费。",
    "at": "@SUM(A1) 经费。",
    "bidi": "教育\u202e经费\u2066投入\u200f到位\u061c。",
    "emoji": "校园👩‍👩‍👧‍👦足球🏴󠁧󠁢󠁥󠁮󠁧󠁿开展🇨🇳。",
    "rare": "𠮷田𪚥小学㐂与\U0002ebf0\U00030edd中心校达标。",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢教师。",
    "separators": "经费\u2028投入\u2029到位\x85。",
    "controls": "经费\x01\x08\x0b\x1b[31m到位\x7f。",
    "no characters": "经费\x00\ud800到\udc00位\uffff\x9b。",
    "invisible": "经\u200b费\ufeff投\u00ad入\u2060到位。",
}
