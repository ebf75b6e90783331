"""Here lives how contents look in WeCom: as an app message to a member, and as a welcome to a customer."""

import hashlib
import re
from typing import Any, Final

from channels.texts import cut, octets, whole
from domain.messages import Button, Card, Content, File, Image, Link, Markdown, Video, Voice, words

TEXT: Final = 2048  # bytes of a text, and of markdown; this and what follows: https://developer.work.weixin.qq.com/document/path/90236
TITLE: Final = 128  # bytes
DESCRIPTION: Final = 512  # bytes
CARD_TITLE: Final = 36  # characters that a card shows
CARD_TEXT: Final = 160  # characters that a card shows
BUTTONS: Final = 6
KEY: Final = 1024  # bytes, of each button another one
TASK_ID: Final = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
WELCOME: Final = 4000  # bytes, https://developer.work.weixin.qq.com/document/path/92137

Json = dict[str, Any]


def app_message(content: Content, key: str) -> Json:  # noqa: PLR0911 - one line per shape
    """`msgtype` and the object of that name; a picture or a file that is only a link goes as a link."""
    match content:
        case Card() if has_buttons(content):
            return _of("template_card", template_card(content, task_id(key)))
        case Card():
            return _text(card_text(content, TEXT))
        case Image(media=media) | File(media=media) | Voice(media=media) | Video(media=media) if media:
            return _of(content.kind, {"media_id": media})
        case Image(url=url) if url:
            return _article(Link(content.caption or _file_name(url), url, picture=url))
        case File(url=url) if url:
            return _text_card(Link(content.name or _file_name(url), url, content.caption))
        case Link():
            return _article(content) if content.picture else _text_card(content)
        case Markdown(text=text):
            return _of(content.kind, {"content": cut(whole(text), TEXT, octets)})
        case _:
            return _text(words(content))


def welcome_message(content: Content) -> Json:
    """`text` and `attachments` of a welcome."""
    match content:
        case Card():
            return _greeting(card_text(content, WELCOME))
        case Image(media=media, url=url):
            return _greeting(content.caption, ("image", {"media_id": media} if media else {"pic_url": url}))
        case File(media=media) | Video(media=media) if media:
            return _greeting(content.caption, (content.kind, {"media_id": media}))
        case File():
            return _greeting(content.caption, ("link", _welcome_link(Link(content.name or content.url, content.url))))
        case Link():
            return _greeting("", ("link", _welcome_link(content)))
        case _:
            return _greeting(words(content))


def caption_of(content: Content) -> str:
    """The words that WeCom cannot put into the same message as the medium."""
    match content:
        case Image() | File() | Video() if content.media:
            return content.caption
        case _:
            return ""


def has_buttons(card: Card) -> bool:
    """Whether a template card can show all of it; the client cuts a longer one off without a word."""
    fits = len(card.title) <= CARD_TITLE and len(card.text) <= CARD_TEXT
    return bool(card.title.strip()) and fits and can_be_pressed(card.buttons)


def can_be_pressed(buttons: tuple[Button, ...]) -> bool:
    """Whether one template card takes all these buttons."""
    labelled = all(button.label.strip() and 0 < octets(button.data) <= KEY for button in buttons)
    return 0 < len(buttons) <= BUTTONS and labelled and len({button.data for button in buttons}) == len(buttons)


def task_id(key: str) -> str:
    """The card's own id, which the platform lets an app use once."""
    return key if TASK_ID.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def template_card(card: Card, task: str) -> Json:
    text = {"sub_title_text": card.text} if card.text else {}
    return {
        "card_type": "button_interaction",
        "main_title": {"title": card.title},
        **text,
        "task_id": task,
        "button_list": [{"text": button.label, "key": button.data} for button in card.buttons],
    }


def written(card: Card) -> str:
    """A card in words, with what to type in place of each button."""
    return whole(words(card)) + _choices(card)


def card_text(card: Card, size: int) -> str:
    """The same within so many bytes; what must be cut is cut before the buttons."""
    choices = _choices(card)
    return cut(cut(whole(words(card)), max(0, size - octets(choices)), octets) + choices, size, octets)


def _choices(card: Card) -> str:
    choices = "".join(f"\n{_button_text(button)}" for button in card.buttons)
    return choices and f"\n{choices}"


def _button_text(button: Button) -> str:
    return button.data if button.label == button.data else f"{button.label}: {button.data}"


def _of(kind: str, value: Json) -> Json:
    return {"msgtype": kind, kind: value}


def _text(text: str) -> Json:
    return _of("text", {"content": cut(whole(text), TEXT, octets)})


def _text_card(link: Link) -> Json:
    title = cut(link.title, TITLE, octets)
    return _of(
        "textcard",
        {"title": title, "description": cut(link.description or title, DESCRIPTION, octets), "url": link.url},
    )


def _article(link: Link) -> Json:
    article = {"title": cut(link.title, TITLE, octets), "url": link.url, "picurl": link.picture}
    described = {"description": cut(link.description, DESCRIPTION, octets)} if link.description else {}
    return _of("news", {"articles": [article | described]})


def _greeting(text: str, *attachments: tuple[str, Json]) -> Json:
    said = {"text": {"content": cut(text, WELCOME, octets)}} if text else {}
    return said | ({"attachments": [_of(kind, value) for kind, value in attachments]} if attachments else {})


def _welcome_link(link: Link) -> Json:
    shown = {
        "title": cut(link.title, TITLE, octets),
        "desc": cut(link.description, DESCRIPTION, octets),
        "url": link.url,
    }
    return shown | ({"picurl": link.picture} if link.picture else {})


def _file_name(url: str) -> str:
    return url.split("?", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1] or url
