"""Here lives the looking up of tags: the library, and page by page who carries which of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from channels import Clock
from channels.wecom.api import Api, CallRefused, Json
from channels.wecom.contacts import relation
from channels.wecom.library import CorpTags
from channels.wecom.outcomes import left_alone
from domain.errors import CallFailed
from domain.sync import ContactRead, TagContactsRead, TagLibraryRead, TagsAsked, TagsUnread

MEMBERS: Final = 100  # in one call
SOON: Final = timedelta(seconds=30)
NOBODY: Final = 84061  # none of the members has a customer
BAD_REQUEST: Final = 40058
UNKNOWN: Final = frozenset({40003, 46004, 50002, 60011, 60030, 60111})  # one of the members is not to be asked about


@dataclass(frozen=True, slots=True)
class Place:
    """Where the reading is, as our cursor tells it: at WeCom's own cursor `page` in the relations of `members`.

    Without members: before the first one after `after`. `last`: there is nobody after these. `untold` are those whose
    relations were not all told.
    """

    after: str = ""
    members: tuple[str, ...] = ()
    page: str = ""
    last: bool = True
    untold: tuple[str, ...] = ()


PLACE: Final = TypeAdapter(Place)


class TagReader:
    """For one account."""

    def __init__(self, api: Api, corp_tags: CorpTags, clock: Clock) -> None:
        self._api = api
        self._corp_tags = corp_tags
        self._clock = clock

    async def look(self, asked: TagsAsked) -> TagLibraryRead | TagContactsRead | TagsUnread:
        at = self._clock()
        try:
            if asked.part == "library":
                return TagLibraryRead(at, asked, await self._corp_tags.listing())
            return await self._contacts(asked, at)
        except CallRefused as error:
            return TagsUnread(at, asked, *left_alone(error.code, at))
        except CallFailed:
            return TagsUnread(at, asked, "unreachable", SOON)

    async def _contacts(self, asked: TagsAsked, at: datetime) -> TagContactsRead:
        place = await self._chunk(_place(asked.cursor))
        if not place.members:
            return TagContactsRead(at, asked, (), "", whole=True)
        place, answer = await self._page(place)
        found = list(_rows(answer))
        untold = {*place.untold, *_unlicensed(answer)}
        for each in found:
            if isinstance(each, str):
                untold |= {each} if each else set(place.members)
        place = replace(place, untold=tuple(sorted(untold)))
        return TagContactsRead(
            at,
            asked,
            tuple(each for each in found if isinstance(each, ContactRead)),
            _cursor(place, page := _next_page(place, answer)),
            members=tuple(member for member in place.members if member not in untold),
            whole=not page,
        )

    async def _chunk(self, place: Place) -> Place:
        """The next members, in the order of their ids, so that those who come and go meanwhile shift nobody."""
        if place.members:
            return place
        told = (await self._api.follow_users()).get("follow_user")
        if not isinstance(told, list):
            raise CallFailed("no members in the answer")
        members = sorted({each for each in told if isinstance(each, str) and each > place.after})
        return Place(members=tuple(members[:MEMBERS]), last=len(members) <= MEMBERS)

    async def _page(self, place: Place) -> tuple[Place, Json]:
        """One page; of members among whom one is not to be asked about, only the first half.

        A cursor that serves no longer begins anew.
        """
        try:
            return place, await self._api.relations(place.members, place.page)
        except CallRefused as error:
            if error.code == NOBODY:
                return _untold_from(place, place.page), {"external_contact_list": []}
            if error.code == BAD_REQUEST and place.page:
                return await self._page(replace(place, page="", untold=()))
            if error.code not in UNKNOWN:
                raise
            half = place.members[: len(place.members) // 2]
            if not half:
                return _untold_from(place, "all"), {"external_contact_list": []}
            return await self._page(Place(members=half, last=False))


def _untold_from(place: Place, doubt: str) -> Place:
    """In the middle of a listing its end is no proof of anything."""
    return replace(place, untold=place.members) if doubt else place


def _rows(answer: Json) -> Iterator[ContactRead | str]:
    """Each relation; of one that cannot be read whose it is, empty if even that is not told."""
    told = answer.get("external_contact_list")
    if not isinstance(told, list):
        raise CallFailed("no customers in the answer")
    listed = any(isinstance(row, dict) and _lists_tags(row.get("follow_info")) for row in told)
    return (relation(row, listed=listed) for row in told)


def _lists_tags(info: object) -> bool:
    return isinstance(info, dict) and isinstance(info.get("tag_id"), list)


def _unlicensed(answer: Json) -> list[str]:
    """Members of whom WeCom tells nothing. https://developer.work.weixin.qq.com/document/path/92994."""
    told: Any = answer.get("fail_info")
    members: Any = told.get("unlicensed_userid_list") if isinstance(told, dict) else None
    return [each for each in members if isinstance(each, str)] if isinstance(members, list) else []


def _next_page(place: Place, answer: Json) -> str:
    page = answer.get("next_cursor") or ""
    if not isinstance(page, str) or (page and page == place.page):
        raise CallFailed("a cursor that leads nowhere")
    return page


def _cursor(place: Place, page: str) -> str:
    if page:
        return orjson.dumps(replace(place, page=page)).decode()
    return "" if place.last else orjson.dumps(Place(after=place.members[-1])).decode()


def _place(cursor: str) -> Place:
    """What is not a cursor of ours is the beginning."""
    try:
        return PLACE.validate_json(cursor) if cursor else Place()
    except ValidationError:
        return Place()
