"""Here lives what WeCom's error codes mean for something that was to be delivered."""

from datetime import datetime, timedelta
from typing import Final

from domain.channel import Deferred, DeliveryResult, Refused

SHORT: Final = timedelta(seconds=3)
MINUTE: Final = timedelta(minutes=1)  # how long a minute's block lasts


def outcome(code: int, now: datetime) -> DeliveryResult:  # noqa: C901, PLR0911, PLR0912 - one case per class
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
        case 42016:
            return Refused("press_used")
        case 40201 | 40204:
            return Refused("sensitive")
        case _:
            return Refused(str(code))
