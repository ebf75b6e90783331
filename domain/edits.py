"""Here lives what may be changed of a customer, and how it is typed: `手机=138… 公司=…`, `phone=… company=…`.

A value goes on until the next field begins, so a company's name needs no quotes; an empty one clears the field.
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
}
NAMED = {name: field for field, names in FIELDS.items() for name in names}
LONGEST = {"name": 128, "company": 128, "position": 64, "city": 64}
GENDERS = {
    "male": ("男", "男性", "男士", "先生", "male", "man", "m"),
    "female": ("女", "女性", "女士", "小姐", "female", "woman", "f"),
}
KEY = re.compile(r'"[^"]*"|(?:^|[\s,;、])(\w+)\s*([=:])')
EMAIL = re.compile(
    r"(?!.{255})[\w%+'-]+(?:\.[\w%+'-]+)*@((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})", re.ASCII | re.IGNORECASE
)
DAY = re.compile(
    r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?|([0-9]{4})([0-9]{2})([0-9]{2})"
)
DAY_OF_ANY_YEAR = re.compile(r"-{0,2}([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?")
OLDEST = 1900
LEAP_YEAR = 2000


def edits(typed: str, today: date) -> dict[str, str]:
    """Each field that is to be changed with its checked value; raises Refusal for the first that is none."""
    new: dict[str, str] = {}
    for name, value in _pairs(plainly(typed)):
        if (field := NAMED.get(name)) is None:
            raise Refusal("refusals/unknown_field", command="set", what=name)
        if field in new:
            raise Refusal("refusals/given_twice", command="set", what=name)
        new[field] = checked(field, value, today) if value else ""
    return new


def field_alone(typed: str) -> str | None:
    """The field that `typed` is nothing but the name of; `phone=` clears it and is another thing."""
    return NAMED.get(plainly(typed).plain.strip().removesuffix(":").rstrip().lower())


def checked(field: str, value: str, today: date) -> str:
    """`value` as it is stored: phones as E.164, genders as male and female, birthdays as 1990-05-01 or --05-01."""
    plain = plainly(value).plain.strip()
    match field:
        case "phone":
            stored = kept(plain)
        case "email":
            stored = _email(plain)
        case "gender":
            stored = next((gender for gender, words in GENDERS.items() if plain.lower() in words), None)
        case "birthday":
            stored = _birthday(plain, today)
        case _:
            stored = _short(field, value)
    if stored is None:
        raise Refusal("refusals/bad_value", field=field, what=plain)
    return stored


def _pairs(line: Line) -> Iterator[tuple[str, str]]:
    """`手机 138…` is one pair, too."""
    found = [key for key in KEY.finditer(line.plain) if key[1] and (key[2] == "=" or key[1].lower() in NAMED)]
    before, _, after = line.plain.strip().partition(" ")
    if not found and before.lower() in NAMED and after:
        yield before.lower(), _value(line, line.plain.index(before) + len(before), len(line.plain))
        return
    stray = line.plain[: found[0].start()].strip() if found else line.plain.strip()
    if stray:
        raise Refusal("refusals/bad_argument", command="set", what=stray)
    ends = (*(key.start() for key in found[1:]), len(line.plain))
    for key, end in zip(found, ends, strict=False):
        yield key[1].lower(), _value(line, key.end(), end)


def _value(line: Line, start: int, end: int) -> str:
    """As it was typed, in one line, without what encloses it."""
    quoted = re.fullmatch(r'"[^"]*"', line.plain[start:end].strip(" ,;、\n"))
    origins = (*line.origins, len(line.raw))
    raw = INVISIBLE.sub("", line.raw[origins[start] : origins[end]])
    value = " ".join(raw.split()).strip(",;，；、 ")
    value = value[1:-1].strip() if quoted else value
    return "".join(character for character in value if character.isprintable())


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
