"""How fast the framings are: a payload of 1 MiB is packed, and received in chunks of 64 KiB.

Each takes turns with what it is measured against, in the same process: a framing with bytes that are only gathered in
a buffer and taken out of it, an obfuscated one with AES-CTR alone. CPU time; cutting the chunks is not counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.bench import turns
from benchmarks.rows import Verdict, verdict

__all__ = ["CHUNK", "PAYLOAD", "Speed", "measure"]

PAYLOAD = 24 + (1 << 20) - 16
"""Header and whole blocks, as the padded framing wants it: 1 MiB and 8 bytes."""

CHUNK = 1 << 16

BUFFER, CIPHER = "bytearray", "aes-ctr"
_TARGET = 0.5
_TARGETS: Mapping[str, float] = {"full": 0.4}
_OBFUSCATED_TARGET = 0.4
_OBFUSCATED = "obfuscated-"

Way = tuple[Callable[[bytes], bytes], Callable[[Sequence[bytes]], Sequence[bytes]]]
"""What turns a payload into the bytes that travel, and what makes the payload of these, given in chunks; a cipher alone
leaves it in pieces."""


@dataclass(frozen=True, slots=True)
class Speed:
    """CPU seconds for a payload, sample by sample, and those of the reference in the same rounds."""

    name: str
    reference: str
    target: float
    samples: Sequence[float]
    reference_samples: Sequence[float]

    @property
    def ratio(self) -> float:
        """Which share of the reference's speed is reached."""
        return median(self.reference_samples) / median(self.samples)

    @property
    def verdict(self) -> Verdict:
        """How that stands to the target."""
        return verdict(self.ratio, self.target)


def measure(rounds: int, seconds: float) -> Iterator[Speed]:
    """Take `rounds` samples of about `seconds` of every framing and reference; one `Speed` for each framing."""
    from mtproto.transport import TRANSPORTS

    ways = {BUFFER: _buffer(), CIPHER: _cipher(), **{name: _framing(name) for name in TRANSPORTS}}
    payload = os.urandom(PAYLOAD)
    for name, way in ways.items():
        if b"".join(_carry(way, payload)[0]) != payload:
            raise ValueError(f"{name}: the payload came out changed")
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name in turns(tuple(ways), turn):
            samples[name].append(_sample(ways[name], payload, seconds))
    for name in TRANSPORTS:
        obfuscated = name.startswith(_OBFUSCATED)
        reference = CIPHER if obfuscated else BUFFER
        target = _OBFUSCATED_TARGET if obfuscated else _TARGETS.get(name, _TARGET)
        yield Speed(name, reference, target, samples[name], samples[reference])


def _sample(way: Way, payload: bytes, seconds: float) -> float:
    spent, count = 0.0, 0
    while spent < seconds:
        spent += _carry(way, payload)[1]
        count += 1
    return spent / count


def _carry(way: Way, payload: bytes) -> tuple[Sequence[bytes], float]:
    """Carry one payload over; what arrives, and the CPU seconds of both ends."""
    send, receive = way
    began = time.process_time()
    sent = send(payload)
    sending = time.process_time() - began
    chunks = [sent[start : start + CHUNK] for start in range(0, len(sent), CHUNK)]
    began = time.process_time()
    received = receive(chunks)
    return received, sending + time.process_time() - began


def _buffer() -> Way:
    def receive(chunks: Sequence[bytes]) -> Sequence[bytes]:
        buffer = bytearray()
        for chunk in chunks:
            buffer += chunk
        return (bytes(buffer),)

    return lambda payload: payload, receive


def _cipher() -> Way:
    from mtproto.crypto.aes import CTR

    key, iv = os.urandom(32), os.urandom(16)
    there, back = CTR(key, iv), CTR(key, iv)
    return there.update, lambda chunks: [back.update(chunk) for chunk in chunks]


def _framing(name: str) -> Way:
    """From the client's end of a transport to the server's, as the first bytes tell it."""
    from mtproto.transport import Payload, client_transport, detect

    client = client_transport(name, os.urandom)
    opening = client.opening()
    found = detect(opening + client.pack(os.urandom(PAYLOAD)), os.urandom)
    if found is None or found.transport is None:
        raise ValueError(f"{name}: not recognised")
    server = found.transport
    server.receive(found.rest)

    def receive(chunks: Sequence[bytes]) -> Sequence[bytes]:
        events = [event for chunk in chunks for event in server.receive(chunk)]
        return [event.data for event in events if isinstance(event, Payload)]

    return client.pack, receive
