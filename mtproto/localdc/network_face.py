"""What a program sees of a network of local DCs in every face: accounts, the key, credentials."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from mtproto.localdc.world_face import WorldFace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.crypto import RSAPublicKey
    from mtproto.localdc.accounts import Accounts, LocalAccount
    from mtproto.localdc.face import DataCentreFace
    from mtproto.localdc.network_state import NetworkState
    from mtproto.localdc.world import World

__all__ = ["NetworkFace"]


class NetworkFace(WorldFace):
    """A network, however it is started. It holds nothing: a face has the DCs themselves."""

    __slots__ = ()

    @property
    @abstractmethod
    def _centres(self) -> Mapping[int, DataCentreFace]:
        """The DCs, by id."""

    @property
    def _first(self) -> DataCentreFace:
        return next(iter(self._centres.values()))

    @property
    def _state(self) -> NetworkState:
        return self._first.network_state

    @property
    def keys(self) -> list[RSAPublicKey]:
        """The public RSA keys that a client has to trust: one, which all DCs have."""
        return self._first.keys

    @property
    def addresses(self) -> dict[int, tuple[str, int]]:
        """Where clients connect to: host and port by the id of the DC, once the network runs."""
        return {dc_id: dc.address for dc_id, dc in self._centres.items()}

    @property
    def accounts(self) -> Accounts:
        """Who may log in by phone: `network.accounts["15550100002"].set_password("…")`."""
        return self._first.accounts

    @property
    def world(self) -> World:
        """Users and pictures."""
        return self._first.world

    def client_info(self) -> dict[str, Any]:
        """Return all that a client has to know, as plain data for JSON.

        It is what one DC, the bot's home, says of itself, and also `dcs` (`id`, `host`, `port`) and `accounts`
        (`phone`, `code`, `password` or None, `dc_id`, `user_id`, `username`). Ids of users are decimal strings.
        """
        home = self.accounts.of(self.bot.id)
        dc = self._first if home is None else self._centres[home.dc_id]
        dcs = [{"dc_id": dc_id, "host": host, "port": port} for dc_id, (host, port) in self.addresses.items()]
        return {**dc.client_info(), "dcs": dcs, "accounts": [_described(account) for account in self.accounts]}


def _described(account: LocalAccount) -> dict[str, Any]:
    return {
        "phone": account.phone,
        "code": account.code,
        "password": account.password,
        "dc_id": account.dc_id,
        "user_id": str(account.user.id),
        "username": account.user.username,
    }
