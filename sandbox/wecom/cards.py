"""Template cards: what they must hold, their response codes, and their update after use.

Source: https://developer.work.weixin.qq.com/document/path/90236, https://developer.work.weixin.qq.com/document/path/94888
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, found, need, refuse_if, size
from sandbox.wecom.corp import Corp, ResponseCode, SentCard

TYPES: Final = ("text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction")
INTERACTIVE: Final = ("button_interaction", "vote_interaction", "multiple_interaction")
TASK_ID: Final = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
BUTTONS: Final = 6
KEY_BYTES: Final = 1024
ROWS: Final = 6
CODE_LIFE: Final = 24 * 3600
RECEIVERS: Final = 1000


def check(corp: Corp, card: Mapping[str, Any], old_task_id: str = "") -> None:
    """Refuse a card with a wrong type, task id, button or row; an update may keep the task id of its card."""
    kind = card.get("card_type")
    refuse_if(kind not in TYPES, 42031)
    title = need(card, "main_title", dict, 40063) if kind != "text_notice" else card.get("main_title", {})
    refuse_if(kind in INTERACTIVE and not title.get("title"), 41016)
    refuse_if(len(card.get("horizontal_content_list", [])) > ROWS, 40058)
    if kind in INTERACTIVE:
        task_id = need(card, "task_id", str, 42014)
        refuse_if(not TASK_ID.fullmatch(task_id), 42014)
        refuse_if(task_id != old_task_id and task_id in corp.task_ids, 42014)
    if kind == "button_interaction":
        _check_buttons(need(card, "button_list", list, 42039))


def _check_buttons(buttons: list[Any]) -> None:
    refuse_if(len(buttons) > BUTTONS, 40058)
    for button in buttons:
        need(button, "text", str, 42038)
        if button.get("type", 0) == 0:
            refuse_if(size(need(button, "key", str, 42039)) > KEY_BYTES, 42039)
    keys = [button["key"] for button in buttons if "key" in button]
    refuse_if(len(keys) > len(set(keys)), 42039)


def shown(card: Mapping[str, Any]) -> dict[str, Any]:
    """The card as the phone draws it."""
    title = card.get("main_title", {})
    rows = [[row.get("keyname", ""), row.get("value", "")] for row in card.get("horizontal_content_list", [])]
    buttons = [{"text": each["text"], "key": each.get("key", "")} for each in card.get("button_list", [])]
    return {
        "type": "card",
        "title": title.get("title", ""),
        "description": title.get("desc", ""),
        "text": card.get("sub_title_text", ""),
        "rows": rows,
        "buttons": buttons,
        "task_id": card.get("task_id", ""),
    }


def hand_out(corp: Corp, card: dict[str, Any], entry_ids: dict[str, str]) -> str:
    """A response code for a card that lies on the phones of these members."""
    corp.task_ids.add(card["task_id"])
    return code_for(corp, SentCard(card, entry_ids))


def code_for(corp: Corp, sent: SentCard) -> str:
    code = corp.stage.ids.code("rc")
    corp.response_codes[code] = ResponseCode(sent, corp.stage.clock())
    return code


def update(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Message/update_template_card: one use of a response code within 24 hours."""
    corp.check_agent(asked.body.get("agentid"))
    userids = asked.body.get("userids", [])
    refuse_if(not (userids or asked.body.get("partyids") or asked.body.get("tagids") or asked.body.get("atall")), 40063)
    refuse_if(not isinstance(userids, list), 40058)
    refuse_if(len(userids) > RECEIVERS, 40032)
    held = found(corp.response_codes.get(str(asked.body.get("response_code"))), 42016)
    refuse_if(held.is_used or corp.stage.clock() > held.born + CODE_LIFE, 42016)
    change = _change(corp, asked, held.card)
    held.is_used = True
    for userid, entry_id in held.card.entry_ids.items():
        if not userids or userid in userids:
            corp.stage.show(f"wecom:{userid}", "company", change, entry_id)
    return {"invaliduser": [each for each in userids if each not in corp.members]}


def _change(corp: Corp, asked: Asked, sent: SentCard) -> dict[str, Any]:
    button = asked.body.get("button")
    if isinstance(button, dict):
        name = need(button, "replace_name", str, 42038)
        return {**shown(sent.card), "buttons": [], "replaced": name}
    card = asked.need("template_card", dict, 40063)
    check(corp, card, sent.card["task_id"])
    corp.task_ids.add(card.get("task_id", ""))
    sent.card = card
    return shown(card)
