"""What a client's packets carried, as long as the server may still refuse or quickly acknowledge a whole packet.

A refusal names the packet by the id of its outer message
(core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message); a quick acknowledgement
names it by a token (core.telegram.org/mtproto/mtproto-transports#quick-ack).
"""

from __future__ import annotations

from typing import TypeAlias

from mtproto.session.request import Request
from mtproto.session.service_messages import ServiceMessage

__all__ = ["CARRIERS_KEPT", "QUICK_ACKS_KEPT", "Carried", "SentPackets"]

CARRIERS_KEPT = 1000
"""Containers and lone service messages whose refusal is still understood; each is forgotten once it was accepted."""

QUICK_ACKS_KEPT = 1000
"""Packets whose quick acknowledgement is still understood."""

Carried: TypeAlias = ServiceMessage | Request
"""What a packet carries: service messages of ours and calls."""


class SentPackets:
    """The contents of the packets of the present connection. Owned by one session."""

    __slots__ = ("_carriers", "_quick_acks")

    def __init__(self) -> None:
        self._carriers: dict[int, tuple[Carried, ...]] = {}
        self._quick_acks: dict[int, tuple[int, ...]] = {}  # from tokens to ids of calls

    def note(self, packet_id: int, items: tuple[Carried, ...]) -> None:
        """Keep what a packet carries; beyond the bound the oldest packet is forgotten."""
        self._carriers[packet_id] = items
        if len(self._carriers) > CARRIERS_KEPT:
            del self._carriers[next(iter(self._carriers))]

    def note_quick_ack(self, token: int, msg_ids: tuple[int, ...]) -> None:
        """Keep the calls of which a quick acknowledgement with this token speaks."""
        self._quick_acks[token] = msg_ids
        if len(self._quick_acks) > QUICK_ACKS_KEPT:
            del self._quick_acks[next(iter(self._quick_acks))]

    def accepted(self, packet_id: int) -> None:
        """Forget a packet: the server has accepted it, so that none of its messages will be refused."""
        self._carriers.pop(packet_id, None)

    def refused(self, packet_id: int) -> tuple[Carried, ...] | None:
        """Forget a packet that was refused; return what it carried, or None where that is not known."""
        return self._carriers.pop(packet_id, None)

    def quick_acked(self, token: int) -> tuple[int, ...]:
        """Return the ids of the calls of which a quick acknowledgement speaks; each token counts once."""
        return self._quick_acks.pop(token, ())

    def clear(self) -> None:
        """Forget all packets: their connection or their session is gone."""
        self._carriers.clear()
        self._quick_acks.clear()
