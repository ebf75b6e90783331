"""Here lives what is done at the command line with the use cases of the chat: what they promise is promised."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from bot.database import opened, transaction
from bot.settings import Settings
from channels import media, tag_limits
from domain.messages import Address
from domain.pushes import PushRules
from domain.tags import TagRules
from handlers import router
from handlers.context import Context, House
from models.audit import AuditEntry, Entry
from models.fields import milliseconds
from models.inbox import OWN
from models.outbox import OutboxItem


def house(settings: Settings) -> House:
    """What handlers need to know of the settings."""
    return House(
        language=settings.language,
        timezone=ZoneInfo(settings.timezone),
        currency=settings.currency,
        accounts={config.name: config.kind for config in settings.channels},
        welcome=settings.replies.welcome,
        keywords=tuple((tuple(row.words), row.template) for row in settings.replies.keywords),
        tags={
            config.name: TagRules(limits, settings.tags.policy.get(config.name, "platform"), settings.tags.delete_guard)
            for config in settings.channels
            if (limits := tag_limits(config.kind))
        },
        approval_over=settings.push.approval_over,
        push=PushRules(
            quiet_hours=settings.push.quiet_hours,
            cap=settings.push.per_customer,
            late_grace=settings.push.late_grace,
            public_url=_opened_by(settings),
            link_key=sha256(b"links" + settings.key).digest(),
        ),
        media={
            config.name: media(config, settings.limits_of(config.name, config.kind)) for config in settings.channels
        },
    )


def _opened_by(settings: Settings) -> str:
    """What customers reach us by; without https that is only a simulator beside us, else addresses stay as they are."""
    url = settings.server.public_url
    simulated = all(config.api_base.startswith("http://") for config in settings.channels)
    return url if simulated or url.startswith("https://") else ""


@asynccontextmanager
async def acting(settings: Settings, now: datetime, typed: str) -> AsyncIterator[Context]:
    """One transaction, beside a running server or without one; `typed` is what the audit trail tells.

    A server that runs finds what is to be said within seconds, another one at its start.
    """
    router.load()
    async with opened(settings.database.address), transaction():
        key = f"typed:{milliseconds(now)}"
        ctx = Context(now, now, now, house(settings), key, Address(OWN, ""), settings.language)
        ctx.entry = Entry(now, None, OWN, OWN, "", "", key, typed, understood=typed)
        yield ctx
        for promise in ctx.promises:
            await OutboxItem.enqueue(promise.outgoing, now, promise.message_id)
        await AuditEntry.append([ctx.entry], settings.key)
