"""A simulated company on WeCom: its members, customers, tokens and open codes."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sandbox.cgi import found, refuse_if
from sandbox.media import MediaShelf
from sandbox.stage import Stage
from sandbox.tokens import TokenBook
from sandbox.wecom.errors import MESSAGES
from sandbox.wecom.library import TagLibrary


@dataclass(slots=True)
class Member:
    userid: str
    name: str
    department: list[int] = field(default_factory=lambda: [1])
    position: str = ""
    alias: str = ""


@dataclass(slots=True)
class Department:
    id: int
    name: str
    parentid: int = 0
    order: int = 100_000_000


@dataclass(slots=True)
class Follow:
    """One member's view of one customer. `tags` are corp tag ids, `personal_tags` names."""

    userid: str
    createtime: int
    state: str = ""
    remark: str = ""
    description: str = ""
    remark_corp_name: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    personal_tags: list[str] = field(default_factory=list)
    add_way: int = 1


@dataclass(slots=True)
class Contact:
    """A customer. `type` 1 is a WeChat user, 2 a WeCom user; `gender` 0 unknown, 1 male, 2 female."""

    external_userid: str
    name: str
    type: int = 1
    gender: int = 0
    avatar: str = ""
    unionid: str = ""
    corp_name: str = ""
    follows: dict[str, Follow] = field(default_factory=dict)


@dataclass(slots=True)
class Welcome:
    """A welcome code: 20 s, once."""

    userid: str
    external_userid: str
    born: float
    is_used: bool = False


@dataclass(slots=True)
class SentCard:
    """A template card on the phones of some members; `entry_ids` are its bubbles by userid."""

    card: dict[str, Any]
    entry_ids: dict[str, str]


@dataclass(slots=True)
class ResponseCode:
    card: SentCard
    born: float
    is_used: bool = False


@dataclass(slots=True)
class Broadcast:
    """A group send. `recipients`: the customers, or the customer groups, of each member.

    `sent_at`: when a member confirmed; `results`: what came of each recipient then. `capped`: those who have had enough
    group sends, so that theirs comes to nothing. `entry_ids`: where it lies on the members' phones.
    """

    msgid: str
    created_at: int
    body: dict[str, Any]
    content: list[dict[str, Any]]
    recipients: dict[str, list[str]]
    sent_at: dict[str, int] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    capped: set[str] = field(default_factory=set)
    reminded_at: list[float] = field(default_factory=list)
    is_cancelled: bool = False
    entry_ids: dict[str, str] = field(default_factory=dict)

    @property
    def is_for_groups(self) -> bool:
        return self.body.get("chat_type") == "group"


@dataclass(frozen=True, slots=True)
class Received:
    """What one customer or group chat got at once: `by` is the group send's msgid, empty for an app's own message."""

    at: float
    by: str
    content: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """The words in it, of a link its title."""
        return "\n".join(filter(None, (each.get("text") or each.get("title", "") for each in self.content)))


@dataclass(slots=True)
class GroupMember:
    """`type` 1 is a member of the company, 2 a customer; `scene` 1 invited, 2 by a link, 3 by a QR code."""

    userid: str
    type: int
    join_time: int
    scene: int = 1
    state: str = ""
    name: str = ""


@dataclass(slots=True)
class CustomerGroup:
    """A group chat with customers (客户群)."""

    chat_id: str
    name: str
    owner: str
    create_time: int
    members: dict[str, GroupMember] = field(default_factory=dict)
    version: str = ""
    is_dismissed: bool = False


@dataclass(slots=True)
class AppChat:
    """A group chat of members that our app has made (应用群聊)."""

    chatid: str
    name: str
    owner: str
    userlist: list[str]


@dataclass(slots=True)
class Corp:
    """All simulated state; a test may read and change it freely.

    `monthly_sends`: how many group sends reach one customer or group in a month; 0 means as many as it has days.
    """

    stage: Stage
    tokens: TokenBook
    media: MediaShelf
    tags: TagLibrary
    members: dict[str, Member] = field(default_factory=dict)
    departments: dict[int, Department] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    welcomes: dict[str, Welcome] = field(default_factory=dict)
    response_codes: dict[str, ResponseCode] = field(default_factory=dict)
    broadcasts: dict[str, Broadcast] = field(default_factory=dict)
    monthly_sends: int = 0
    customer_groups: dict[str, CustomerGroup] = field(default_factory=dict)
    app_chats: dict[str, AppChat] = field(default_factory=dict)
    letters: dict[str, list[Received]] = field(default_factory=dict)
    task_ids: set[str] = field(default_factory=set)
    sent_to: dict[str, list[float]] = field(default_factory=dict)
    checked_until: dict[str, float] = field(default_factory=dict)
    limits_on: bool = False
    blocked_until: dict[str, float] = field(default_factory=dict)
    current_token: str = ""
    caller_ip: str = "127.0.0.1"

    platform: ClassVar[str] = "wecom"
    wrong_method: ClassVar[int] = 40063
    wrong_json: ClassVar[int] = 40058

    def check_token(self, token: str) -> None:
        self.tokens.check(token)

    def success(self, result: dict[str, Any]) -> dict[str, Any]:
        return {"errcode": 0, "errmsg": "ok", **result}

    def refusal(self, code: int) -> dict[str, Any]:
        """The body of a refused call, as the platform words it."""
        hint = f"[{self.stage.now()}_61_{self.stage.ids.code(size=16)}]"
        more = f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
        return {"errcode": code, "errmsg": f"{MESSAGES[code]}, hint: {hint}, from ip: {self.caller_ip}, {more}"}

    def check_agent(self, agent_id: object) -> None:
        refuse_if(agent_id is None, 41011)
        refuse_if(not isinstance(agent_id, int) or isinstance(agent_id, bool), 40056)
        refuse_if(agent_id != self.stage.settings.agent_id, 301002)

    def check_limits(self, path: str) -> None:
        """45009 for a call that is blocked now; `blocked_until` is by the beginning of its path."""
        now = self.stage.clock()
        refuse_if(any(path.startswith(start) and now < until for start, until in self.blocked_until.items()), 45009)

    def remove_tags(self, tag_ids: Collection[str]) -> None:
        """Take tags out of the library and off every customer."""
        gone = set(tag_ids)
        for tag_id in gone:
            self.tags.remove(tag_id)
        for contact in self.contacts.values():
            for follow in contact.follows.values():
                if not gone.isdisjoint(follow.tags):
                    follow.tags = [tag_id for tag_id in follow.tags if tag_id not in gone]

    def received(self, recipient: str) -> list[Received]:
        """What a customer, a customer group or a chat of our app has got from group sends and the app, oldest first."""
        return list(self.letters.get(recipient, ()))

    def hand_over(self, recipient: str, letter: Received, chat: str) -> None:
        """Give it to a recipient, on whose phone it is shown in `chat`."""
        self.letters.setdefault(recipient, []).append(letter)
        for shown in letter.content:
            self.stage.show(chat, "company", shown)

    def contact(self, external_userid: object) -> Contact:
        return found(self.contacts.get(str(external_userid)), 40096)

    def follow_of(self, userid: object, external_userid: object) -> Follow:
        """The relation between a member and a customer; 60111, 40096, 84061."""
        refuse_if(userid not in self.members, 60111)
        return found(self.contact(external_userid).follows.get(str(userid)), 84061)
