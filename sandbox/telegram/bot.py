"""A simulated bot on Telegram: the people and groups it knows, its messages, files and settings."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from sandbox.stage import Stage
from sandbox.telegram.errors import BadRequest, Forbidden

Json = dict[str, Any]
SENDING: Final = {
    "text messages": "can_send_messages",
    "photos": "can_send_photos",
    "documents": "can_send_documents",
}


@dataclass(slots=True)
class Person:
    """`has_started`: pressed Start, so the bot may write to him."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    has_started: bool = False
    has_blocked: bool = False
    is_deactivated: bool = False

    def rename(self, names: Mapping[str, Any]) -> None:
        """Take over the names that are given."""
        self.first_name = names.get("first_name", self.first_name)
        self.last_name = names.get("last_name", self.last_name)
        self.username = names.get("username", self.username)
        self.language_code = names.get("language_code", self.language_code)

    def _names(self) -> Json:
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {name: value for name, value in names.items() if value}

    def as_user(self) -> Json:
        language = {"language_code": self.language_code} if self.language_code else {}
        return {"id": self.id, "is_bot": False, **self._names(), **language}

    def as_chat(self) -> Json:
        return {"id": self.id, **self._names(), "type": "private"}


@dataclass(slots=True)
class Group:
    """A group or channel. `status` is the bot's there, `rights` are those that it has or lacks with that status."""

    id: int
    title: str
    kind: str = "group"
    status: str = "member"
    migrated_to: int = 0
    rights: dict[str, bool] = field(default_factory=dict)
    is_deleted: bool = False

    def as_chat(self) -> Json:
        return {"id": self.id, "title": self.title, "type": self.kind}

    def check_rights(self, what: str) -> None:
        """400 where the bot may not send `what` (text messages, photos, documents)."""
        if self.kind == "channel":
            if self.status != "creator" and not (self.status == "administrator" and self.rights["can_post_messages"]):
                raise BadRequest("need administrator rights in the channel chat")
        elif self.status == "restricted" and not self.rights[SENDING[what]]:
            raise BadRequest(f"not enough rights to send {what} to the chat")


@dataclass(slots=True)
class Webhook:
    url: str
    secret: str
    allowed_updates: list[str]
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""


@dataclass(slots=True)
class Query:
    """A pressed inline button that waits for its one answer."""

    born: float
    chat_id: int
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class File:
    id: str
    unique_id: str
    name: str
    content: bytes
    size: int

    @property
    def path(self) -> str:
        return f"documents/{self.unique_id}"


@dataclass(slots=True)
class Bot:
    """All simulated state; a test may read and change it freely.

    `limits_on`: 429 past the documented rates. `floods`: until when 429 is all that a chat gets, under 0 every chat.
    """

    stage: Stage
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    messages: dict[tuple[int, int], Json] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    webhook: Webhook | None = None
    polling: bool = False
    limits_on: bool = False
    sent: list[tuple[float, int]] = field(default_factory=list)
    bursts: dict[int, tuple[float, float]] = field(default_factory=dict)
    floods: dict[int, float] = field(default_factory=dict)
    arrived: defaultdict[int, list[Json]] = field(default_factory=lambda: defaultdict(list))

    platform: ClassVar[str] = "telegram"

    @property
    def id(self) -> int:
        return int(self.stage.settings.telegram_token.partition(":")[0])

    def as_user(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": "Guanxi", "username": self.stage.settings.bot_username}

    def chat(self, given: object) -> Person | Group:
        """The chat with this id or @username; 400 `chat not found`, 400 with migrate_to_chat_id."""
        name = str(given).removeprefix("@") if isinstance(given, str) else ""
        number = _number(given)
        chat = self.groups.get(number) or self.people.get(number)
        chat = chat or next((person for person in self.people.values() if name and person.username == name), None)
        if chat is None:
            raise BadRequest("chat not found")
        if isinstance(chat, Group) and chat.migrated_to:
            text = "group chat was upgraded to a supergroup chat"
            raise BadRequest(text, migrate_to_chat_id=chat.migrated_to)
        return chat

    def reachable_chat(self, given: object) -> Person | Group:
        """A chat the bot may write to; 403 otherwise."""
        chat = self.chat(given)
        match chat:
            case Person(is_deactivated=True):
                raise Forbidden("user is deactivated")
            case Person(has_blocked=True):
                raise Forbidden("bot was blocked by the user")
            case Person(has_started=False):
                raise Forbidden("bot can't initiate conversation with a user")
            case Group(is_deleted=True):
                raise Forbidden("the group chat was deleted")
            case Group(status="kicked" | "left"):
                verb = "was kicked from" if chat.status == "kicked" else "is not a member of"
                raise Forbidden(f"bot {verb} the {chat.kind} chat")
        return chat

    def received(self, chat_id: int) -> list[Json]:
        """Every message of the bot that came to this chat, as it came."""
        return list(self.arrived.get(chat_id, ()))

    def flood(self, seconds: float, chat_id: int = 0) -> None:
        """Let this chat, or every chat, take no message for so long."""
        self.floods[chat_id] = self.stage.clock() + seconds

    def entry_id(self, chat_id: int, message_id: int) -> str:
        return f"telegram:{chat_id}:{message_id}"


def _number(given: object) -> int:
    try:
        return int(str(given))
    except ValueError:
        return 0
