"""What people send on Telegram: the content fields of a message, made up where a test names none."""

import re
from typing import Any

from sandbox.telegram.bot import Bot, Json, Person
from sandbox.telegram.sending import keep


def text(written: str) -> Json:
    """A text with its bot_command entity when it starts with one."""
    command = re.match(r"/[A-Za-z0-9_]+(@\w+)?", written)
    entities = [{"type": "bot_command", "offset": 0, "length": command.end()}] if command else []
    return {"text": written} | ({"entities": entities} if entities else {})


def made(bot: Bot, person: Person, kind: str, fields: dict[str, Any]) -> Json:
    """`fields` of photo, document and voice: name, content (bytes), size, caption. Of location: latitude, longitude.

    Of own_contact and other_contact: phone_number. Any other kind carries the fields as they are.
    """
    caption = {"caption": fields["caption"]} if "caption" in fields else {}
    match kind:
        case "photo":
            return {"photo": [_size(bot, fields, width) for width in (320, 1280)], **caption}
        case "document":
            name = fields.get("name", "file.pdf")
            return {"document": {"file_name": name, **_file(bot, name, fields)}, **caption}
        case "voice":
            return {"voice": {"duration": 3, "mime_type": "audio/ogg", **_file(bot, "voice.ogg", fields)}}
        case "location":
            return {"location": {"latitude": 31.2304, "longitude": 121.4737, **fields}}
        case "own_contact" | "other_contact":
            return {"contact": _card(person, kind) | fields}
    return {kind: fields}


def _size(bot: Bot, fields: dict[str, Any], width: int) -> Json:
    return {**_file(bot, "photo.jpg", fields), "width": width, "height": width * 3 // 4}


def _card(person: Person, kind: str) -> Json:
    if kind == "own_contact":
        return {"phone_number": "+8613800000000", "first_name": person.first_name, "user_id": person.id}
    return {"phone_number": "+8613800000001", "first_name": "Warehouse"}


def _file(bot: Bot, default_name: str, fields: dict[str, Any]) -> Json:
    file = keep(bot, fields.get("name", default_name), fields.get("content", b"sandbox"), fields.get("size", 0))
    return {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.size}


def shown(message: Json) -> Json:
    """A person's message as his own phone draws it."""
    if "text" in message:
        return {"type": "text", "text": message["text"]}
    known = ("photo", "document", "voice", "location", "contact", "sticker", "video")
    kind = next((name for name in known if name in message), "service")
    if kind == "contact":
        return {"type": "contact", "name": message["contact"]["phone_number"]}
    label = message["document"]["file_name"] if kind == "document" else message.get("caption", "")
    return {"type": {"photo": "image", "document": "file"}.get(kind, kind), "name": label}
