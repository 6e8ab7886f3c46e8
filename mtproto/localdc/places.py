"""From where an auth key is used: a key that two places use at once was copied (core.telegram.org/api/errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtproto.localdc.keys import KeyRecord

__all__ = ["Places"]

KEYS = 16_384
"""Keys whose places are remembered; one more, and that of the key which is remembered longest is forgotten."""


class Places:
    """The places of all keys of a DC. A place is a source address: connections from one address are lanes.

    A key moves when it is used over a connection that was opened after the key came to the place where it is. A call
    over a connection that was opened before is what no client with one place makes: the old place is in use still.

    Attributes:
        duplicated: how many keys were found to be used from two places at once.

    """

    def __init__(self) -> None:
        self._places: dict[int, tuple[str, int]] = {}  # by key: the address, and the connection by which it came there
        self.duplicated = 0

    def check(self, key: KeyRecord, number: int, address: str) -> bool:
        """Note a call with a key, over the connection of this number; a key that two places use is dead from then on.

        Args:
            key: the permanent key.
            number: of the connection; it grows from one to the next.
            address: where the connection comes from.

        Returns:
            whether the key died by this call.

        """
        key_id = key.auth_key.id
        where, since = self._places.get(key_id, (None, 0))
        if where == address or key.is_dead:
            return False
        if number < since:
            self.duplicated += 1
            key.kill()
            return True
        self._places.pop(key_id, None)
        self._places[key_id] = address, number
        if len(self._places) > KEYS:
            del self._places[next(iter(self._places))]
        return False

    def forget(self, key_id: int) -> None:
        """Forget where a key is."""
        self._places.pop(key_id, None)
