"""Here live the plans of dangerous commands: previewed, confirmed with a code, approved where that is needed."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from domain.plans import TRIES, VALID, Draft, Stage, sealed, stage
from models.fields import Instant, Short, milliseconds
from models.sql import select
from models.staff import Staff

PlanState = Literal["open", "done", "cancelled", "rejected"]

OPEN = "id = $1 AND state = 'open' AND expires_at > $2"
PROPOSE = """INSERT INTO plan (kind, subject, payload, staff_id, account, chat, code_hash, needs_approval,
        created_at, expires_at, tries, state, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 'open', '')
    ON CONFLICT (subject) DO UPDATE SET kind = excluded.kind, payload = excluded.payload,
        staff_id = excluded.staff_id, account = excluded.account, chat = excluded.chat,
        code_hash = excluded.code_hash, needs_approval = excluded.needs_approval,
        created_at = excluded.created_at, expires_at = excluded.expires_at, tries = 0, state = 'open', reason = '',
        approver_id = NULL, confirmed_at = NULL, approved_at = NULL, ended_at = NULL
    WHERE plan.state <> 'open' OR plan.expires_at <= excluded.created_at
        OR (plan.staff_id = excluded.staff_id AND plan.confirmed_at IS NULL)
    RETURNING id"""
REPLACE = """UPDATE plan SET state = 'cancelled', reason = 'replaced', ended_at = $4
    WHERE staff_id = $1 AND account = $2 AND chat = $3 AND state = 'open' AND expires_at > $4
        AND confirmed_at IS NULL AND subject <> $5
    RETURNING id"""
RENEW = """UPDATE plan SET payload = $2, code_hash = $3, created_at = $4, expires_at = $5, tries = 0, state = 'open',
        reason = '', approver_id = NULL, confirmed_at = NULL, approved_at = NULL, ended_at = NULL
    WHERE id = $1 RETURNING id"""
# One statement both sees the other half and completes: of a confirmation and an approval at once, one is the last.
CONFIRM = f"""UPDATE plan SET confirmed_at = $2,
        state = CASE WHEN needs_approval AND approved_at IS NULL THEN state ELSE 'done' END,
        ended_at = CASE WHEN needs_approval AND approved_at IS NULL THEN ended_at ELSE $2 END
    WHERE {OPEN} AND confirmed_at IS NULL AND code_hash = $3 AND tries < {TRIES}
    RETURNING id"""  # noqa: S608 - constants of our own only
APPROVE = f"""UPDATE plan SET approved_at = $2, approver_id = $3,
        state = CASE WHEN confirmed_at IS NULL THEN state ELSE 'done' END,
        ended_at = CASE WHEN confirmed_at IS NULL THEN ended_at ELSE $2 END
    WHERE {OPEN} AND needs_approval AND approved_at IS NULL AND staff_id <> $3 AND code_hash = $4
    RETURNING id"""  # noqa: S608
REJECT = f"""UPDATE plan SET state = 'rejected', ended_at = $2, approver_id = $3, reason = $4
    WHERE {OPEN} AND needs_approval AND staff_id <> $3 RETURNING id"""  # noqa: S608
CANCEL = f"""UPDATE plan SET state = 'cancelled', ended_at = $2, reason = $3
    WHERE {OPEN} RETURNING id"""  # noqa: S608
MISS = f"""UPDATE plan SET tries = tries + 1,
        state = CASE WHEN tries + 1 >= {TRIES} THEN 'cancelled' ELSE state END,
        reason = CASE WHEN tries + 1 >= {TRIES} THEN 'tries' ELSE reason END,
        ended_at = CASE WHEN tries + 1 >= {TRIES} THEN $2 ELSE ended_at END
    WHERE {OPEN} AND confirmed_at IS NULL RETURNING tries"""  # noqa: S608
LAPSE = """UPDATE plan SET ended_at = $2
    WHERE id = $1 AND state = 'open' AND expires_at <= $2 AND ended_at IS NULL RETURNING id"""
RECENT = 20  # plans of one person in one chat among which a code is looked for


class Plan(Model):
    """What will be done is frozen in `payload`; bound to one person and one chat. Expired: open after `expires_at`.

    `subject` is the short id it is called by (M3, P31). Confirmation and approval come in either order.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(16)
    subject = fields.CharField(20, unique=True)
    payload: dict[str, Any] = fields.JSONField(default=dict)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="plans")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    code_hash = fields.CharField(64)
    tries = fields.IntField(default=0)
    state: PlanState = fields.CharField(12, default="open")  # type: ignore[assignment]
    needs_approval = fields.BooleanField(default=False)
    approver: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="approved_plans", null=True, on_delete=fields.SET_NULL
    )
    created_at: datetime = Instant()  # type: ignore[assignment]
    expires_at: datetime = Instant()  # type: ignore[assignment]
    confirmed_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    approved_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    ended_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    reason = Short(200, default="")

    staff_id: int
    approver_id: int | None

    class Meta:
        table = "plan"
        indexes = (("staff_id", "state"), ("state", "expires_at"))

    @classmethod
    async def propose(cls, staff: Staff, chat: Address, draft: Draft, code: str, now: datetime) -> Self | None:
        """Freeze a plan in the place of whatever was planned for its subject before; None while that is still alive.

        A preview that the person did not confirm, for this subject or another in this chat, gives way.
        """
        what = draft.kind, draft.subject, json.dumps(draft.payload, ensure_ascii=False)
        who = staff.id, chat.account, chat.id
        times = milliseconds(now), milliseconds(now + VALID)
        if not await select(PROPOSE, *what, *who, sealed(draft.subject, code), draft.needs_approval, *times):
            return None
        await select(REPLACE, *who, milliseconds(now), draft.subject)
        return await cls.called(draft.subject)

    @classmethod
    async def called(cls, subject: str) -> Self | None:
        """The plan for a short id, with who asked for it and who approved it."""
        return await cls.filter(subject=subject).select_related("staff", "approver").first()

    @classmethod
    async def meant(cls, staff: Staff, chat: Address, code: str, now: datetime) -> Self | None:
        """Of this person's plans in this chat the one that has this code, or else the one that waits for its code."""
        plans = await cls._recent(staff, chat)
        return next(
            (plan for plan in plans if plan.fits(code)),
            next((plan for plan in plans if plan.waits(now)), None),
        )

    @classmethod
    async def last_open(cls, staff: Staff, chat: Address, now: datetime) -> Self | None:
        """What this person can still take back in this chat: first what waits for its code."""
        living = [plan for plan in await cls._recent(staff, chat) if plan.state == "open" and plan.expires_at > now]
        return next((plan for plan in living if plan.waits(now)), next(iter(living), None))

    @classmethod
    async def _recent(cls, staff: Staff, chat: Address) -> list[Self]:
        mine = cls.filter(staff_id=staff.id, account=chat.account, chat=chat.id)
        return await mine.order_by("-created_at", "-id").limit(RECENT).select_related("staff", "approver")

    @property
    def place(self) -> Address:
        """Where it was asked for."""
        return Address(self.account, self.chat)

    @property
    def mark(self) -> str:
        """Tells this preview from others of the same subject: whoever approves approves what they were shown."""
        return f"{milliseconds(self.created_at) % 1_000_000:06d}"

    def stage(self, now: datetime) -> Stage:
        return stage(
            self.state,
            confirmed=self.confirmed_at is not None,
            needs_approval=self.needs_approval,
            approved=self.approved_at is not None,
            expired=self.expires_at <= now,
        )

    def waits(self, now: datetime) -> bool:
        """Whether its code would still confirm it."""
        return self.stage(now) in {Stage.PREVIEWED, Stage.APPROVED}

    def fits(self, code: str) -> bool:
        """Whether this is its code; compared in constant time."""
        return hmac.compare_digest(self.code_hash, sealed(self.subject, code))

    async def confirm(self, now: datetime) -> bool:
        """The requester's half; with it the plan is done unless an approval is missing. True for one of all who try."""
        return bool(await select(CONFIRM, self.id, milliseconds(now), self.code_hash))

    async def approve(self, staff: Staff, now: datetime) -> bool:
        """The other half, for exactly what was read; with it the plan is done if it is confirmed."""
        return bool(await select(APPROVE, self.id, milliseconds(now), staff.id, self.code_hash))

    async def reject(self, staff: Staff, reason: str, now: datetime) -> bool:
        return bool(await select(REJECT, self.id, milliseconds(now), staff.id, _short(reason)))

    async def cancel(self, now: datetime, reason: str = "") -> bool:
        return bool(await select(CANCEL, self.id, milliseconds(now), reason))

    async def miss(self, now: datetime) -> int | None:
        """Count a wrong code; how many more may be tried, None where there is nothing to confirm any more."""
        found = await select(MISS, self.id, milliseconds(now))
        return TRIES - int(found[0]["tries"]) if found else None

    async def lapse(self, now: datetime) -> bool:
        """Whether this is the first time that somebody finds it expired."""
        return bool(await select(LAPSE, self.id, milliseconds(now)))

    async def renew(self, payload: Mapping[str, Any], code: str, now: datetime) -> None:
        """Begin again with what holds now: nothing that was confirmed or approved counts any more."""
        frozen = json.dumps(payload, ensure_ascii=False)
        times = milliseconds(now), milliseconds(now + VALID)
        await select(RENEW, self.id, frozen, sealed(self.subject, code), *times)


def _short(reason: str) -> str:
    return reason.replace("\0", "")[:200]
