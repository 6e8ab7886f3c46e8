"""Framings: any stream, in any pieces, at either end; what the first bytes say; obfuscation; the text of an error.

Whatever the pieces are, the same bytes have to give the same events as in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from random import Random

from mtproto.errors import RemoteProtocolError, TransportError, rpc_error
from mtproto.limits import DEFAULT_LIMITS
from mtproto.transport import (
    STREAMS,
    TAGGED,
    ClientTransport,
    Detected,
    Event,
    Framing,
    Intermediate,
    Layout,
    Obfuscated,
    PaddedIntermediate,
    Payload,
    QuickAck,
    Role,
    ServerTransport,
    buffer,
    detect,
    obfuscate,
)
from tests.fuzz.tape import Tape, pieces
from tests.fuzz.target import Target, Verdict, Violation, never_refuses, outline

__all__ = ["SECRET", "TARGETS", "any_packets", "feed", "source", "verdict_of"]

SECRET = bytes(range(16))
"""The secret of obfuscated connections that use one."""

_MOST_PIECES = 8
_LARGE = buffer.LARGE
_SMALL = 32
"""Bytes of a payload that are called large in one of the readings, which have to agree."""

_WELL_FRAMED = 128
_HEADER = 64
_FRAMINGS = STREAMS
_OBFUSCATED = tuple(TAGGED.values())

Seen = tuple[tuple[object, ...], ...]


def source(seed: int = 4) -> Callable[[int], bytes]:
    """Return a source of bytes that is the same in each run."""
    return Random(seed).randbytes


def feed(transport: ClientTransport | ServerTransport, cut: Iterable[bytes], large: int = _LARGE) -> Seen:
    """Feed pieces until one is refused; return what came of them.

    Payloads from `large` bytes on are put together in a place of their own.
    """
    seen: list[tuple[object, ...]] = []
    buffer.LARGE = large
    try:
        for piece in cut:
            seen += map(_comparable, transport.receive(piece))
    except RemoteProtocolError as error:
        seen += map(_comparable, error.events)
        seen.append(("refused", error.check, error.detail))
    finally:
        buffer.LARGE = _LARGE
    return tuple(seen)


def _comparable(event: Event) -> tuple[object, ...]:
    match event:
        case Payload(data, quick_ack):
            return "payload", data, quick_ack
        case QuickAck(token):
            return "quick ack", token
        case TransportError():
            return "error", event.code
    raise Violation(f"{event!r} is no event of a framing")


def verdict_of(seen: Seen) -> Verdict:
    """Return what became of a stream."""
    kinds = ",".join(f"{event[0]}" for event in seen[:6])
    if seen and seen[-1][0] == "refused":
        return Verdict(False, outline(f"{kinds}: {seen[-1][2]}"))
    return Verdict(True, kinds or "waits")


def _framing(framing: type[Layout], role: Role, data: bytes) -> Verdict:
    tape = Tape(data)
    choice = tape.number()
    sizes = tape.take(choice % _MOST_PIECES)
    stream = _framed(framing, role, tape) if choice >= _WELL_FRAMED else tape.rest()
    whole = feed(Framing(framing, role, source()), [stream])
    for large in (_LARGE, _SMALL):
        if feed(Framing(framing, role, source()), pieces(stream, sizes), large) != whole:
            raise Violation("the pieces change what is read")
    if len(stream) <= 256 and feed(Framing(framing, role, source()), pieces(stream, b"\0"), _SMALL) != whole:
        raise Violation("byte by byte it reads differently")
    _check_payloads(framing, role, whole)
    return verdict_of(whole)


def _framed(framing: type[Layout], role: Role, tape: Tape) -> bytes:
    """Return a stream of well framed packets, whatever is in them: with right lengths, numbers and checksums."""
    sender = any_packets(framing, Role.SERVER if role is Role.CLIENT else Role.CLIENT)
    stream = []
    while tape:
        packet = tape.block()
        stream.append(sender.frame(packet[: len(packet) & -4], False))
    return b"".join(stream)


def any_packets(framing: type[Layout], role: Role) -> Framing:
    """Return an end of a framing whose `frame` takes any bytes of whole words."""
    return Framing(Intermediate if framing is PaddedIntermediate else framing, role, source())


def _check_payloads(framing: type[Layout], role: Role, seen: Seen) -> None:
    """Check that what was read is what the other end may pack, and reads the same again."""
    other = Framing(framing, Role.SERVER if role is Role.CLIENT else Role.CLIENT, source())
    payloads = [event for event in seen if event[0] == "payload"]
    packed = []
    for _, payload, quick_ack in payloads:
        if not isinstance(payload, bytes):
            raise Violation("a payload is bytes")
        with never_refuses("pack"):
            packed.append(other.pack(payload, bool(quick_ack) and other.quick_acks))
    again = feed(Framing(framing, role, source()), packed)
    if [event[:2] for event in again] != [event[:2] for event in payloads]:
        raise Violation("what was read can't be said again")


def _detect(data: bytes) -> Verdict:
    """Name a transport by a stream that grows byte by byte, then read the stream with it."""
    tape = Tape(data)
    secrets = (SECRET,) if tape.number() & 1 else ()
    stream = tape.rest()
    found = _detect_growing(stream, secrets)
    if found is None:
        return Verdict(True, "waits")
    if found.transport is None:
        return Verdict(True, found.name)
    verdict = verdict_of(feed(found.transport, [found.rest]))
    return Verdict(verdict.parsed, f"{found.name} {verdict.trace}")


def _detect_growing(stream: bytes, secrets: tuple[bytes, ...]) -> Detected | None:
    for size in range(min(len(stream), _HEADER) + 1):
        found = detect(stream[:size], source(), secrets=secrets)
        if found is None:
            if size >= _HEADER:
                raise Violation(f"{size} bytes do not suffice")
            continue
        whole = detect(stream, source(), secrets=secrets)
        if whole is None or (whole.name, whole.dc_id) != (found.name, found.dc_id):
            raise Violation("more bytes change the transport")
        if not stream.endswith(whole.rest):
            raise Violation("what is given back was not there")
        return whole
    return None


def _obfuscated(framing: type[Layout], role: Role, data: bytes) -> Verdict:
    """Send any stream through both ends of an obfuscation: it has to read as it does without."""
    tape = Tape(data)
    choice = tape.number()
    secret = SECRET if choice & 4 else None
    sizes = tape.take(tape.number() % _MOST_PIECES)
    stream = tape.rest()
    client = obfuscate(Framing(framing, Role.CLIENT, source()), source(choice), dc_id=choice - 128, secret=secret)
    found = detect(client.opening(), source(), secrets=(secret,) if secret else (), limits=DEFAULT_LIMITS)
    if found is None or not isinstance(found.transport, Obfuscated) or found.name != f"obfuscated-{framing.name}":
        raise Violation("an honest header was not understood")
    if found.dc_id != choice - 128:
        raise Violation(f"the header names DC {choice - 128}, read as {found.dc_id}")
    plain = feed(Framing(framing, role, source()), [stream])
    if role is Role.SERVER:
        hidden = client._encrypt.update(stream)
        seen = feed(found.transport, pieces(hidden, sizes), _SMALL)
    else:
        hidden = found.transport._encrypt.update(stream)
        seen = feed(client, pieces(hidden, sizes), _SMALL)
    if seen != plain:
        raise Violation("obfuscated it reads differently")
    return verdict_of(seen)


def _rpc_error(data: bytes) -> Verdict:
    tape = Tape(data)
    code = tape.number(4, signed=True)
    error = rpc_error(code, tape.rest().decode(errors="replace"), "photos.getUserPhotos")
    str(error)
    repr(error)
    for attribute in ("dc", "seconds"):
        if not isinstance(getattr(error, attribute, 0), int):
            raise Violation(f"{attribute} is no number")
    return Verdict(True, f"{type(error).__name__} {error.argument is None}")


TARGETS = (
    *(
        Target(f"framing-{framing.name}-{role.value}", "framing", partial(_framing, framing, role), longest=2048)
        for framing in _FRAMINGS
        for role in Role
    ),
    *(
        Target(
            f"framing-obfuscated-{framing.name}-{role.value}",
            "framing",
            partial(_obfuscated, framing, role),
            longest=2048,
        )
        for framing in _OBFUSCATED
        for role in Role
    ),
    Target(
        "framing-detect",
        "framing",
        _detect,
        (RemoteProtocolError,),
        lambda: (b"\xef", b"\xee" * 4, b"\xdd" * 4, b"GET ", b"POST", b"HEAD", b"OPTI", b"\x16\x03\x01", bytes(4)),
        longest=512,
    ),
    Target(
        "rpc-error", "framing", _rpc_error, words=lambda: (b"_MIGRATE_", b"FLOOD_WAIT_", b"\x2f\x01\0\0"), longest=6000
    ),
)
