"""Here live customers (客户): what WeCom tells of one, from all members that follow them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from channels.wecom.api import Api
from domain.contacts import Follow, Profile
from domain.sync import ContactRead

GENDERS: Final = {1: "male", 2: "female"}
MOST_PAGES: Final = 100  # 50 000 members follow one customer


async def profile(api: Api, external_userid: str) -> Profile:
    """A customer with all their follow relations, page by page. Raises CallRefused and CallFailed."""
    answer = await api.external_contact(external_userid)
    person, follows, cursor = answer.get("external_contact"), list(_follows(answer)), answer.get("next_cursor")
    for _ in range(MOST_PAGES):
        if not cursor:
            break
        answer = await api.external_contact(external_userid, str(cursor))
        follows += _follows(answer)
        cursor = answer.get("next_cursor")
    return _profile(person if isinstance(person, dict) else {}, follows)


def _profile(person: dict[str, Any], follows: Iterable[Follow]) -> Profile:
    return Profile(
        name=_text(person, "name"),
        unionid=_text(person, "unionid"),
        gender=GENDERS.get(gender, "") if isinstance(gender := person.get("gender"), int) else "",
        company=_text(person, "corp_full_name") or _text(person, "corp_name"),
        position=_text(person, "position"),
        follows=tuple(follows),
    )


def _follows(answer: dict[str, Any]) -> Iterable[Follow]:
    told = _objects(answer.get("follow_user"))
    listed = any(isinstance(each.get("tags"), list) for each in told)
    return [follow(each, listed=listed) for each in told]


def relation(told: object, *, listed: bool) -> ContactRead | str:
    """One row of a listing by members: a customer, and one member's relation to them with all its company tags.

    Of a row that cannot be read: the member's id, as far as that is told. A list that is left out is an empty one
    where others are told beside it (`listed`); else, and with anything else in its place, it is no word about tags.
    https://developer.work.weixin.qq.com/document/path/92994
    """
    person, info = _object(told, "external_contact"), _object(told, "follow_info")
    tags, own = info.get("tag_id", [] if listed else None), follow(info, listed=False)
    external_userid = _text(person, "external_userid")
    carried = tuple(tags) if isinstance(tags, list) else None
    if not (external_userid and own.userid and all(isinstance(tag, str) for tag in carried or ())):
        return own.userid
    own = replace(own, tags=carried)
    return ContactRead(external_userid, carried, own.userid, _profile(person, [own]))


def follow(told: dict[str, Any], *, listed: bool) -> Follow:
    """One relation; `tags` are the ids of the company's tags, the member's own ones have none and stay theirs.

    A list that is left out is an empty one where others are told beside it (`listed`), as in the platform's own
    example; else, and with anything else in its place, nothing is told of tags.
    https://developer.work.weixin.qq.com/document/path/92114
    """
    return Follow(
        userid=_text(told, "userid"),
        remark=_text(told, "remark"),
        description=_text(told, "description"),
        company=_text(told, "remark_corp_name"),
        state=_text(told, "state"),
        phones=_strings(told.get("remark_mobiles")),
        tags=_tags(told.get("tags", [] if listed else None)),
        added_at=_moment(told.get("createtime")),
    )


def _tags(value: object) -> tuple[str, ...] | None:
    return tuple(filter(None, (_text(tag, "tag_id") for tag in _objects(value)))) if isinstance(value, list) else None


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _strings(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str) and each) if isinstance(value, list) else ()


def _object(source: object, name: str) -> dict[str, Any]:
    value = source.get(name) if isinstance(source, dict) else None
    return value if isinstance(value, dict) else {}


def _text(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < 1 << 35 else None
