"""Here lives what is told of the trail: the commands about something or of somebody, and the fields that changed."""

from collections.abc import Collection
from datetime import datetime

from models import rows
from models.audit import AuditEntry
from models.changes import TAG, Change
from models.fields import milliseconds
from models.leads import Lead
from models.sql import dialect, select
from models.tasks import Task

Step = AuditEntry | Change

NUMBERS = "SELECT number FROM audit_subject WHERE subject = $4 OR subject = $5"
# On PostgreSQL an array that is made first: told to take the newest, it would else walk the whole trail backwards.
ABOUT = {"sqlite": f"number IN ({NUMBERS})", "postgres": f"number = ANY(ARRAY({NUMBERS}))"}
WITHIN = "at >= $1 AND at < $2"
LATEST = "ORDER BY {0} DESC LIMIT $3"
# But for moments that the commands themselves tell.
CHANGED = "customer_id = $4 AND ($5 = '' OR subject = $5) AND field NOT IN ('claimed_at', 'followed_at')"

TAGGED = "staff_id = $1 AND field = 'tag'"
BECAUSE = f"{TAGGED} AND cause = $2 AND id > $3"
COUNTED = f"""SELECT tag_id, CASE WHEN new <> '' THEN 1 ELSE 0 END AS came, COUNT(*) AS n FROM change
    WHERE {BECAUSE} GROUP BY tag_id, CASE WHEN new <> '' THEN 1 ELSE 0 END"""  # noqa: S608 - constants of ours
PEOPLE = f"SELECT COUNT(DISTINCT customer_id) AS n FROM change WHERE {BECAUSE}"  # noqa: S608
SAID = "staff_id = $1 AND cause = $2 AND result = 'done' ORDER BY number DESC LIMIT 1"
TAGGING = ("tag ", "undo")  # what takes back a tagging is one, too


async def about(subject: str, since: datetime, until: datetime, limit: int) -> list[Step]:
    """The last commands about a short id and the last changes of it, merged, newest first.

    A customer and their lead have one trail.
    """
    span = (milliseconds(since), milliseconds(until), limit)
    customer_id, names = await _known(subject)
    entries = await rows.find(AuditEntry, f"{ABOUT[dialect()]} AND {WITHIN} {LATEST.format('number')}", *span, *names)
    changes = await rows.find(
        Change,
        f"{CHANGED} AND {WITHIN} {LATEST.format('id')}",
        *span,
        customer_id,
        "" if subject[0] in "CL" else subject,
    )
    both: list[Step] = [*entries, *changes]
    return sorted(both, key=lambda step: step.at, reverse=True)[:limit]


async def of(staff_id: int | None, since: datetime, until: datetime, limit: int) -> list[Step]:
    """The last commands of one person, or of everybody, newest first."""
    span = (milliseconds(since), milliseconds(until), limit)
    if staff_id is None:
        return list(await rows.find(AuditEntry, f"{WITHIN} {LATEST.format('number')}", *span))
    return list(await rows.find(AuditEntry, f"staff_id = $4 AND {WITHIN} {LATEST.format('number')}", *span, staff_id))


async def last_tagging(staff_id: int, since: datetime, number: int = 0) -> list[Change]:
    """What a person's last command to tag customers changed; with a number the one to which that change belongs."""
    which = "(id = $3 OR $3 = 0)"  # in this order: PostgreSQL takes the kind of a parameter from its first use
    found = await rows.find(
        Change, f"{TAGGED} AND at >= $2 AND {which} ORDER BY id DESC LIMIT 1", staff_id, milliseconds(since), number
    )
    while found and not await _is_tagging(found[0]):
        before = f"{TAGGED} AND at >= $2 AND {which} AND id < $4 AND cause <> $5 ORDER BY id DESC LIMIT 1"
        latest = found[0].id, found[0].cause
        found = await rows.find(Change, before, staff_id, milliseconds(since), number, *latest)
    return await taggings_because_of(staff_id, found[0].cause) if found else []


async def taggings_because_of(staff_id: int, cause: str) -> list[Change]:
    """The tags that came and went by one command of one person, oldest first."""
    return await rows.find(Change, f"{TAGGED} AND cause = $2 ORDER BY id", staff_id, cause)


async def newest() -> int:
    """The last line of the trail of changes, as far as it is known here."""
    return int((await select("SELECT COALESCE(MAX(id), 0) AS id FROM change"))[0]["id"])


async def taggings_counted(staff_id: int, cause: str, since: int) -> tuple[dict[tuple[int, bool], int], int]:
    """How often each tag came (True) and went because of this, in lines behind `since`; and of how many customers."""
    values = staff_id, cause, since
    rows = await select(COUNTED, *values)
    people = int((await select(PEOPLE, *values))[0]["n"])
    return {(int(row["tag_id"]), bool(row["came"])): int(row["n"]) for row in rows}, people


async def latest_taggings(customers: Collection[int]) -> dict[tuple[int, int], int]:
    """By customer and tag the last change that gave or took it."""
    told = Change.filter(customer_id__in=list(customers), field=TAG).order_by("id")
    return {(customer, tag): number for customer, tag, number in await told.values_list("customer_id", "tag_id", "id")}


async def _is_tagging(change: Change) -> bool:
    found = await rows.find(AuditEntry, SAID, change.staff_id, change.cause)
    return bool(found) and found[0].understood.startswith(TAGGING)


async def _known(subject: str) -> tuple[int, tuple[str, str]]:
    """The customer whose changes these are (0: nobody's), and both names of what the trail is of."""
    kind, number = subject[0], int(subject[1:])
    if kind in "CL":
        lead = await (Lead.get_or_none(customer_id=number) if kind == "C" else Lead.get_or_none(id=number))
        if lead:
            return lead.customer_id, (f"C{lead.customer_id}", lead.short_id)
        return (number if kind == "C" else -1), (subject, subject)
    task = await Task.get_or_none(id=number) if kind == "T" else None
    return (task.customer_id or 0 if task else -1), (subject, subject)
