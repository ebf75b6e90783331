"""What people do with the bot on Telegram; every verb is a real update, by webhook or by poll."""

import json
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from sandbox.postman import Answer, Letter
from sandbox.stage import Stage
from sandbox.telegram import contents, places
from sandbox.telegram.bot import Bot, Group, Json, Person, Query
from sandbox.telegram.updates import Updates, allowed

QUEUED = Answer(202, "waits for getUpdates")
NOT_WANTED = Answer(204, "not in allowed_updates")
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 -- a header's name


class Who(TypedDict, total=False):
    """The names a person shows; kept for his next messages."""

    first_name: str
    last_name: str
    username: str
    language_code: str


class Numbers(Who, total=False):
    """Fixed numbers instead of fresh ones, e.g. to repeat an update."""

    message_id: int
    update_id: int
    chat_id: int


class Telegram(Bot):
    """In webhook mode a verb returns the server's answer; in polling mode `QUEUED`.

    Webhook mode is the default, also before setWebhook; deleteWebhook and getUpdates switch to polling.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.updates = Updates()

    def person(self, user_id: int, **who: Unpack[Who]) -> Person:
        """The person with this id, with these names from now on; a new one has not started the bot."""
        person = self.people.setdefault(user_id, Person(user_id, f"User {user_id}"))
        person.rename(who)
        return person

    def recall(self, user_id: int, name: str) -> None:
        """Somebody who has started the bot before this run."""
        person = self.people.get(user_id) or self.person(user_id, first_name=name)
        person.has_started = True

    async def start(self, user_id: int, payload: str = "", **who: Unpack[Numbers]) -> Answer:
        """Press Start, with the payload of a deep link."""
        return await self.user_says(user_id, f"/start {payload}".strip(), **who)

    async def user_says(self, user_id: int, text: str, **who: Unpack[Numbers]) -> Answer:
        """A text in the private chat, or in the group `chat_id`."""
        return await self._message(user_id, contents.text(text), who)

    async def user_sends(self, user_id: int, kind: str, **fields: Any) -> Answer:
        """`kind`: photo, document, voice, location, own_contact, other_contact, sticker …

        `fields`: those of `Numbers`, and what `contents.made` takes.
        """
        numbers = {name: fields.pop(name) for name in Numbers.__annotations__ if name in fields}
        return await self._message(user_id, contents.made(self, self.person(user_id), kind, fields), numbers)

    async def edit(self, user_id: int, message_id: int, text: str, update_id: int | None = None) -> Answer:
        """The person changes a message of his."""
        message = self.messages[user_id, message_id]
        message |= contents.text(text) | {"edit_date": self.stage.now()}
        self._show(message)
        return await self._tell({"edited_message": message}, update_id)

    async def press(self, user_id: int, message_id: int, data: str, chat_id: int | None = None) -> Answer:
        """Press an inline button of a message in the private chat, or in the group `chat_id`."""
        place = user_id if chat_id is None else chat_id
        message = self.messages.get((place, message_id))
        if message is None:
            message = {"message_id": message_id, "chat": self.chat(place).as_chat(), "date": 0}
        query_id = self.stage.ids.message()
        self.queries[query_id] = Query(self.stage.clock(), place)
        query = {"id": query_id, "from": self.person(user_id).as_user(), "message": message}
        return await self._tell({"callback_query": {**query, "chat_instance": str(place), "data": data}})

    async def block(self, user_id: int) -> Answer:
        person = self.person(user_id)
        person.has_blocked = True
        self._note(user_id, "blocked")
        return await self._membership(person, person.as_chat(), self._member("member"), self._member("kicked"))

    async def unblock(self, user_id: int) -> Answer:
        person = self.person(user_id)
        person.has_blocked, person.has_started = False, True
        self._note(user_id, "unblocked")
        return await self._membership(person, person.as_chat(), self._member("kicked"), self._member("member"))

    async def add_to_group(self, user_id: int, chat_id: int, title: str, kind: str = "group") -> Answer:
        """Somebody adds the bot to a group, again or for the first time; in a channel it is an administrator."""
        before = self._place(chat_id)
        status = "administrator" if kind == "channel" else "member"
        self.groups[chat_id] = Group(chat_id, title, kind, status, rights=places.rights(kind, status, {}))
        return await self._moved(user_id, chat_id, before)

    async def change_rights(self, user_id: int, chat_id: int, status: str, **rights: bool) -> Answer:
        """`status`: administrator, restricted, member …; `rights`: those that are not as usual (`places.rights`)."""
        group, before = self.groups[chat_id], self._place(chat_id)
        group.status, group.rights = status, places.rights(group.kind, status, rights)
        return await self._moved(user_id, chat_id, before)

    async def remove_from_group(self, user_id: int, chat_id: int) -> Answer:
        return await self.change_rights(user_id, chat_id, "kicked")

    async def migrate_group(self, chat_id: int, new_id: int, *, told: bool = True) -> Answer:
        """A group becomes a supergroup: both service messages, and errors with the new id from now on.

        Not `told`: as for a server that was away for longer than Telegram keeps them.
        """
        old = self.groups[chat_id]
        new = self.groups[new_id] = Group(new_id, old.title, "supergroup", old.status, rights=dict(old.rights))
        if not told:
            old.migrated_to = new_id
            return NOT_WANTED
        head = {"message_id": self.stage.ids.small(), "date": self.stage.now()}
        await self._tell({"message": {**head, "chat": old.as_chat(), "migrate_to_chat_id": new_id}})
        old.migrated_to = new_id
        head["message_id"] = self.stage.ids.small()
        return await self._tell({"message": {**head, "chat": new.as_chat(), "migrate_from_chat_id": chat_id}})

    async def channel_post(self, chat_id: int, text: str) -> Answer:
        """Something is posted in a channel; of the bot's own posts Telegram tells nothing."""
        chat = self.groups[chat_id].as_chat()
        head = {"message_id": self.stage.ids.small(), "sender_chat": chat, "chat": chat, "date": self.stage.now()}
        return await self._tell({"channel_post": head | contents.text(text)})

    async def group_event(self, user_id: int, chat_id: int, **fields: Any) -> Answer:
        """A service message of a group, e.g. `new_chat_members=[…]`, `left_chat_member=…`, `new_chat_title="…"`."""
        return await self._message(user_id, fields, {"chat_id": chat_id})

    async def post_update(self, update: Json) -> Answer:
        """Deliver exactly this update."""
        wanted = self.webhook.allowed_updates if self.webhook else self.updates.allowed_updates
        if not allowed(update, wanted):
            return NOT_WANTED
        if self.polling:
            self.updates.mailbox.put(update)
            return QUEUED
        answer = await self.stage.postman.deliver(self._letter(update))
        if self.webhook and not answer.is_taken:
            self.webhook.last_error_date = self.stage.now()
            self.webhook.last_error_message = f"Wrong response from the webhook: {answer.status}"
        return answer

    def _letter(self, update: Json) -> Letter:
        settings = self.stage.settings
        url = self.webhook.url if self.webhook else settings.callback_url(settings.telegram_name)
        secret = self.webhook.secret if self.webhook else settings.webhook_secret
        headers = {"Content-Type": "application/json"} | ({SECRET_HEADER: secret} if secret else {})
        return Letter(url, body=json.dumps(update, ensure_ascii=False).encode(), headers=headers)

    async def _message(self, user_id: int, content: Json, numbers: Mapping[str, Any]) -> Answer:
        person = self.person(user_id)
        person.rename(numbers)
        chat_id = numbers.get("chat_id", user_id)
        if chat_id == user_id:
            person.has_started, person.has_blocked = True, False
        place: Person | Group = self.groups.get(chat_id) or person
        message_id = numbers.get("message_id") or self.stage.ids.small()
        head = {"message_id": message_id, "from": person.as_user(), "chat": place.as_chat(), "date": self.stage.now()}
        message = self.messages[place.id, message_id] = head | content
        self._show(message)
        return await self._tell({"message": message}, numbers.get("update_id"))

    async def _moved(self, user_id: int, chat_id: int, before: Json) -> Answer:
        return await self._membership(
            self.person(user_id), self.groups[chat_id].as_chat(), before, self._place(chat_id)
        )

    def _place(self, chat_id: int) -> Json:
        """Where the bot stands in a group or channel."""
        group = self.groups.get(chat_id)
        return places.member(self.as_user(), group.status, group.rights) if group else self._member("left")

    async def _membership(self, person: Person, chat: Json, before: Json, after: Json) -> Answer:
        change = {"chat": chat, "from": person.as_user(), "date": self.stage.now()}
        return await self._tell({"my_chat_member": change | {"old_chat_member": before, "new_chat_member": after}})

    def _member(self, status: str) -> Json:
        return places.member(self.as_user(), status, {})

    async def _tell(self, update: Json, update_id: int | None = None) -> Answer:
        return await self.post_update({"update_id": update_id or self.stage.ids.small(), **update})

    def _show(self, message: Json) -> None:
        chat_id = message["chat"]["id"]
        entry_id = self.entry_id(chat_id, message["message_id"])
        self.stage.show(f"telegram:{chat_id}", "person", contents.shown(message), entry_id)

    def _note(self, user_id: int, key: str) -> None:
        self.stage.show(f"telegram:{user_id}", "note", {"type": "note", "key": key, "values": {}})
