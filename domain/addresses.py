"""Here live the http addresses in what people write: found, and replaced by others."""

import re
from collections.abc import Iterator, Mapping

HTTP = re.compile(r"https?://[^\s/?#@{}｛｝]+(?:[/?#]\S*)?", re.IGNORECASE)
PLAIN = r"A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%"
# Chinese goes on with an address only where nobody would begin a sentence: behind a slash, an equals sign and the like.
WRITTEN = re.compile(rf"https?://(?:[{PLAIN}{{}}]|(?<=[/=_\-])[㐀-鿿]+){{1,2000}}", re.IGNORECASE)
SOURCE = re.compile(rf"https?://(?:[{PLAIN}]|(?<=[/=_\-])[㐀-鿿]+){{1,2000}}", re.IGNORECASE)
PUNCTUATION = ".,;:!?'*"
PAIRS = {")": "(", "]": "[", "}": "{"}


def is_address(text: str) -> bool:
    """Whether it is one http address and nothing else."""
    return HTTP.fullmatch(text) is not None and text.isprintable()


def found(text: str) -> Iterator[str]:
    """Those in a text that may have blanks; an address ends where a blank begins."""
    for match in SOURCE.finditer(text):
        if is_address(address := _bare(match.group())):
            yield address


def replaced(text: str, names: Mapping[str, str]) -> str:
    """With other addresses in the place of these; no part of a longer one is."""

    def put(match: re.Match[str]) -> str:
        whole = match.group()
        bare = _bare(whole)
        return names[bare] + whole[len(bare) :] if bare in names else whole

    return WRITTEN.sub(put, text)


def _bare(address: str) -> str:
    """Without the punctuation behind it, which belongs to the sentence; a bracket does where it was not opened."""
    while address:
        last = address[-1]
        opened = PAIRS.get(last)
        closes_nothing = opened is not None and address.count(last) > address.count(opened)
        if last not in PUNCTUATION and not closes_nothing:
            break
        address = address[:-1]
    return address
