"""Here live customers (客户): what WeCom tells of one, from all members that follow them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from channels.wecom.api import Api
from domain.events import Follow, Profile

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
        gender=GENDERS.get(person.get("gender", 0), ""),
        company=_text(person, "corp_full_name") or _text(person, "corp_name"),
        position=_text(person, "position"),
        follows=tuple(follows),
    )


def _follows(answer: dict[str, Any]) -> Iterable[Follow]:
    return (follow(each) for each in _objects(answer.get("follow_user")))


def follow(told: dict[str, Any]) -> Follow:
    """One relation; `tags` are the ids of the company's tags, the member's own ones have none and stay theirs.

    https://developer.work.weixin.qq.com/document/path/92114
    """
    return Follow(
        userid=_text(told, "userid"),
        remark=_text(told, "remark"),
        description=_text(told, "description"),
        company=_text(told, "remark_corp_name"),
        state=_text(told, "state"),
        phones=tuple(phone for phone in told.get("remark_mobiles") or () if isinstance(phone, str) and phone),
        tags=tuple(filter(None, (_text(tag, "tag_id") for tag in _objects(told.get("tags"))))),
        added_at=_moment(told.get("createtime")),
    )


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < 1 << 35 else None
