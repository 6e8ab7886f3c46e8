"""tlslite-ng, an implementation of TLS that is not ours, reads hellos."""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # for asyncore, of which nothing is used
    from tlslite.constants import ExtensionType, GroupName
    from tlslite.messages import ClientHello, RecordHeader3, ServerHello
    from tlslite.utils.codec import Parser

__all__ = ["ExtensionType", "GroupName", "parse_client_hello", "parse_server_hello"]


def parse_client_hello(record: bytes) -> Any:
    """Read one record with a ClientHello and nothing else; whatever does not add up raises."""
    return _parse(record, (3, 1), 1, ClientHello())


def parse_server_hello(record: bytes) -> Any:
    """Read one record with a ServerHello and nothing else; whatever does not add up raises."""
    return _parse(record, (3, 3), 2, ServerHello())


def _parse(record: bytes, version: tuple[int, int], kind: int, message: Any) -> Any:
    parser = Parser(bytearray(record))
    header = RecordHeader3().parse(parser)
    assert (header.type, header.version, header.length) == (22, version, len(record) - 5)
    assert parser.get(1) == kind
    read = message.parse(parser)
    assert parser.getRemainingLength() == 0
    return read
