"""Here lives the writing of the next migration: `python -m models.migrations`; read it before it is committed."""

import asyncio
import os
import sys

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from models import MODULES


async def write() -> list[str]:
    """Compare the models with the migrations; the paths of what was written."""
    app = {"models": list(MODULES), "migrations": "models.migrations", "default_connection": "default"}
    config = {"connections": {"default": "sqlite://:memory:"}, "apps": {"models": app}}
    async with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None
        return await MigrationAutodetector(context.apps, config["apps"]).write()


if os.environ.get("PYTHONHASHSEED") != "0":  # else the order of columns changes from run to run
    os.execve(sys.executable, [sys.executable, "-m", "models.migrations"], {**os.environ, "PYTHONHASHSEED": "0"})
print("\n".join(asyncio.run(write())) or "nothing has changed")
