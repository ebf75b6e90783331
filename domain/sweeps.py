"""Here lives what the server tells itself about its rules: whom to look at again, and which rule to go through.

Events like those of domain/events.py, which lists them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class CustomersTouched:
    """Ours: something of customers is not as before, and the rules are to be applied to them.

    `since` is the place in the log that they had come to, `until` the one to which this looks (empty: not begun),
    `after` the last line that was looked at.
    """

    at: datetime
    since: str
    until: str = ""
    after: int = 0
    round: int = 0
    kind: Literal["customers_touched"] = field(default="customers_touched", kw_only=True)


@dataclass(frozen=True, slots=True)
class RuleDue:
    """Ours: everybody is to have a rule's tag, or not, as it says in this version; `after` the last customer done.

    `day` names the night to which it belongs; empty: the rule is new.
    """

    at: datetime
    rule: int
    version: int
    day: str = ""
    after: int = 0
    round: int = 0
    kind: Literal["rule_due"] = field(default="rule_due", kw_only=True)


@dataclass(frozen=True, slots=True)
class RulesDue:
    """Ours: all rules are to be applied to everybody, as every night: time has passed, which changes nobody's row."""

    at: datetime
    day: str
    kind: Literal["rules_due"] = field(default="rules_due", kw_only=True)
