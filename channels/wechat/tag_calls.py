"""Here lives every call about tags (用户标签) that we make to an official account, by wechatpy's class."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from channels.wechat.api import Api
from channels.wechatpy_api import api
from domain.errors import CallFailed

SYSTEM: Final = frozenset({"0", "1", "2"})  # the platform's own tags, such as 星标组
PAGE: Final = 10_000  # followers in one answer, as user/get has it
ASKED: Final = 100  # followers in one question about them


@dataclass(frozen=True, slots=True)
class Counted:
    """A tag as the platform lists it; `count` are its followers."""

    id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Carriers:
    """One page of a tag's followers; with `after` one asks for the next page."""

    openids: tuple[str, ...]
    after: str


class TagCalls:
    """All raise Rejected (an error code) or CallFailed (no usable answer).

    https://developers.weixin.qq.com/doc/offiaccount/User_Management/User_Tag_Management.html
    """

    def __init__(self, channel: Api) -> None:
        self._ask = channel.ask
        self._tag: Any = None

    async def all(self) -> tuple[Counted, ...]:
        """Every tag but the platform's own; an answer that is not understood to its end is none."""
        listed = await (await self._wechatpy()).get()
        try:
            tags = [Counted(str(int(tag["id"])), str(tag["name"]), int(tag.get("count", 0))) for tag in listed]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CallFailed("a list of tags that is none") from error
        return tuple(tag for tag in tags if tag.id not in SYSTEM)

    async def create(self, name: str) -> str:
        """The new tag's id."""
        made = await (await self._wechatpy()).create(name)
        try:
            return str(int(made["id"]))
        except (KeyError, TypeError, ValueError) as error:
            raise CallFailed("a new tag without an id") from error

    async def rename(self, tag: str, name: str) -> None:
        await (await self._wechatpy()).update(int(tag), name)

    async def delete(self, tag: str) -> None:
        await (await self._wechatpy()).delete(int(tag))

    async def give(self, tag: str, openids: Sequence[str]) -> None:
        """To at most 50 followers at once."""
        await (await self._wechatpy()).tag_user(int(tag), list(openids))

    async def take(self, tag: str, openids: Sequence[str]) -> None:
        """From at most 50 followers at once."""
        await (await self._wechatpy()).untag_user(int(tag), list(openids))

    async def carriers(self, tag: str, after: str) -> Carriers:
        """Nobody is an answer only where the platform says that it counted nobody."""
        answer = await (await self._wechatpy()).get_tag_users(int(tag), after)
        try:
            openids = tuple(str(openid) for openid in answer["data"]["openid"]) if answer["count"] else ()
        except (KeyError, TypeError) as error:
            raise CallFailed("a list of followers that is none") from error
        return Carriers(openids, str(answer.get("next_openid") or ""))

    async def people(self, openids: Sequence[str]) -> dict[str, tuple[str, ...] | None]:
        """The tags of at most 100 followers, None where they are not told; of whom is not among them: follows no more.

        https://developers.weixin.qq.com/doc/offiaccount/User_Management/Get_users_basic_information_UnionID.html
        """
        asked = {"user_list": [{"openid": openid} for openid in openids]}
        answer = await self._ask("POST", "user/info/batchget", {}, asked)
        try:
            told = {str(user["openid"]): user for user in answer["user_info_list"]}
            left = {openid for openid, user in told.items() if int(user["subscribe"]) == 0}
        except (KeyError, TypeError, ValueError) as error:
            raise CallFailed("a list of followers that is none") from error
        return {openid: _tags(told.get(openid, {})) for openid in openids if openid not in left}

    async def _wechatpy(self) -> Any:  # wechatpy tells no types
        """Its class for tags, made when the first tag is spoken of."""
        if self._tag is None:
            self._tag = await api("wechatpy.client.api", "WeChatTag", self._ask)
        return self._tag


def _tags(user: Mapping[str, Any]) -> tuple[str, ...] | None:
    ids = user.get("tagid_list")
    return own(ids) if isinstance(ids, list) else None


def own(ids: Iterable[object]) -> tuple[str, ...]:
    """As text, without the platform's own tags."""
    return tuple(tag for tag in map(str, ids) if tag not in SYSTEM)
