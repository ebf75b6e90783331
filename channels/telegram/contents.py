"""Here lives what a Telegram message holds: its content in our words."""

from typing import Final

from aiogram import types

from domain.messages import Content, File, Image, Location, Other, SharedContact, Text, Video, Voice

# What a person sends and we have no shape for; everything else is Telegram telling that something was done.
OTHERS: Final = (
    "sticker",
    "poll",
    "dice",
    "game",
    "story",
    "live_photo",
    "paid_media",
    "rich_message",
    "checklist",
    "invoice",
    "successful_payment",
    "giveaway",
    "gift",
    "users_shared",
    "chat_shared",
    "web_app_data",
    "passport_data",
)


def content(message: types.Message, text: str) -> Content | None:
    """`text` is the message's own or its caption, as it is to be read; None for what nobody said."""
    if message.text:
        return Text(text)
    return _file(message, text) or _place(message) or _other(message)


def _file(message: types.Message, caption: str) -> Content | None:
    """A `media` is valid for this bot only (https://core.telegram.org/bots/api#file); animations fill document too."""
    if message.photo:
        return Image(message.photo[-1].file_id, caption=caption)
    if message.voice:
        return Voice(message.voice.file_id, caption)
    if video := message.video or message.animation or message.video_note:
        return Video(video.file_id, caption)
    if audio := message.audio:
        return File(audio.file_id, "", audio.file_name or audio.title or "", caption, audio.file_size or 0)
    if document := message.document:
        return File(document.file_id, "", document.file_name or "", caption, document.file_size or 0)
    return None


def _place(message: types.Message) -> Content | None:
    if venue := message.venue:
        return Location(venue.location.latitude, venue.location.longitude, f"{venue.title} {venue.address}".strip())
    if place := message.location:
        return Location(place.latitude, place.longitude)
    return None


def _other(message: types.Message) -> Content | None:
    if card := message.contact:
        own = card.user_id is not None and message.from_user is not None and card.user_id == message.from_user.id
        return SharedContact(_number(card), " ".join(filter(None, (card.first_name, card.last_name))), own)
    label = next((name for name in OTHERS if getattr(message, name)), None)
    return Other(label, _words(message)) if label else None


def _number(card: types.Contact) -> str:
    """Telegram's own numbers begin with the country's code, often without its plus; others as they are in a phone."""
    number = card.phone_number
    return f"+{number}" if card.user_id is not None and number[:1].isdigit() else number


def _words(message: types.Message) -> str:
    if message.sticker:
        return message.sticker.emoji or ""
    if message.dice:
        return message.dice.emoji
    if message.poll:
        return message.poll.question
    return message.caption or ""
