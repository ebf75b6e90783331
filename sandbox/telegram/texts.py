"""Message texts as Telegram counts and marks them: UTF-16 units, entities, the HTML subset.

Source: https://core.telegram.org/bots/api#formatting-options
"""

from html.parser import HTMLParser
from typing import Any, Final

from sandbox.telegram.args import Args
from sandbox.telegram.errors import BadRequest

TEXT_UNITS: Final = 4096
CAPTION_UNITS: Final = 1024
TAGS: Final = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
ENTITY_TYPES: Final = {
    *TAGS.values(), "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number",
    "text_mention", "custom_emoji", "expandable_blockquote",
}  # fmt: skip

Entities = list[dict[str, Any]]


def units(text: str) -> int:
    """UTF-16 code units: an emoji counts two."""
    return len(text.encode("utf-16-le")) // 2


def message_text(args: Args) -> tuple[str, Entities]:
    """The text of a message and its entities; 400 when empty or too long."""
    text, entities = _marked(args, "text", "entities")
    if not text.strip():
        raise BadRequest("message text is empty")
    if units(text) > TEXT_UNITS:
        raise BadRequest("message is too long")
    return text, entities


def caption(args: Args) -> tuple[str, Entities]:
    text, entities = _marked(args, "caption", "caption_entities")
    if units(text) > CAPTION_UNITS:
        raise BadRequest("message caption is too long")
    return text, entities


def _marked(args: Args, name: str, entities_name: str) -> tuple[str, Entities]:
    text, mode = args.text(name), args.text("parse_mode").lower()
    match mode:
        case "html":
            return _Html().read(text)
        case "":
            entities = args.values.get(entities_name) or []
            _check_entities(entities, units(text))
            return text, entities
        case _:
            raise BadRequest("unsupported parse_mode")


def _check_entities(entities: Any, length: int) -> None:
    if not isinstance(entities, list):
        raise BadRequest("object expected as entities")
    for entity in entities:
        if not isinstance(entity, dict) or entity.get("type") not in ENTITY_TYPES:
            raise BadRequest("can't parse entities: unsupported entity type")
        start, size = entity.get("offset"), entity.get("length")
        if not isinstance(start, int) or not isinstance(size, int) or start < 0 or size < 1 or start + size > length:
            raise BadRequest("can't parse entities: entity is out of the text")


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._text = ""
        self._open: list[tuple[str, int, dict[str, str | None]]] = []
        self._entities: Entities = []

    def read(self, text: str) -> tuple[str, Entities]:
        self.feed(text)
        self.close()
        if self._open:
            raise BadRequest(
                f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1][0]}\""
            )
        return self._text, self._entities

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise BadRequest(f'can\'t parse entities: Unsupported start tag "{tag}"')
        self._open.append((tag, units(self._text), dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise BadRequest(f'can\'t parse entities: Unexpected end tag "{tag}"')
        _, start, attributes = self._open.pop()
        entity: dict[str, Any] = {"type": TAGS[tag], "offset": start, "length": units(self._text) - start}
        if tag == "a":
            entity["url"] = attributes.get("href") or ""
        if entity["length"]:
            self._entities.append(entity)

    def handle_data(self, data: str) -> None:
        self._text += data
