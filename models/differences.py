"""Here lives what of an account's library is there otherwise than we would have it: it costs what differs, not what is.

What is in step is asked for nothing more, but for what a change of another one may meet.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable

from models.sql import dialect, select
from models.sync import FINAL, Binding

ELSEWHERE = {
    "sqlite": "t.scope <> '[]' AND NOT EXISTS (SELECT 1 FROM json_each(t.scope) WHERE value = $1)",
    "postgres": "t.scope <> '[]'::jsonb AND NOT t.scope ? $1::text",
}
# Deleted there and known until a reading proves it: that is nothing to tell. Neither is what failed, as long as it
# is to be there, or may never be deleted.
DIFFERING = f"""SELECT b.id FROM tag_binding AS b
    LEFT JOIN tag AS t ON t.id = b.tag_id LEFT JOIN tag_group AS g ON g.id = b.group_id
    LEFT JOIN tag_binding AS h ON h.account = b.account AND h.remote_id = b.agreed ->> 'group'
    WHERE b.account = $1 AND (b.sent IS NOT NULL OR b.retired AND (b.agreed IS NOT NULL OR b.remote_id IS NULL)
    OR NOT b.retired AND CASE
        WHEN COALESCE(t.gone_at, g.gone_at) IS NOT NULL OR {{elsewhere}}
            THEN b.level = 'group' OR b.remote_id IS NULL OR b.reason NOT IN ({FINAL})
        WHEN b.level = 'tag' AND (b.reason <> '' OR b.theirs IS NOT NULL) THEN FALSE
        WHEN b.remote_id IS NULL OR b.agreed IS NULL THEN TRUE
        ELSE b.agreed ->> 'name' <> COALESCE(t.name, g.name)
            OR CAST(b.agreed ->> 'order' AS BIGINT) <> CASE WHEN $2 OR t.id IS NULL
                THEN COALESCE(t."order", g."order") ELSE 0 END
            OR $2 AND b.agreed ->> 'group' <> '' AND (h.group_id IS NULL OR h.group_id <> t.group_id)
        END) ORDER BY b.id"""  # noqa: S608 - words of ours only
BESIDE = """SELECT id FROM tag_binding WHERE account = $1 AND (level = 'group' AND group_id {groups}
    OR remote_id IS NOT NULL AND agreed ->> 'name' {names} OR remote_id IS NULL AND NOT retired AND tag_id {heirs})"""
AMONG = {"sqlite": "IN (SELECT value FROM json_each(${n}))", "postgres": "= ANY(${n}::{kind}[])"}
HOMELESS = """SELECT g.id FROM tag_group AS g WHERE g.gone_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM tag_binding AS h WHERE h.group_id = g.id AND h.account = $1 AND NOT h.retired)
    AND EXISTS (SELECT 1 FROM tag AS t JOIN tag_binding AS b ON b.tag_id = t.id
        WHERE t.group_id = g.id AND t.gone_at IS NULL AND b.account = $1 AND NOT b.retired) ORDER BY g.id"""
# A group goes there by itself with its last tag.
EMPTY = """SELECT id FROM tag_binding WHERE account = $1 AND level = 'group' AND remote_id IS NOT NULL
    AND sent IS NULL AND NOT retired AND remote_id NOT IN (SELECT home FROM (
        SELECT agreed ->> 'group' AS home FROM tag_binding WHERE account = $1 AND level = 'tag'
        UNION SELECT sent ->> 'group' FROM tag_binding WHERE account = $1 AND level = 'tag') AS homes
        WHERE home IS NOT NULL)"""


async def differing(account: str, *, grouped: bool) -> list[Binding]:
    """What may have to be told, with what a change of it may meet: its group, and who has its name or could serve it.

    All with their tags and groups, in order of id; nothing where the account is in step.
    """
    sql = DIFFERING.format(elsewhere=ELSEWHERE[dialect()])
    found = await _loaded(row["id"] for row in await select(sql, account, grouped))
    return sorted([*found, *await _beside(account, found)], key=lambda row: row.id)


async def named(account: str, names: Collection[str]) -> Counter[str]:
    """How many tags have each of these names there, or are to have it."""
    placed = Binding.filter(account=account, level="tag", retired=False, tag__name__in=list(names))
    return Counter([str(name) for name in await placed.values_list("tag__name", flat=True)] if names else ())


async def homeless(account: str) -> list[int]:
    """The living groups that have no place there, though one of their tags has one."""
    return [int(row["id"]) for row in await select(HOMELESS, account)]


async def empty(account: str) -> list[Binding]:
    """The groups there in which no tag is any more, nor is being made."""
    return await _loaded(row["id"] for row in await select(EMPTY, account))


async def _beside(account: str, rows: Collection[Binding]) -> list[Binding]:
    if not rows:
        return []
    names = {subject.name for row in rows if (subject := row.tag or row.group)}
    groups = {row.tag.group_id for row in rows if row.tag}
    heirs = {tag for row in rows if row.retired for tag in (row.heir_id, row.tag_id) if tag}
    postgres = dialect() == "postgres"
    sql = BESIDE.format(
        groups=AMONG[dialect()].format(n=2, kind="bigint"),
        names=AMONG[dialect()].format(n=3, kind="text"),
        heirs=AMONG[dialect()].format(n=4, kind="bigint"),
    )
    values = [list(each) if postgres else json.dumps(list(each)) for each in (groups, names, heirs)]
    known = {row.id for row in rows}
    return await _loaded({row["id"] for row in await select(sql, account, *values)} - known)


async def _loaded(ids: Iterable[int]) -> list[Binding]:
    chosen = sorted(ids)
    return await Binding.filter(id__in=chosen).select_related("tag", "group").order_by("id") if chosen else []
