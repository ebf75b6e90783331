"""A simulated official account: its followers, their quotas, its tags, menu and tokens."""

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from sandbox import markup
from sandbox.cgi import CgiError, found, refuse_if
from sandbox.media import MediaShelf
from sandbox.postman import Answer
from sandbox.stage import Stage
from sandbox.tokens import TokenBook
from sandbox.wechat.errors import MESSAGES
from sandbox.wechat.post import AccountPost

FIRST_OWN_TAG: Final = 100
BEIJING: Final = 8 * 3600


@dataclass(slots=True)
class Grant:
    """So many customer-service messages may be sent until then."""

    left: int
    until: float


@dataclass(frozen=True, slots=True)
class Received:
    """What came to a person's phone: the answer to a callback, or by one of the calls; `content` as it is shown."""

    way: Literal["answer", "message", "mass", "notice"]
    content: dict[str, Any]
    at: float

    @property
    def text(self) -> str:
        """Its words; of a template message the values in their order."""
        rows = "\n".join(value for _, value in self.content.get("rows", ()))
        return str(self.content.get("text") or self.content.get("title") or rows or self.content.get("name", ""))


@dataclass(slots=True)
class Mass:
    """One mass message; `status` is SENDING until its end has been told."""

    id: int
    kind: str
    at: float
    status: str = "SENDING"


@dataclass(slots=True)
class User:
    """A person who follows, or has followed, the account. `scene`: the scene of the QR code he came by.

    `refuses`: has switched off what the account sends of itself. `masses`: how many mass messages came in each month.
    """

    openid: str
    name: str = ""
    subscribed_at: int = 0
    is_follower: bool = True
    scene: str = ""
    unionid: str = ""
    remark: str = ""
    tags: list[int] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    refuses: bool = False
    masses: Counter[str] = field(default_factory=Counter)

    def tag(self, tag_id: int) -> None:
        if tag_id not in self.tags:
            self.tags.append(tag_id)

    def untag(self, tag_id: int) -> None:
        self.tags = [each for each in self.tags if each != tag_id]

    def may_be_told(self, now: float) -> None:
        """Use up one message of the quota; 45015 without a window, 45047 without a rest, 48002 who wants none."""
        if not self.is_follower:
            raise CgiError(45015)
        if self.refuses:
            raise CgiError(48002)
        alive = [grant for grant in self.grants.values() if now < grant.until]
        if not alive:
            raise CgiError(45015)
        usable = [grant for grant in alive if grant.left > 0]
        if not usable:
            raise CgiError(45047)
        min(usable, key=lambda grant: grant.until).left -= 1


@dataclass(slots=True)
class Account:
    """All simulated state; a test may read and change it freely.

    `mass_status` and `template_status` are how the next ones end, `mass_failing` for whom a mass message fails, and
    `mass_seconds` how long one takes. A subscription account may send neither.
    """

    stage: Stage
    tokens: TokenBook
    media: MediaShelf
    post: AccountPost
    users: dict[str, User] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=lambda: {2: "星标组"})
    last_tag: int = FIRST_OWN_TAG - 1
    templates: set[str] = field(default_factory=lambda: {"sandbox-template"})
    menu: dict[str, Any] | None = None
    stable_token: str = ""
    latest_token: str = ""
    forced_at: list[float] = field(default_factory=list)
    tickets: dict[str, str] = field(default_factory=dict)
    account_type: Literal["service", "subscription"] = "service"
    template_status: str = "success"
    notices: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    masses: dict[str, Mass] = field(default_factory=dict)
    masses_a_day: int = 100
    mass_status: str = "send success"
    mass_failing: set[str] = field(default_factory=set)
    mass_seconds: float = 0.2
    inboxes: defaultdict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    quotas: dict[str, int] = field(default_factory=dict)
    spent: Counter[tuple[str, int]] = field(default_factory=Counter)

    platform: ClassVar[str] = "wechat"
    wrong_method: ClassVar[int] = 43002
    wrong_json: ClassVar[int] = 47001

    def check_token(self, token: str) -> None:
        self.tokens.check(token)

    def success(self, result: dict[str, Any]) -> dict[str, Any]:
        """Answers that carry data have no errcode."""
        return result or {"errcode": 0, "errmsg": "ok"}

    def refusal(self, code: int) -> dict[str, Any]:
        """The body of a refused call, as the platform words it."""
        rid = self.stage.ids.code(size=12)
        return {"errcode": code, "errmsg": f"{MESSAGES[code]} rid: {rid[:8]}-{rid[8:16]}-{rid[16:]}"}

    async def tell(self, openid: str, fields: dict[str, Any]) -> Answer:
        """Post a callback about one person; `ToUserName` is added."""
        return await self.post.send(markup.write({"ToUserName": self.stage.settings.gh_id, **fields}), openid)

    def give(self, openid: str, way: Literal["answer", "message", "mass", "notice"], content: dict[str, Any]) -> None:
        """It comes to a person's phone."""
        self.inboxes[openid].append(Received(way, content, self.stage.clock()))
        self.stage.show(f"wechat:{openid}", "company", content)

    def received(self, openid: str) -> list[Received]:
        """Everything that ever came to this person's phone."""
        return list(self.inboxes.get(openid, ()))

    def spend(self, path: str) -> None:
        """Use up one call of the day's `quotas` of this method, if it has one; 45009. Days end at midnight in Beijing.

        https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html
        """
        day = (self.stage.now() + BEIJING) // 86_400
        refuse_if(self.spent[path, day] >= self.quotas.get(path, sys.maxsize), 45009)
        self.spent[path, day] += 1

    def make_tag(self, name: str) -> int:
        """The operator makes a tag in the platform's console, as the API does; its id."""
        tag_id = self.last_tag = max(self.last_tag, *self.tags) + 1
        self.tags[tag_id] = name
        return tag_id

    def rename_tag(self, tag_id: int, name: str) -> None:
        self.tags[tag_id] = name

    def delete_tag(self, tag_id: int) -> None:
        """Nobody has it any more."""
        del self.tags[tag_id]
        for user in self.users.values():
            user.untag(tag_id)

    def tag_fan(self, openid: str, tag_id: int) -> None:
        """In the console; no callback tells the server of anything that happens to tags."""
        self.users[openid].tag(tag_id)

    def untag_fan(self, openid: str, tag_id: int) -> None:
        self.users[openid].untag(tag_id)

    def user(self, openid: object) -> User:
        """Anybody who was ever seen; 40003."""
        return found(self.users.get(str(openid)), 40003)
