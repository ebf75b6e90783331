"""The ways into an official account: parametric QR codes and the menu.

Source: https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Generating_a_Parametric_QR_Code.html
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, refuse_if, size
from sandbox.wechat.account import Account

TEMPORARY: Final = 2_592_000
DEFAULT_EXPIRY: Final = 30
SCENE_TEXT: Final = 64
SCENE_NUMBER: Final = 100_000
TOP_BUTTONS, SUB_BUTTONS = 3, 5
NAME_BYTES, SUB_NAME_BYTES, KEY_BYTES, URL_BYTES = 16, 60, 128, 1024
BUTTON_TYPES: Final = ("click", "view", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album",
                       "pic_weixin", "location_select", "media_id", "article_id", "article_view_limited",
                       "miniprogram")  # fmt: skip


def create_qrcode(account: Account, asked: Asked) -> dict[str, Any]:
    action = str(asked.body.get("action_name"))
    scene = _scene(action, asked.body.get("action_info", {}).get("scene", {}))
    ticket = account.stage.ids.code("gQ", 36)
    account.tickets[ticket] = scene
    answer = {"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket[:11]}"}
    if action not in ("QR_SCENE", "QR_STR_SCENE"):
        return answer
    seconds = asked.body.get("expire_seconds", DEFAULT_EXPIRY)
    refuse_if(not isinstance(seconds, int) or not 1 <= seconds <= TEMPORARY, 40035)
    return answer | {"expire_seconds": seconds}


def _scene(action: str, scene: Mapping[str, Any]) -> str:
    match action:
        case "QR_STR_SCENE" | "QR_LIMIT_STR_SCENE":
            text = scene.get("scene_str")
            refuse_if(not isinstance(text, str) or not 1 <= len(text) <= SCENE_TEXT, 40035)
            return str(text)
        case "QR_SCENE" | "QR_LIMIT_SCENE":
            number, most = scene.get("scene_id"), SCENE_NUMBER if "LIMIT" in action else 2**32 - 1
            refuse_if(not isinstance(number, int) or not 1 <= number <= most, 40035)
            return str(number)
        case _:
            refuse_if(wrong=True, code=40035)
            return ""


def create_menu(account: Account, asked: Asked) -> dict[str, Any]:
    buttons = asked.need("button", list, 40016)
    refuse_if(len(buttons) > TOP_BUTTONS, 40016)
    for button in buttons:
        below = button.get("sub_button", [])
        refuse_if(len(below) > SUB_BUTTONS, 40023)
        _check_button(button, NAME_BYTES, is_parent=bool(below))
        for each in below:
            _check_button(each, SUB_NAME_BYTES, is_parent=False)
    account.menu = {"button": buttons}
    return {}


def _check_button(button: Mapping[str, Any], name_bytes: int, *, is_parent: bool) -> None:
    refuse_if(not button.get("name") or size(button["name"]) > name_bytes, 40018)
    if is_parent:
        return
    refuse_if(button.get("type") not in BUTTON_TYPES, 40017)
    refuse_if(button["type"] == "click" and not 1 <= size(button.get("key", "")) <= KEY_BYTES, 40019)
    refuse_if(button["type"] == "view" and not 1 <= size(button.get("url", "")) <= URL_BYTES, 40020)


def get_menu(account: Account, _asked: Asked) -> dict[str, Any]:
    return {"menu": found(account.menu, 46003)}


def delete_menu(account: Account, _asked: Asked) -> dict[str, Any]:
    account.menu = None
    return {}


CALLS: Final[Mapping[str, CgiCall]] = {
    "qrcode/create": CgiCall("POST", create_qrcode),
    "menu/create": CgiCall("POST", create_menu),
    "menu/get": CgiCall("GET", get_menu),
    "menu/delete": CgiCall("GET", delete_menu),
}
