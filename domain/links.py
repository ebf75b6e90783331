"""Here lives what a tracked address is called: a code that names a link and a recipient, and that only we can make."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hmac import compare_digest, digest

PATH = "/t/"  # an address of ours begins so behind public_url
ROOM, SEAL = 5, 8  # bytes of each number, and of what vouches for both
CODE = re.compile(r"[A-Za-z0-9_-]{24}(?![A-Za-z0-9_-])")
# Who only looks what is behind an address, for a preview or an index; a phone of CUBOT is no robot.
ROBOT = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|preview|facebookexternalhit|facebookcatalog|whatsapp|embedly|headless|lighthouse"
    r"|curl|wget|python|java/|okhttp|go-http|axios",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """Which link, and whose copy of it; `recipient` 0 is nobody's."""

    link: int
    recipient: int


def code_of(opening: Opening, key: bytes) -> str:
    """What stands in the address; 24 characters that need no quoting."""
    numbers = opening.link.to_bytes(ROOM, "big") + opening.recipient.to_bytes(ROOM, "big")
    return urlsafe_b64encode(numbers + _seal(numbers, key)).decode()


def opening_of(code: str, key: bytes) -> Opening | None:
    """None for what we did not make. What stands behind the code does not count: some apps read on where it ends."""
    found = CODE.match(code)
    if found is None:
        return None
    whole = urlsafe_b64decode(found.group())
    numbers, seal = whole[: 2 * ROOM], whole[2 * ROOM :]
    if not compare_digest(seal, _seal(numbers, key)):
        return None
    return Opening(int.from_bytes(numbers[:ROOM], "big"), int.from_bytes(numbers[ROOM:], "big"))


def is_robot(user_agent: str) -> bool:
    """Whether no person opened it."""
    return not user_agent or ROBOT.search(user_agent) is not None


def _seal(numbers: bytes, key: bytes) -> bytes:
    return digest(key, numbers, "sha256")[:SEAL]
