"""What a reply_markup must look like, and how a phone shows it.

Source: https://core.telegram.org/bots/api#inlinekeyboardbutton
"""

from typing import Any, Final

from sandbox.telegram.errors import BadRequest

DATA_BYTES: Final = 64
BUTTONS: Final = 100
IN_A_ROW: Final = 8
ACTIONS: Final = ("callback_data", "url", "web_app", "login_url", "switch_inline_query",
                  "switch_inline_query_current_chat", "copy_text", "pay")  # fmt: skip
SCHEMES: Final = ("http://", "https://", "tg://")


def check(markup: Any, *, is_private: bool) -> None:
    """Refuse a keyboard that Telegram would refuse."""
    match markup:
        case None | {"remove_keyboard": True} | {"force_reply": True}:
            return
        case {"inline_keyboard": list(rows)}:
            _check_rows(rows, _check_inline)
        case {"keyboard": list(rows)}:
            _check_rows(rows, _check_plain)
            if not is_private and any(isinstance(b, dict) and b.get("request_contact") for row in rows for b in row):
                raise BadRequest("phone number can be requested in private chats only")
        case dict():
            raise BadRequest("can't parse reply keyboard markup JSON object")
        case _:
            raise BadRequest("object expected as reply markup")


def inline_only(markup: Any) -> None:
    """Edited messages can carry nothing but an inline keyboard."""
    if markup is not None and "inline_keyboard" not in markup:
        raise BadRequest("inline keyboard expected")


def _check_rows(rows: list[Any], check_button: Any) -> None:
    if any(not isinstance(row, list) for row in rows):
        raise BadRequest("can't parse keyboard: field must be an Array of Arrays")
    if sum(len(row) for row in rows) > BUTTONS or any(len(row) > IN_A_ROW for row in rows):
        raise BadRequest("reply markup is too long")
    for row in rows:
        for button in row:
            check_button(button)


def _check_inline(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"]:
        raise BadRequest('can\'t parse inline keyboard button: field "text" must be a non-empty String')
    given = [name for name in ACTIONS if name in button]
    if len(given) != 1:
        raise BadRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= DATA_BYTES:
        raise BadRequest("BUTTON_DATA_INVALID")
    if "url" in button and not str(button["url"]).startswith(SCHEMES):
        raise BadRequest("BUTTON_URL_INVALID")


def _check_plain(button: Any) -> None:
    text = button if isinstance(button, str) else button.get("text") if isinstance(button, dict) else None
    if not isinstance(text, str) or not text:
        raise BadRequest('can\'t parse keyboard button: field "text" must be a non-empty String')


def shown(markup: Any) -> dict[str, Any]:
    """The buttons as the phone draws them."""
    match markup:
        case {"inline_keyboard": rows}:
            return {"buttons": rows}
        case {"keyboard": rows}:
            return {"keyboard": [[{"text": b} if isinstance(b, str) else b for b in row] for row in rows]}
        case {"remove_keyboard": True}:
            return {"keyboard": []}
        case _:
            return {}
