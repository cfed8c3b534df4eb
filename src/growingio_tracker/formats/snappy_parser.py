"""JSON in one snappy block, and XORed if asked."""

from __future__ import annotations

from collections.abc import Sequence

from growingio_tracker.formats.base import as_bytes
from growingio_tracker.formats.codecs import snappy_compressor, xor
from growingio_tracker.formats.json_parser import JsonParser, json_array
from growingio_tracker.message import Message
from growingio_tracker.wire import Kind


class SnappyParser(JsonParser):
    """Sends snappy-compressed JSON (header ``X-Compress-Codec: 2``).

    :param crypt_data: also XOR every byte with the low byte of the request's ``stm`` (header
        ``X-Crypt-Codec: 1``). This hides the text from a glance; it is not encryption.
    :raises MissingExtraError: when neither cramjam nor python-snappy is installed.
    """

    def __init__(self, crypt_data: bool = False) -> None:
        super().__init__()
        self._crypt_data = bool(crypt_data)
        self._compress = snappy_compressor()

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the compressed JSON array of ``records``."""
        return self._pack(json_array(records), stm)

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the compressed JSON array of ``messages``; ``stm`` is the XOR key."""
        return self._pack(as_bytes(super().get_bytes(messages, stm)), stm or 0)

    def get_headers(self) -> dict[str, str]:
        """Return the content type and the codecs."""
        headers = {**super().get_headers(), "X-Compress-Codec": "2"}
        return {**headers, "X-Crypt-Codec": "1"} if self._crypt_data else headers

    def _pack(self, body: bytes, stm: int) -> bytes:
        compressed = self._compress(body)
        return xor(compressed, stm) if self._crypt_data else compressed
