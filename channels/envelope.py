"""Here lives the sealed XML envelope that WeCom and official accounts share: signature, AES, parser for strangers.

Source: https://developer.work.weixin.qq.com/document/path/91144 (the same scheme on both platforms).
"""

import hashlib
import hmac
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from domain.errors import Malformed, NotAuthentic

BLOCK: Final = 32  # the padding's, twice that of AES itself
HEAD: Final = 20  # 16 random bytes and the length
DEEPEST: Final = 16  # the platforms nest five elements
NAME: Final = "([A-Za-z_][A-Za-z0-9_]*+)"
ODD: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff"
SECTION: Final = rf"<!\[CDATA\[([^\]{ODD}]*+(?:\](?!\]>)[^\]{ODD}]*+)*+)\]\]>"
PLAIN: Final = rf"([^<&>{ODD}]*+)"
FLAT = re.compile(rf"\s*<xml>\s*(?:<{NAME}>(?:{SECTION}|{PLAIN})</\1>\s*)*</xml>\s*", re.ASCII)
ELEMENT = re.compile(rf"<{NAME}>(?:{SECTION}|{PLAIN})</\1>", re.ASCII)
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sign(token: str, *parts: str) -> str:
    """The signature over `parts`, 40 hex digits."""
    whole = "".join(sorted((token, *parts)))
    return hashlib.sha1(whole.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def verify(signature: str, token: str, *parts: str) -> None:
    """Raises NotAuthentic unless `signature` is the one over `parts`."""
    if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), sign(token, *parts).encode()):
        raise NotAuthentic("wrong signature")


class Envelope:
    """Opens and seals for one account; `receiver` is its corp or app id, `aes_key` the 43 characters of its console."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        key = a2b_base64(aes_key + "=")
        self._token = token
        self._receiver = receiver.encode()
        self._iv = key[:16]
        self._cipher = Cipher(AES(key), CBC(self._iv))
        self._blocks = Cipher(AES(key), ECB()).decryptor()  # noqa: S305 - CBC is made of it in _unchain

    def open(self, signature: str, timestamp: str, nonce: str, sealed: str) -> bytes:
        """What is inside `sealed` (base64). Raises NotAuthentic (signature, receiver) and Malformed (the rest)."""
        verify(signature, self._token, timestamp, nonce, sealed)
        plain = self._decrypt(sealed)
        end = HEAD + int.from_bytes(plain[16:HEAD], "big")
        if end > len(plain):
            raise Malformed("length beyond the end")
        if not hmac.compare_digest(plain[end:], self._receiver):
            raise NotAuthentic("meant for another account")
        return plain[HEAD:end]

    def _decrypt(self, sealed: str) -> bytes:
        try:
            data = a2b_base64(sealed, strict_mode=True)
        except (Base64Error, ValueError) as error:
            raise Malformed("not base64") from error
        if not data or len(data) % BLOCK:
            raise Malformed("truncated")
        plain = self._unchain(data)
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or not plain.endswith(bytes((pad,)) * pad) or len(plain) - pad < HEAD:
            raise Malformed("wrong padding")
        return plain[:-pad]

    def _unchain(self, data: bytes) -> bytes:
        """CBC by hand over one kept ECB context: setting a context up costs as much as the message itself."""
        mask = int.from_bytes(self._iv + data[:-16], "big")
        return (int.from_bytes(self._blocks.update(data), "big") ^ mask).to_bytes(len(data), "big")

    def seal(self, message: bytes, random: bytes) -> str:
        """`message` encrypted, as base64; `random` is 16 fresh random bytes."""
        plain = random + len(message).to_bytes(4, "big") + message + self._receiver
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        return b2a_base64(encryptor.update(plain + bytes((pad,)) * pad) + encryptor.finalize(), newline=False).decode()

    def reply(self, message: bytes, timestamp: str, nonce: str, random: bytes) -> bytes:
        """The XML that answers a callback with `message` sealed; `random` is 16 fresh random bytes."""
        sealed = self.seal(message, random)
        return (
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{sign(self._token, timestamp, nonce, sealed)}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{cdata(nonce)}</Nonce></xml>"
        ).encode()


def cdata(text: str) -> str:
    """`text` as a CDATA section that nothing in it can end; characters that XML cannot hold are left out."""
    return f"<![CDATA[{FORBIDDEN.sub('', text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def fields(xml: bytes, names: Collection[str]) -> dict[str, str]:
    """The text of the first element of each of `names` right under `<xml>`; the absent are left out. Raises Malformed.

    For the hot path: flat documents, as nearly all are, are matched whole; only the others need a parser.
    """
    try:
        text = xml.decode()
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error
    if "\r" in text or not FLAT.fullmatch(text):  # a parser makes one line feed of every kind of line end
        return _parsed_fields(xml, names)
    found: dict[str, str] = {}
    for name, section, plain in ELEMENT.findall(text):
        if name in names and name not in found:
            found[name] = section or plain
    return found


def _parsed_fields(xml: bytes, names: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    depth = 0
    parts: list[str] | None = None

    def start(name: str, _: object) -> None:
        nonlocal depth, parts
        depth += 1
        if depth == 2:  # noqa: PLR2004 - right under the root
            parts = [] if name in names and name not in found else None
        elif depth == 1:
            _need_root(name)
        elif depth > DEEPEST:
            raise Malformed("nested too deeply")

    def end(name: str) -> None:
        nonlocal depth, parts
        if depth == 2 and parts is not None:  # noqa: PLR2004 - right under the root
            found[name] = "".join(parts)
            parts = None
        depth -= 1

    def data(text: str) -> None:
        if parts is not None:
            parts.append(text)

    parser = _parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    _parse(parser, xml)
    return found


@dataclass(slots=True)
class Element:
    """One XML element: either `text` with its white space, or `children` in their order and with their repeats."""

    name: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> list["Element"]:
        """Every child of that name."""
        return [child for child in self.children if child.name == name]

    def get(self, *path: str) -> str:
        """The text at the end of `path` (the first of each name), empty when there is none."""
        here = self
        for name in path:
            found = next((child for child in here.children if child.name == name), None)
            if found is None:
                return ""
            here = found
        return here.text


def tree(xml: bytes) -> Element:
    """The whole document, its root element being `<xml>`. Raises Malformed."""
    top = Element("")
    open_elements = [top]
    parts: list[str] = []

    def start(name: str, _: object) -> None:
        if len(open_elements) == 1:
            _need_root(name)
        elif len(open_elements) > DEEPEST:
            raise Malformed("nested too deeply")
        element = Element(name)
        open_elements[-1].children.append(element)
        open_elements.append(element)
        parts.clear()

    def end(_: str) -> None:
        element = open_elements.pop()
        if not element.children:
            element.text = "".join(parts)
        parts.clear()

    parser = _parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = parts.append
    _parse(parser, xml)
    return top.children[0]


def _need_root(name: str) -> None:
    if name != "xml":
        raise Malformed("not an <xml> document")


def _parser() -> XMLParserType:
    parser = ParserCreate("utf-8")  # whatever the document claims
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise Malformed("a document type is not welcome")


def _parse(parser: XMLParserType, xml: bytes) -> None:
    if b"\0" in xml:  # expat would take it for UTF-16
        raise Malformed("not UTF-8")
    try:
        parser.Parse(xml, True)  # noqa: FBT003 - expat takes it by position only
    except ExpatError as error:
        raise Malformed("not well-formed XML") from error
