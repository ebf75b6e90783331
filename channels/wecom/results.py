"""Here lives what became of tasks of 企业群发: whether the member has confirmed, and whom it reached, page by page.

Source: https://developer.work.weixin.qq.com/document/path/93338
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from channels import Clock
from channels.wecom.api import Api, CallRefused, Json
from channels.wecom.outcomes import left_alone, task_outcome
from domain.errors import CallFailed
from domain.push_events import PushAsked, PushResult, PushResultRead, PushUnread

TASK: Final = "externalcontact/get_groupmsg_task"
RESULT: Final = "externalcontact/get_groupmsg_send_result"
PAGE: Final = 1000
UNCONFIRMED: Final = 0
SOON: Final = timedelta(seconds=30)
DAY: Final = timedelta(days=1)
FINAL: Final = frozenset({"task_gone", "cancelled", "no_member"})  # asking again is vain
FAILURES: Final = {2: "not_friend", 3: "received_another"}


class Results:
    """For one account."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def look(self, asked: PushAsked) -> PushResultRead | PushUnread:
        """Until the member has confirmed there is nothing to read: an empty page says that nothing has changed."""
        at = self._clock()
        try:
            if not asked.cursor and not await self._is_confirmed(asked):
                return PushResultRead(at, asked, ())
            answer = await self._ask(RESULT, {"msgid": asked.task, "userid": asked.member}, asked.cursor)
            return PushResultRead(at, asked, _results(answer), _next(answer, asked.cursor))
        except CallRefused as error:
            reason, wait = left_alone(error.code, at, task_outcome)
            return PushUnread(at, asked, reason, at + (DAY if reason in FINAL else wait))
        except CallFailed:
            return PushUnread(at, asked, "unreachable", at + SOON)

    async def _is_confirmed(self, asked: PushAsked) -> bool:
        """False only where WeCom says so of our member: one that it does not tell of may have sent all the same."""
        answer = await self._ask(TASK, {"msgid": asked.task}, "")
        return all(
            row.get("status") != UNCONFIRMED
            for row in _rows(answer.get("task_list"))
            if row.get("userid") == asked.member
        )

    async def _ask(self, path: str, asked: Json, cursor: str) -> Json:
        more = {"cursor": cursor} if cursor else {}
        return await self._api.ask("POST", path, {}, {**asked, "limit": PAGE, **more})


def _results(answer: Json) -> tuple[PushResult, ...]:
    return tuple(each for each in map(_result, _rows(answer.get("send_list"))) if each)


def _result(row: Json) -> PushResult | None:
    """A customer or a customer group; None for a row that tells of nobody."""
    contact = row.get("external_userid") or row.get("chat_id")
    if not isinstance(contact, str):
        return None
    match row.get("status"):
        case 1:
            return PushResult(contact, "sent", at=_moment(row.get("send_time")))
        case 2 | 3 as status:
            return PushResult(contact, "failed", FAILURES[status])
        case _:
            return PushResult(contact, "waiting")


def _rows(told: object) -> list[Json]:
    if not isinstance(told, list):
        raise CallFailed("no list in the answer")
    return [row for row in told if isinstance(row, dict)]


def _next(answer: Json, cursor: str) -> str:
    page = answer.get("next_cursor") or ""
    if not isinstance(page, str) or (page and page == cursor):
        raise CallFailed("a cursor that leads nowhere")
    return page


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < 1 << 35 else None
