"""Here lives how a day is said in Chinese: 明天, 下周三, 11月25日, 下个月1号, 月底, 三天后.

周三 is the next one that comes, 这周三 the one of this week, 下周三 of the next. 下周 alone is its Monday, 下个月 its
first day. A date without a year is the next one that comes. 周三福 and 周三福总 are people: after 周 and a numeral a
single letter that begins no verb, or one letter and a title, makes a name of it. 周三福回电 is read as Wednesday.
"""

import re
from datetime import date

from domain.days import (
    Unit,
    dated,
    end_of_month,
    end_of_named_month,
    fixed,
    in_month,
    lapse,
    later,
    monthless,
    weekday,
    yearless,
)
from domain.pieces import HAN, HEAD, NUMERALS, START, Day, Habit, Part, Piece, Rule, number

RELATIVE = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
NTH = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
YEARS = {"前": -2, "去": -1, "今": 0, "明": 1, "后": 2}
WEEKDAYS = {**{said: at for at, said in enumerate("一二三四五六日")}, "天": 6, "末": 5}
UNITS: dict[str, Unit] = {
    **dict.fromkeys(("分钟", "分", "刻钟"), "minute"),
    **dict.fromkeys(("小时", "钟头"), "hour"),
    **dict.fromkeys(("天", "日"), "day"),
    **dict.fromkeys(("周", "星期", "礼拜"), "week"),
    "月": "month",
    "年": "year",
}

QUARTER = 15

NUMBER = rf"(?:[0-9]{{1,2}}|[{NUMERALS}]{{1,3}})"
AMOUNT = rf"(?P<n>[0-9]{{1,9}}(?:\.5)?|半|[{NUMERALS}百]{{1,5}})(?:个?(?P<half>半)| ?个)? ?"
LONG = "刻钟|小时|钟头|分钟|天|周|星期|礼拜|(?<=[个半])月|(?<=[个半] )月|年"
NAMED = "周|星期|礼拜"
# 联系一下周三, 晚上周三: 下 and 上 belong to the word before.
WHICH = r"(?P<which>(?<!一)下{1,2}|(?<![早晚线马网加])上{1,2}|[这本])个?"
VERBS = "见谈回前后聊去来到打约拜访看交发做再等给签付送催问办会内早中晚下上的了吧开有在午起跟补寄取拿试吃电之以或和"
TITLES = "先生|女士|小姐|经理|老师|主任|总|董|工|哥|姐"
PERSON = rf"(?![{VERBS}]){HAN}(?:{TITLES}|(?!{HAN}))"
NUMBERED = "[楼线店门桌院机库房馆厅口位车柜台会公产型商仓码客员工样内游均夜报子词令]"
COUNTED = "[个万千百人次单元块点%.折台套件家条分页米岁]"


def _near(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (fixed(later(today, RELATIVE[found["day"]])),)


def _near_part(found: re.Match[str], today: date) -> tuple[Piece, ...]:
    return (*_near(found, today), Part("morning" if found["part"][0] == "早" else "evening"))


def _weekday(found: re.Match[str], today: date) -> tuple[Day, ...]:
    said = found["weekday"]
    return (weekday(today, int(said) - 1 if said.isdigit() else WEEKDAYS[said], NTH.get(found["which"])),)


def _week(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (fixed(*weekday(today, 0, NTH[found["which"]]).dates),)


def _month(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (in_month(today, NTH[found["which"]], number(found["day"] or "1")),)


def _day_of_month(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (monthless(today, number(found["day"])),)


def _place_in_month(found: re.Match[str], today: date) -> tuple[Day, ...]:
    start, nth = found["place"] == "初", NTH.get(found["which"])
    if said := found["month"]:
        return (yearless(today, number(said), 1) if start else end_of_named_month(today, number(said)),)
    if start:
        return (monthless(today, 1) if nth is None else in_month(today, nth, 1),)
    return (end_of_month(today, nth),)


def _end_of_year(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (dated(today.year + YEARS[found["year"] or "今"], 12, 31),)


def _date(found: re.Match[str], today: date) -> tuple[Day, ...]:
    month, day, year = number(found["month"]), number(found["day"]), found["year"]
    if not year:
        return (yearless(today, month, day),)
    return (dated(today.year + YEARS[year] if year in YEARS else number(year), month, day),)


def _later(found: re.Match[str], today: date) -> tuple[Piece, ...]:
    return _lapse(found, today, 1)


def _ago(found: re.Match[str], today: date) -> tuple[Piece, ...]:
    return _lapse(found, today, -1)


def _lapse(found: re.Match[str], today: date, sign: int) -> tuple[Piece, ...]:
    said = found["n"]
    whole = 0 if said == "半" else number(said.removesuffix(".5"))
    halves = whole * 2 + (said == "半" or said.endswith(".5") or bool(found["half"]))
    unit = found["unit"]
    piece = lapse(today, sign * halves * (QUARTER if unit == "刻钟" else 1), UNITS[unit])
    return (piece,) if piece else ()


def _habit(_: re.Match[str], __: date) -> tuple[Piece, ...]:
    return (Habit(),)


CHINESE_DAYS: tuple[Rule, ...] = (
    Rule(rf"每个?(?:{NAMED})[一二三四五六日天末1-7]?|每个?月(?:{NUMBER}[号日])?|每(?:[天日早晚年]|个?工作日)", _habit),
    Rule(rf"(?:{NAMED})[一二三四五六日天] ?[到至~-] ?(?:{NAMED})?[一二三四五六日天末]", _habit),
    Rule(rf"{START}{AMOUNT}(?P<unit>{LONG}|分|日)(?:之后|以后|过后|后(?!天))", _later),
    Rule(rf"(?:再|(?<![超不通经]))过 ?{AMOUNT}(?P<unit>{LONG})(?!前)", _later),
    Rule(rf"{START}{AMOUNT}(?P<unit>{LONG})(?:之前|以前|前)", _ago),
    Rule(
        rf"(?:{HEAD}(?P<year>[0-9]{{4}}|[0-9]{{2}}|[{NUMERALS}]{{4}}|[前去今明后]) ?年 ?)?"
        rf"(?:(?<=年)|(?<=年 )|{START})(?P<month>{NUMBER}) ?月份? ?"
        rf"(?P<day>{NUMBER})(?: ?[号日](?!{NUMBERED})|(?![0-9{NUMERALS}]|{COUNTED}))",
        _date,
    ),
    Rule(rf"(?:{WHICH}|{START}(?P<month>{NUMBER}) ?)?月(?P<place>[初底末])", _place_in_month),
    Rule(r"(?P<year>[去今明])?年[底末]", _end_of_year),
    Rule(rf"{WHICH}月(?:份?的? ?(?P<day>{NUMBER}) ?[号日])?", _month),
    Rule(rf"{WHICH}(?:{NAMED})(?P<weekday>[一二三四五六日天末]|[1-7](?![0-9.:/点时天日月年个%]))", _weekday),
    Rule(
        rf"(?<![0-9几半各双{NUMERALS}])(?P<which>(?!))?(?:周(?P<weekday>[一二三四五六日天末](?!{PERSON})"
        r"|[1-7](?![0-9.:/点时天日月年个%])))",
        _weekday,
    ),
    Rule(rf"(?<![0-9几半各双个{NUMERALS}])(?P<which>(?!))?(?:星期|礼拜)(?P<weekday>[一二三四五六日天])", _weekday),
    Rule(r"(?P<which>(?<!一)下{1,2}|(?<![早晚线马网加])上{1,2})个?(?:周(?![期年边转围到密岁])|星期|礼拜)", _week),
    Rule(r"(?P<day>[今明昨])(?P<part>晚上|早上|[晚早夜])(?![点些]|一[点些])", _near_part),
    Rule(r"(?<![之以目当提])(?P<day>大前|大后|(?<![眼先然最今])[前后]|[昨今明])天", _near),
    Rule(r"(?P<day>[昨今明])(?:日(?!头条|资讯)|儿)", _near),
    Rule(
        rf"{START}(?<![路街道巷弄里镇村区])"
        rf"(?P<day>[12]?[0-9]|3[01]|[{NUMERALS}]{{1,3}}(?= ?号)|[二三]?十[一二三四五六七八九]?)"
        rf" ?[号日](?!{NUMBERED})",
        _day_of_month,
    ),
)
