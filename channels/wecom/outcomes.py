"""Here lives what WeCom's error codes mean for something that was to be delivered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from domain.channel import Deferred, Refused
from domain.outgoing import TagChange, TagEdit

SHORT: Final = timedelta(seconds=3)
MINUTE: Final = timedelta(minutes=1)  # how long a minute's block lasts
LATER: Final = timedelta(seconds=30)
MENDED: Final = timedelta(minutes=5)  # until somebody may have mended what is wrong on our side


def outcome(code: int, now: datetime) -> Deferred | Refused:  # noqa: C901, PLR0911 - one case per class
    """One errcode. What a person of ours can mend is waited for, a minute at a time, so that nothing is lost meanwhile.

    Source: https://developer.work.weixin.qq.com/document/path/90313, and 90454 for the blocks.
    """
    match code:
        case -1:
            return Deferred(now + SHORT, "busy")
        case 45033:
            return Deferred(now + SHORT, "concurrency", whole_account=True)
        case 45009:
            return Deferred(now + MINUTE, "quota", whole_account=True)
        case 40001 | 40013 | 40014 | 41001 | 42001:
            return Deferred(now + MINUTE, "bad_secret", whole_account=True)
        case 60020:
            return Deferred(now + MINUTE, "ip_not_trusted", whole_account=True)
        case 40056 | 40091 | 43009 | 50003 | 301002:
            return Deferred(now + MINUTE, str(code), whole_account=True)
        case 48001 | 48002 | 48006:
            return Deferred(now + MINUTE, "no_right")
        case 40003 | 40031 | 46004 | 60111 | 81013 | 301021:
            return Refused("no_such_member", "deactivated")
        case 60011 | 60030 | 50002:
            return Refused("not_visible")
        case 41050 | 41051 | 41096:
            return Refused("too_late")
        case 40201 | 40204:
            return Refused("sensitive")
        case _:
            return Refused(str(code))


def tag_outcome(code: int, now: datetime, outgoing: TagEdit | TagChange) -> Deferred | Refused:  # noqa: PLR0911 - as above
    """One errcode for a change of tags. An app may change and delete only what it has made itself.

    Source: https://developer.work.weixin.qq.com/document/path/92117 (library), 92118 (a customer's), 90313 (codes)
    """
    match code, outgoing:
        case 40068, _:
            return Refused("tag_gone")
        case 40071, _:
            return Refused("name_taken")
        case 40126, _:
            return Refused("library_full")
        case 301002, _:
            return Refused("not_ours")
        case 40058, TagEdit(edit="create") | TagEdit(name=str()):
            return Refused("name_too_long")
        case 84061 | 84084 | 40096 | 40003 | 46004 | 60111 | 301021, TagChange():
            return Refused("no_relation")
        case 60011 | 60030 | 50002, _:
            return Refused("no_right")
        case 48001 | 48002 | 48006, _:
            return Deferred(now + MINUTE, "no_right", whole_account=True)
        case _:
            return outcome(code, now)


def task_outcome(code: int, now: datetime) -> Deferred | Refused:  # noqa: PLR0911 - as above
    """One errcode of a task (企业群发): of making it, of changing it, of asking about it, of uploading what it shows.

    Sources: https://developer.work.weixin.qq.com/document/path/92135 (making), 93338 (asking), 97610 (reminding), 90313
    """
    match code:
        case 41063 | 41079:
            return Deferred(now + LATER, "dispatching")
        case 40096 | 41048 | 41056 | 84061 | 84084:
            return Refused("no_relation")
        case 40003 | 40031 | 46004 | 60111 | 301021:
            return Refused("no_member")
        case 40004 | 40005 | 40006 | 40007 | 40009 | 40123 | 41064 | 41065 | 45001:
            return Refused("media_unusable")
        case 41047:
            return Refused("task_gone")
        case 41093:
            return Refused("cancelled")
        case 41094:
            return Refused("remind_limit")
        case _:
            return chat_outcome(code, now)


def chat_outcome(code: int, now: datetime) -> Deferred | Refused:
    """One errcode about a group chat. An app may write only to chats that it has made itself.

    Source: https://developer.work.weixin.qq.com/document/path/90248, 92122 (customer groups), 90313 (codes)
    """
    match code:
        case 40050 | 49008 | 86001 | 86003 | 90501 | 90509:
            return Refused("gone")
        case 86008:
            return Refused("not_ours")
        case _:
            return outcome(code, now)


def left_alone(
    code: int, now: datetime, meaning: Callable[[int, datetime], Deferred | Refused] = outcome
) -> tuple[str, timedelta]:
    """Why a question was not answered, and how long not to ask again."""
    match meaning(code, now):
        case Deferred(until=until, reason="busy" | "concurrency" | "quota" | "dispatching" as reason):
            return reason, until - now
        case Deferred(reason=reason):
            return reason, MENDED
        case Refused(reason=reason):
            return reason, LATER
