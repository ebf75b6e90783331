"""Here lives what may be changed of a customer, and how it is typed: `手机=138… 公司=…`, `phone=… company=…`.

A value goes on until the next field begins, so a company's name needs no quotes; an empty one clears the field.
Fields of the house's own are `自定义.等级=金`, `custom.level=gold`: a number is kept as one, unless it is in quotes.
"""

import re
from collections.abc import Iterator
from datetime import date

from domain.errors import Refusal
from domain.lines import INVISIBLE, Line, plainly
from domain.phones import kept

FIELDS = {
    "name": ("name", "姓名", "名字", "称呼"),
    "phone": ("phone", "mobile", "tel", "手机", "手机号", "电话", "电话号码", "联系电话"),
    "company": ("company", "公司", "单位"),
    "position": ("position", "title", "职位", "职务"),
    "email": ("email", "mail", "e_mail", "邮箱", "邮件", "电子邮箱"),
    "city": ("city", "城市", "所在城市"),
    "gender": ("gender", "sex", "性别"),
    "birthday": ("birthday", "born", "生日", "出生日期"),
    "consent": ("consent", "同意", "同意接收", "接收意愿"),
    "score": ("score", "评分", "分数"),
}
NAMED = {name: field for field, names in FIELDS.items() for name in names}
LONGEST = {"name": 128, "company": 128, "position": 64, "city": 64}
GENDERS = {
    "male": ("男", "男性", "男士", "先生", "male", "man", "m"),
    "female": ("女", "女性", "女士", "小姐", "female", "woman", "f"),
}
CONSENT = {
    "granted": ("是", "同意", "已同意", "yes", "granted"),
    "withdrawn": ("否", "拒绝", "已退订", "退订", "no", "withdrawn"),
}
CUSTOM = "custom."  # begins the names of the house's own fields
OWN = r"(?:custom|自定义)[.。](\w+(?:\.\w+)*)"
KEY = re.compile(rf'"[^"]*"|(?:^|[\s,;、])({OWN}|\w+)\s*([=:])', re.IGNORECASE)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?")
EMAIL = re.compile(
    r"(?!.{255})[\w%+'-]+(?:\.[\w%+'-]+)*@((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})", re.ASCII | re.IGNORECASE
)
DAY = re.compile(
    r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?|([0-9]{4})([0-9]{2})([0-9]{2})"
)
DAY_OF_ANY_YEAR = re.compile(r"-{0,2}([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?")
OLDEST = 1900
LEAP_YEAR = 2000
HIGHEST = 1_000_000  # score, either side of 0
LONGEST_KEY, LONGEST_OWN = 24, 200

Stored = str | int | float


def edits(typed: str, today: date) -> dict[str, Stored]:
    """Each field that is to be changed with its checked value; raises Refusal for the first that is none."""
    new: dict[str, Stored] = {}
    for name, value in _pairs(plainly(typed)):
        if (field := _field(name)) is None:
            raise Refusal("refusals/unknown_field", command="set", what=name)
        if field in new:
            raise Refusal("refusals/given_twice", command="set", what=name)
        new[field] = checked(field, value, today) if value else {"score": 0}.get(field, "")
    return new


def field_alone(typed: str) -> str | None:
    """The field that `typed` is nothing but the name of; `phone=` clears it and is another thing."""
    return _field(plainly(typed).plain.strip().removesuffix(":").rstrip().lower())


def _field(name: str) -> str | None:
    """What a name means; the house's own fields are told apart by the letters that were typed."""
    own = re.fullmatch(OWN, name, re.IGNORECASE)
    if own and len(own[1]) > LONGEST_KEY:
        raise Refusal("refusals/value_too_long", field="custom", most=LONGEST_KEY)
    return f"{CUSTOM}{own[1]}" if own else NAMED.get(name)


def checked(field: str, value: str, today: date) -> Stored:
    """`value` as it is stored: phones as E.164, genders as male and female, birthdays as 1990-05-01 or --05-01."""
    if field.startswith(CUSTOM):
        return _own(value)
    plain = plainly(value).plain.strip()
    stored: Stored | None
    match field:
        case "phone":
            stored = kept(plain)
        case "email":
            stored = _email(plain)
        case "gender":
            stored = next((gender for gender, words in GENDERS.items() if plain.lower() in words), None)
        case "birthday":
            stored = _birthday(plain, today)
        case "consent":
            stored = next((consent for consent, words in CONSENT.items() if plain.lower() in words), None)
        case "score":
            stored = int(plain) if re.fullmatch(r"[-+]?[0-9]{1,7}", plain) and abs(int(plain)) <= HIGHEST else None
        case _:
            stored = _short(field, _unquoted(value))
    if stored is None:
        raise Refusal("refusals/bad_value", field=field, what=plain)
    return stored


def _pairs(line: Line) -> Iterator[tuple[str, str]]:
    """`手机 138…` is one pair, too."""
    found = [key for key in KEY.finditer(line.plain) if key[1] and (key[3] == "=" or _field(key[1].lower()))]
    before, _, after = line.plain.strip().partition(" ")
    if not found and _field(before.lower()) and after:
        yield before.lower(), _value(line, line.plain.index(before) + len(before), len(line.plain))
        return
    stray = line.plain[: found[0].start()].strip() if found else line.plain.strip()
    if stray:
        raise Refusal("refusals/bad_argument", command="set", what=stray)
    ends = (*(key.start() for key in found[1:]), len(line.plain))
    for key, end in zip(found, ends, strict=False):
        yield key[1] if key[2] else key[1].lower(), _value(line, key.end(), end)


def _own(value: str) -> Stored:
    """Of the house's own fields: a number, or words."""
    plain, words = plainly(value).plain, _unquoted(value)
    if NUMBER.fullmatch(plain):
        return float(plain) if "." in plain else int(plain)
    if len(words) > LONGEST_OWN:
        raise Refusal("refusals/value_too_long", field="custom", most=LONGEST_OWN)
    return words


def _unquoted(value: str) -> str:
    return value[1:-1].strip() if re.fullmatch(r'"[^"]*"', plainly(value).plain) else value


def _value(line: Line, start: int, end: int) -> str:
    """As it was typed, in one line, without what stands between it and the next; nothing at all if that is quoted."""
    origins = (*line.origins, len(line.raw))
    raw = INVISIBLE.sub("", line.raw[origins[start] : origins[end]])
    value = " ".join(raw.split()).strip(",;，；、 ")
    value = "".join(character for character in value if character.isprintable())
    return value if _unquoted(value) else ""


def _short(field: str, value: str) -> str:
    if len(value) > LONGEST[field]:
        raise Refusal("refusals/value_too_long", field=field, most=LONGEST[field])
    return value


def _email(value: str) -> str | None:
    found = EMAIL.fullmatch(value)
    return value[: found.start(1)] + found[1].lower() if found else None


def _birthday(value: str, today: date) -> str | None:
    """A real day that has been; without a year `--05-01`, as ISO 8601 wrote it and address books still do."""
    try:
        if found := DAY.fullmatch(value):
            day = date(*(int(part) for part in found.groups() if part))
            return day.isoformat() if day.year >= OLDEST and day <= today else None
        if found := DAY_OF_ANY_YEAR.fullmatch(value):
            return f"{date(LEAP_YEAR, int(found[1]), int(found[2])):--%m-%d}"
    except ValueError:
        return None
    return None
