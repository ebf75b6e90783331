"""The temporary media of a simulated platform: uploaded, kept three days, fetched by id."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LIFE: Final = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Medium:
    id: str
    kind: str
    filename: str
    content: bytes
    created_at: int

    @property
    def content_type(self) -> str:
        return {"image": "image/jpeg", "voice": "audio/amr", "video": "video/mp4"}.get(
            self.kind, "application/octet-stream"
        )


class MediaShelf:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._media: dict[str, Medium] = {}

    def keep(self, medium: Medium) -> Medium:
        self._media[medium.id] = medium
        return medium

    def find(self, media_id: object) -> Medium | None:
        """The medium while it lives."""
        medium = self._media.get(media_id) if isinstance(media_id, str) else None
        return medium if medium and self._clock() < medium.created_at + LIFE else None
