"""Here lives what each kind of update means."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiogram import types

from channels.telegram import groups, people
from channels.telegram.api import Me
from channels.telegram.contents import content
from channels.telegram.mentions import Said, said
from domain.events import ButtonPressed, Chat, ContactAdded, InboundEvent, MessageEdited, MessageReceived, Noticed

# Words of a person's own after it are a message like any other.
START: Final = re.compile(r"/start(?:@\w+)?(?:\s+(?P<payload>[A-Za-z0-9_-]{1,64}))?\s*")
OF_NO_CONSEQUENCE: Final = (
    "channel_post",
    "edited_channel_post",
    "message_reaction",
    "message_reaction_count",
    "chat_join_request",
    "poll",
    "poll_answer",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "chat_boost",
    "removed_chat_boost",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One update's reading; `now` is for what Telegram gives no time to, such as a press."""

    account: str
    now: datetime
    me: Me

    def event(self, update: types.Update) -> InboundEvent | None:
        if update.message:
            return self._told(update.message)
        if update.edited_message:
            return self._edited(update.edited_message)
        if update.callback_query:
            return self._pressed(update.callback_query)
        if update.my_chat_member:
            return groups.our_place(self.account, update.my_chat_member)
        if update.chat_member:
            return groups.their_place(self.account, update.chat_member)
        return self._noticed(update)

    def _noticed(self, update: types.Update) -> Noticed | None:
        for what in OF_NO_CONSEQUENCE:
            if found := getattr(update, what):
                date = getattr(found, "date", None)
                return Noticed(people.moment(date) if date else self.now, self.account, what)
        return None

    def _told(self, message: types.Message) -> InboundEvent | None:
        return (
            groups.moved(self.account, message)
            or groups.service(self.account, message)
            or self._started(message)
            or self._received(message)
            or Noticed(people.moment(message.date), self.account, "message")
        )

    def _started(self, message: types.Message) -> ContactAdded | None:
        """A person opened the chat, perhaps by a link (https://core.telegram.org/bots/features#deep-linking)."""
        start = START.fullmatch(message.text or "")
        person = message.from_user
        if not start or not person or not people.is_person(person) or message.chat.type != "private":
            return None
        contact = people.address(self.account, person.id)
        return ContactAdded(people.moment(message.date), contact, people.profile(person), start["payload"] or "")

    def _received(self, message: types.Message) -> MessageReceived | None:
        person, chat, words = message.from_user, people.chat(self.account, message.chat), self._words(message)
        held = content(message, words.text)
        if not person or not people.is_person(person) or words.to_another or held is None:
            return None
        return MessageReceived(
            at=people.moment(message.date),
            sender=people.sender(self.account, person),
            chat=chat,
            content=held,
            message_id=format(message.message_id, "d"),
            mentioned=words.mentioned,
        )

    def _edited(self, message: types.Message) -> InboundEvent | None:
        received = self._received(message)
        if received is None:
            return None
        at = people.moment(message.edit_date or message.date)
        return MessageEdited(at, received.sender, received.chat, received.content, received.message_id)

    def _words(self, message: types.Message) -> Said:
        if message.chat.type == "private":
            return Said(message.text or message.caption or "")
        return said(message, self.me)

    def _pressed(self, query: types.CallbackQuery) -> InboundEvent | None:
        """Without a message it was pressed in an inline result: what we have to say goes to the person."""
        if not query.data or not people.is_person(query.from_user):
            return None
        sender, message = people.sender(self.account, query.from_user), query.message
        return ButtonPressed(
            at=self.now,
            sender=sender,
            chat=people.chat(self.account, message.chat) if message else Chat(sender.address),
            data=query.data,
            press=query.id,
            message_id=format(message.message_id, "d") if message else "",
        )
