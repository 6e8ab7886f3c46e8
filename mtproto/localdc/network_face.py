"""What a program sees of a network of local DCs in every face: accounts, the key, credentials."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from mtproto.localdc.world_face import WorldFace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mtproto.crypto import RSAPublicKey
    from mtproto.localdc.accounts import Accounts, LocalAccount
    from mtproto.localdc.face import DataCentreFace
    from mtproto.localdc.files import FilesAsked, LocalDocument
    from mtproto.localdc.network_state import NetworkState
    from mtproto.localdc.world import World
    from tl import api

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

    def add_document(
        self,
        name: str = "file.bin",
        *,
        size: int | None = None,
        data: bytes | None = None,
        path: str | Path | None = None,
        mime_type: str = "application/octet-stream",
        dc_id: int | None = None,
        on_cdn: bool = False,
    ) -> LocalDocument:
        """Add a document as `LocalDC.add_document` does; the first DC has the file where `dc_id` names none."""
        return self._first.add_document(
            name, size=size, data=data, path=path, mime_type=mime_type, dc_id=dc_id, on_cdn=on_cdn
        )

    def document_object(self, document: LocalDocument) -> api.types.Document:
        """Return the `document` as clients get it, with a file reference that is good now."""
        return self._first.document_object(document)

    @property
    def files_asked(self) -> FilesAsked:
        """Which parts of files were asked for at all DCs, and how many calls shared a container."""
        return self._first.files_asked

    def client_info(self) -> dict[str, Any]:
        """Return all that a client has to know, as plain data for JSON.

        It is what one DC, the bot's home, says of itself, and also `dcs` (`id`, `host`, `port`) and `accounts`
        (`phone`, `code`, `password` or None, `dc_id`, `user_id`, `username`). Ids of users are decimal strings.
        """
        home = self.accounts.of(self.bot.id)
        dc = self._first if home is None else self._centres[home.dc_id]
        dcs = [{"id": dc_id, "host": host, "port": port} for dc_id, (host, port) in self.addresses.items()]
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
