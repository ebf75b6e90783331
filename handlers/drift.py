"""Here lives how far the tags of each account are in step with ours, and what people do about it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.nearest import nearest
from domain.permissions import Role
from domain.pool import accounts_named
from domain.tags import Policy
from handlers import disputes
from handlers.comparisons import take
from handlers.context import Context
from handlers.router import colleague, command
from handlers.sync import begin
from handlers.times import local
from models.customers import Customer
from models.identities import alone
from models.listings import failed_customers, failed_tags
from models.outbox import OutboxItem
from models.sync import Binding, Counts, Sync

WORDS: Mapping[str, frozenset[str]] = {
    "now": frozenset({"现在", "马上", "立即", "now"}),
    "dry": frozenset({"预演", "试跑", "dry"}),
    "allow": frozenset({"放行", "allow"}),
    "take": frozenset({"取", "take"}),
    "failed": frozenset({"失败", "failed"}),
    "conflicts": frozenset({"冲突", "conflict", "conflicts"}),
}
SIDES: Mapping[Policy, frozenset[str]] = {
    "ours": frozenset({"ours", "我们", "我们的", "这边", "这边的"}),
    "platform": frozenset({"theirs", "platform", "平台", "平台的", "对方", "对方的", "那边", "那边的"}),
}
STATES = ("synced", "pending", "failed", "conflict", "not_ours")
LISTED = 6  # with a line above and a line below, what a phone shows
NAMED = 3
STALLED = timedelta(minutes=30)
LONGEST = 18  # digits of an id
SILENT = "CallFailed"  # the platform's answer was lost
Deed = Callable[[Invocation, tuple[str, ...], Context], Awaitable[None]]


@command(
    Command(
        "sync",
        "tags",
        zh=("同步", "标签同步", "对账"),
        en=("sync", "tagsync"),
        role=Role.MANAGER,
        tier="write",
        takes="arguments",
    )
)
async def look_after(asked: Invocation, ctx: Context) -> None:
    """The state of all accounts, or one of the things to be done about it."""
    if not ctx.house.tags:
        ctx.reply("sync/none")
        return
    if not asked.args.words:
        await _show(ctx)
        return
    word, *rest = asked.args.words
    name = next((name for name, words in WORDS.items() if word.lower() in words), "")
    if not name:
        raise Refusal("refusals/sync_word", what=word, words=_likely(word))
    await DEEDS[name](asked, tuple(rest), ctx)


async def _show(ctx: Context) -> None:
    rows = [await _row(account, ctx) for account in ctx.house.tags]
    offers = {"compare": "sync now"}
    if any(row["failed"] or row["put_off"] for row in rows):
        offers["failures"] = "sync failed"
    buttons = tuple(ctx.button(label, data) for label, data in offers.items())
    ctx.reply("sync/state", buttons=buttons, rows=rows)


async def _row(account: str, ctx: Context) -> dict[str, Any]:
    sync = await Sync.get_or_none(account=account)
    counts = await Sync.counts(account, grouped=ctx.house.tags[account].limits.grouped)
    put_off = await _put_off(account)
    return {
        **_place(account, ctx),
        "part": sync.part if sync else "",
        "stalled": sync is not None and not _is_running(sync, ctx),
        "dry": sync is not None and sync.dry is not None,
        "page": int(sync.found.get("pages", 0)) if sync else 0,
        "held": int(sync.found.get("held", 0)) if sync else 0,
        "reason": sync.reason if sync else "",
        "at": local(sync.finished_at, ctx) if sync and sync.finished_at else "",
        "seconds": round(sync.took / 1000) if sync else 0,
        "missed": int(sync.found.get("held_relations", 0)) if sync else 0,
        "put_off": put_off,
        "tags": _counted(counts["tags"], put_off),
        "taggings": _counted(counts["taggings"], put_off),
        "failed": any(word in {"failed", "not_ours"} for word, _ in (*counts["tags"], *counts["taggings"])),
    }


def _place(account: str, ctx: Context) -> dict[str, str]:
    return {"account": account, "channel": ctx.house.accounts.get(account, "")}


def _places(accounts: Iterable[str], ctx: Context) -> list[dict[str, str]]:
    return [_place(account, ctx) for account in accounts]


async def _put_off(account: str) -> list[str]:
    """Why the platform does not let us tell it anything just now."""
    errors = await OutboxItem.put_off(account, "tags")
    said = ("bad_secret" if error.startswith("token_") else error for error in errors)
    return list(dict.fromkeys("unreachable" if error == SILENT else error for error in said))


def _counted(counts: Counts, put_off: Sequence[str]) -> list[dict[str, Any]]:
    """Each state that there is, with its reasons."""
    found = []
    for state in STATES:
        reasons = {reason: n for (word, reason), n in counts.items() if word == state}
        told = {"failed": sorted(reason for reason in reasons if reason), "pending": put_off}
        if reasons:
            found.append({"state": state, "count": sum(reasons.values()), "reasons": told.get(state, [])})
    return found


async def _compare(asked: Invocation, rest: tuple[str, ...], ctx: Context) -> None:  # noqa: ARG001
    begun, running = [], []
    for account in _accounts(rest, ctx):
        sync = await Sync.held(account)
        if _is_running(sync, ctx) and not sync.reason:
            running.append(account)
        else:
            await begin(account, ctx)
            begun.append(account)
    ctx.reply("sync/begun", begun=_places(begun, ctx), running=_places(running, ctx), dry=False)


async def _rehearse(asked: Invocation, rest: tuple[str, ...], ctx: Context) -> None:  # noqa: ARG001
    begun, running = [], []
    for account in _accounts(rest, ctx):
        sync = await Sync.held(account)
        if _is_running(sync, ctx):
            running.append(account)
        else:
            asker = {"account": ctx.chat.account, "chat": ctx.chat.id, "language": ctx.language}
            names = ("held", "told_of", "held_taggings") if sync.part == "held" else ("held_taggings",)
            held = {name: sync.found[name] for name in names if name in sync.found}
            await begin(account, ctx, {**asker, "before": held})
            begun.append(account)
    ctx.reply("sync/begun", begun=_places(begun, ctx), running=_places(running, ctx), dry=True)


async def _allow(asked: Invocation, rest: tuple[str, ...], ctx: Context) -> None:  # noqa: ARG001
    """What was told of may go; if others are gone by then, a manager is asked again."""
    held = [sync for account in _accounts(rest, ctx) if _waits(sync := await Sync.held(account))]
    if not held:
        raise Refusal("refusals/sync_not_held")
    for sync in held:
        told = sync.found.get("told_of", [])
        begun = await begin(sync.account, ctx)
        found = {**begun.found, "allowed_tags": told, "allowed_taggings": sync.found.get("held_taggings", 0)}
        await begun.note(ctx.now, allowed=sync.part == "held", found=found)
    ctx.reply("sync/allowed", rows=_places((sync.account for sync in held), ctx), by=colleague(ctx).name)


async def _take(asked: Invocation, rest: tuple[str, ...], ctx: Context) -> None:  # noqa: ARG001
    number, side = (*rest, "", "")[:2]
    policy = next((policy for policy, words in SIDES.items() if side.lower() in words), None)
    if not number.isdecimal() or len(number) > LONGEST or policy is None:
        raise Refusal("refusals/sync_take", what=" ".join(rest))
    await alone("tags")
    row = await Binding.get_or_none(id=int(number)).select_related("tag__group", "group")
    if row is None or row.theirs is None or row.account not in ctx.house.tags:
        raise Refusal("refusals/sync_no_dispute", number=number)
    told = disputes.values(row, ctx)
    await take(row, policy, ctx)
    ctx.reply("sync/taken", side=policy, **told)


async def _list_failures(asked: Invocation, rest: tuple[str, ...], ctx: Context) -> None:  # noqa: ARG001
    """The reasons, each with the first of whom or what it is about."""
    rows: list[dict[str, Any]] = []
    for account in _accounts(rest, ctx):
        counts = await Sync.counts(account, grouped=ctx.house.tags[account].limits.grouped)
        pending = sum(n for level in counts.values() for (word, _), n in level.items() if word == "pending")
        waiting = {**_place(account, ctx), "level": "pending", "count": pending, "first": []}
        rows += [{**waiting, "reason": reason} for reason in (await _put_off(account) if pending else ())]
        for level, names in (("tags", failed_tags), ("taggings", failed_customers)):
            for (word, reason), count in sorted(counts[level].items()):
                if word in {"failed", "not_ours"}:
                    first = _names(await names(account, reason, NAMED))
                    told = {"level": level, "reason": reason, "count": count, "first": first}
                    rows.append({**_place(account, ctx), **told})
    failed = any(row["level"] != "pending" for row in rows)
    ctx.reply("sync/failures", rows=rows[:LISTED], more=len(rows) - LISTED, failed=failed)


async def _list_disputes(asked: Invocation, rest: tuple[str, ...], ctx: Context) -> None:  # noqa: ARG001
    open_ones = Binding.filter(account__in=_accounts(rest, ctx), theirs__not_isnull=True).order_by("id")
    rows = await open_ones.limit(LISTED).select_related("tag__group", "group")
    ctx.reply("sync/open", rows=[disputes.values(row, ctx) for row in rows], more=await open_ones.count() - LISTED)


def _waits(sync: Sync) -> bool:
    """Whether something waits for a manager's word: the library, or what customers carry."""
    return sync.part == "held" or (not sync.part and bool(sync.found.get("held_taggings")))


def _is_running(sync: Sync, ctx: Context) -> bool:
    """Whether it goes on by itself; one whose event was buried does not: the next night's takes its place."""
    return sync.part in ("library", "contacts") and sync.moved_at is not None and ctx.now - sync.moved_at < STALLED


def _likely(typed: str) -> list[str]:
    """All that can be asked for, what was probably meant first."""
    meant = {word: name for name, words in WORDS.items() for word in words}
    near = [meant[word] for word in nearest(typed, sorted(meant))]
    return list(dict.fromkeys((*near, *WORDS)))


def _names(found: Iterable[Customer | str]) -> list[str]:
    return [each if isinstance(each, str) else f"{each.short_id} {each.name}".strip() for each in found]


def _accounts(rest: tuple[str, ...], ctx: Context) -> list[str]:
    """Those that are named, else all."""
    if not rest:
        return sorted(ctx.house.tags)
    tagged = {name: ctx.house.accounts[name] for name in ctx.house.tags}
    if not (named := accounts_named(rest[0], tagged)):
        raise Refusal("refusals/no_such_channel", what=rest[0], kinds=sorted(set(tagged.values())))
    return sorted(named)


DEEDS: Mapping[str, Deed] = {
    "now": _compare,
    "dry": _rehearse,
    "allow": _allow,
    "take": _take,
    "failed": _list_failures,
    "conflicts": _list_disputes,
}
