"""Here lives what an official account's platform says of the end of what it was given to send.

Sources: binarywang/WxJava WxConsts.MassMsgStatus, and
https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
"""

import re
from collections.abc import Mapping
from typing import Final

FINE: Final = frozenset({"success", "sendsuccess"})
REASONS: Final[Mapping[str, str]] = {
    "failed:userblock": "blocked_by_user",
    "failed:systemfailed": "system_failed",
    "sendfail": "send_failed",
    "err(10001)": "judged_advertising",
    "err(20001)": "judged_political",
    "err(20002)": "judged_pornographic",
    "err(20004)": "judged_social",
    "err(20006)": "judged_criminal",
    "err(20008)": "judged_fraudulent",
    "err(20013)": "judged_copied",
    "err(21000)": "judged_otherwise",
    "err(22000)": "judged_mutual_promotion",
    "err(30001)": "originality_unchecked",
    "err(30002)": "not_allowed_to_mass",
    "err(30003)": "judged_reprint",
    "err(40001)": "admin_refused",
    "err(40002)": "admin_silent",
}
NUMBERED: Final = re.compile(r"err\(([0-9]{1,9})\)")


def end_reason(status: str) -> str:
    """Why it was not sent, empty where it was; the platform writes its words with blanks and without."""
    words = "".join(status.split()).lower()
    if words in FINE:
        return ""
    numbered = NUMBERED.fullmatch(words)
    return REASONS.get(words) or (f"err_{numbered[1]}" if numbered else "failed")
