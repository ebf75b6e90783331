"""Here lives how a time of day is said, in Chinese and English: 下午3点半, 十点一刻, 14:30, 3pm, noon, 晚上.

What the language leaves open is decided so, because shops and offices are open by day: an hour from 1 to 6 without
上午, 下午, am or pm is in the afternoon, unless it is written like a clock (03:00, 03点). 晚上12点 and 24点 are the
end of that day, 凌晨12点 its beginning, 晚上1点 the early hours after it.
"""

import re
from datetime import date

from domain.pieces import HEAD, NUMERALS, START, TAIL, Clock, Part, PartOfDay, Piece, Rule, number

NOON = 12
LAST_HOUR, LAST_MINUTE = 24, 59
DAY = 24 * 60
BUSINESS = range(1, 7)  # hours that are taken for the afternoon
MOST = 29  # 25点 is a slip, 30点 a score

# The times that a part of a day stands for when no hour is said: the first that still lies ahead.
TIMES: dict[PartOfDay, tuple[int, ...]] = {
    "dawn": (6 * 60,),
    "morning": (9 * 60, 11 * 60),
    "noon": (NOON * 60,),
    "afternoon": (14 * 60, 17 * 60),
    "dusk": (18 * 60,),
    "evening": (20 * 60, 22 * 60, DAY - 1),
    "night": (23 * 60,),
}
PARTS: dict[str, PartOfDay] = {
    **dict.fromkeys(("凌晨", "清晨"), "dawn"),
    **dict.fromkeys(("早上", "早晨", "上午", "早", "morning"), "morning"),
    **dict.fromkeys(("中午", "正午", "noon"), "noon"),
    **dict.fromkeys(("下午", "午后", "afternoon"), "afternoon"),
    **dict.fromkeys(("傍晚",), "dusk"),
    **dict.fromkeys(("晚上", "晚间", "夜里", "夜间", "晚", "evening", "night"), "evening"),
    **dict.fromkeys(("半夜", "深夜"), "night"),
}

NOUNS = "建议|意见|要求|问题|原因|需求|想法|说明|疑问|理由|好处|优势|总结|内容|希望|方案|一线|[击评赞名菜头心子儿]"
# 三点五 is a number with a fraction, 三点五十 a time, 三点五个人 five people at three.
COUNTED = "[个位人家]"
FRACTION = (
    rf"[0-9零〇二三四五六七八九十](?![0-9{NUMERALS}]{{0,3}}{COUNTED})|一(?![起个定下同会直场次家位])|[候间机效区段常]"
)
MINUTE = rf"(?:[0-9]{{2}}|[0-9](?= ?分)|零[{NUMERALS}]|[二三四五]?十[一二三四五六七八九]?|[{NUMERALS}](?= ?分))"
HOUR = rf"(?P<hour>[0-2]?[0-9]|[{NUMERALS}]{{1,3}})"
# 一点 is "a little" unless what stands next to it says otherwise.
LITTLE = r"一点(?![半钟整]|[一三]刻|[零十二三四五].?[分十])"
ONE = (
    r"(?:(?<=上午|下午|中午|凌晨|晚上|早上|半夜)|(?<=[午晨上夜] )|(?<=[周期拜][一二三四五六日天])"
    r"|(?<=[今明后]天)(?=一点(?:[^\u4e00-\u9fff]|[开见到打回去来约]|\Z)))"
)


def minutes_of(clock: Clock, part: Part | None) -> int | None:
    """Minutes after the midnight that begins the day; None where there is no such time."""
    if clock.minute > LAST_MINUTE or clock.hour * 60 + clock.minute > LAST_HOUR * 60:
        return None
    hour = _hour(clock, part.name if part else None)
    return None if hour is None else hour * 60 + clock.minute


def _hour(clock: Clock, part: PartOfDay | None) -> int | None:
    hour = clock.hour
    match part:
        case None:
            return hour + NOON if hour in BUSINESS and not clock.sure else hour
        case "dawn" | "morning":
            return None if hour > NOON else 0 if hour == NOON and part == "dawn" else hour
        case "noon":
            return hour + NOON if hour in range(1, 4) else hour if hour in range(10, 15) else None
        case "afternoon" | "dusk":
            return hour + NOON if hour in range(1, NOON) else hour if hour in range(NOON, 20) else None
        case "evening" | "night":
            return _late(hour)


def _late(hour: int) -> int | None:
    if hour in (0, NOON, LAST_HOUR):
        return LAST_HOUR
    if hour in range(1, 5):
        return hour + LAST_HOUR
    return hour + NOON if hour < NOON else hour if hour > NOON + 4 else None


def _chinese(found: re.Match[str], _: date) -> tuple[Piece, ...]:
    hour = number(found["hour"])
    if hour > MOST:
        return ()
    minute = 30 if found["half"] else number(found["quarter"] or "0") * 15 or number(found["minute"] or "0")
    return (Clock(hour, minute, sure=hour > NOON or found["hour"][0] in "0零"),)


def _one(_: re.Match[str], __: date) -> tuple[Piece, ...]:
    return (Clock(1),)


def _written(found: re.Match[str], _: date) -> tuple[Piece, ...]:
    hour = int(found["hour"])
    return (Clock(hour, int(found["minute"]), sure=hour > NOON or found["hour"][0] == "0"),)


def _halved(found: re.Match[str], _: date) -> tuple[Piece, ...]:
    """With am or pm; 15:00 pm is what it says, 13 am is no hour."""
    hour, minute, evening = int(found["hour"]), int(found["minute"] or 0), found["half"].lower() == "p"
    if hour > NOON:
        hour = hour if evening else LAST_HOUR + 1
    elif hour == NOON or evening:
        hour = hour % NOON + NOON * evening
    return (Clock(hour, minute, sure=True),)


def _part(found: re.Match[str], _: date) -> tuple[Piece, ...]:
    word = found["part"].lower()
    if len(word) == 1:
        return (Part(PARTS[word], "never"),)
    if word.isascii():
        return (Part(PARTS[word], "next" if found["within"] else "never"),)
    return (Part(PARTS[word], "next" if PARTS[word] == "noon" else "today"),)


def _end(found: re.Match[str], _: date) -> tuple[Piece, ...]:
    return (Clock(NOON if found[0].lower() == "noon" else LAST_HOUR, sure=True),)


def _spoken(found: re.Match[str], _: date) -> tuple[Piece, ...]:
    return (Clock(int(found["hour"]), needs_day=found["oclock"] is None),)


CLOCKS: tuple[Rule, ...] = (
    Rule(
        rf"{HEAD}(?P<hour>[0-2]?[0-9])(?:[:.](?P<minute>[0-9]{{2}})(?::[0-9]{{2}})?)? ?"
        rf"(?P<half>[ap])(?:m|\.m\.?){TAIL}",
        _halved,
    ),
    Rule(rf"{HEAD}(?P<hour>[0-2]?[0-9]):(?P<minute>[0-9]{{2}})(?::[0-5][0-9])?(?![0-9:A-Za-z%]|[.][0-9])", _written),
    Rule(
        rf"{START}(?!{LITTLE}){HOUR} ?(?:点|(?<=[0-9])时|(?<=[0-9] )时)钟?"
        rf"(?: ?(?:(?P<half>半)|(?P<quarter>[一三13])刻|(?P<minute>{MINUTE})(?: ?分)?(?!{COUNTED})|整))?"
        rf"(?!{FRACTION}|{NOUNS})",
        _chinese,
    ),
    Rule(rf"{ONE}一点(?![都也儿空]|{FRACTION}|{NOUNS})", _one),
    Rule(rf"{HEAD}(?:at |@ ?)?(?P<hour>[0-2]?[0-9]) ?(?P<oclock>o['’]clock){TAIL}", _spoken),
    Rule(rf"{HEAD}(?:at |@ ?)(?P<hour>[0-2]?[0-9])(?P<oclock>(?!))?(?![0-9:,%点]|[.][0-9]){TAIL}", _spoken),
    Rule(rf"{HEAD}(?:noon|midnight){TAIL}|午夜", _end),
    Rule(rf"{HEAD}(?P<within>in the )?(?P<part>morning|afternoon|evening|night){TAIL}", _part),
    Rule(
        r"(?P<within>(?!))?(?P<part>凌晨|清晨|早上|早晨|上午|中午|正午|下午|午后|傍晚|晚上|晚间|夜里|夜间|半夜|深夜)(?!好)",
        _part,
    ),
    Rule(r"(?P<within>(?!))?(?<=[天日号一二三四五六末底])(?P<part>[早晚])(?![点些已就期于]|一[点些])", _part),
)
