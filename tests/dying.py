"""Runs our server and dies by SIGKILL just before one chosen line of the road: `dying.py CONFIG LINE`.

Lines are counted only in the files of the road and only from the first callback on, so a number names a
place "between any two lines"; nothing of ours is changed for it.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

ROAD = {"intake.py", "commit.py", "worker.py", "inbox.py", "outbox.py", "passive.py"}
BOT = str(Path(__file__).resolve().parent.parent / "bot")


class Countdown:
    def __init__(self, lines: int) -> None:
        self.left = lines
        self.begun = False

    def call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(BOT) or Path(code.co_filename).name not in ROAD:
            return None
        self.begun = self.begun or code.co_name == "webhook"
        return self.line if self.begun else None

    def line(self, _frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.line


if __name__ == "__main__":
    countdown = Countdown(int(sys.argv[2]))
    threading.settrace(countdown.call)
    sys.settrace(countdown.call)
    sys.argv = ["guanxi", "serve", "-c", sys.argv[1]]
    from bot.__main__ import main

    main()
