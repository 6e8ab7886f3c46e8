"""What a program sees of a local DC in every face: users, keys, handlers, faults."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mtproto.localdc.client_info import client_info
from mtproto.localdc.objects import document_object
from mtproto.localdc.own_documents import added_document
from mtproto.localdc.world_face import WorldFace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtproto.crypto import RSAPrivateKey, RSAPublicKey
    from mtproto.localdc.accounts import Accounts
    from mtproto.localdc.calls import HandlerOf, MethodClass
    from mtproto.localdc.data_centre import DataCentre
    from mtproto.localdc.faults import Faults
    from mtproto.localdc.files import FilesAsked, LocalDocument
    from mtproto.localdc.network_state import NetworkState
    from mtproto.localdc.transcript import RecordedCall
    from mtproto.localdc.world import User, World
    from tl import TLFunction, api

    Method: TypeAlias = type[TLFunction[Any]] | str

__all__ = ["DataCentreFace"]

Asked = TypeVar("Asked")
Result = TypeVar("Result")


class DataCentreFace(WorldFace):
    """A data centre, however it is started. It holds nothing: a face has the data centre itself."""

    __slots__ = ()

    @property
    @abstractmethod
    def _centre(self) -> DataCentre:
        """The data centre."""

    @property
    def world(self) -> World:
        """Users and pictures."""
        return self._centre.state.world

    @property
    def accounts(self) -> Accounts:
        """Who may log in by phone: `dc.accounts["15550100002"].set_password("…")`."""
        return self._centre.state.accounts

    @property
    def network_state(self) -> NetworkState:
        """What the DC shares with the others of its network."""
        return self._centre.state.shared

    @property
    def dc_id(self) -> int:
        """The number of this DC."""
        return self._centre.state.dc_id

    @property
    def private_key(self) -> RSAPrivateKey:
        """The RSA key."""
        return self._centre.keys.private_key

    @property
    def faults(self) -> Faults:
        """Ways to misbehave, each armed for one time: `dc.faults.bad_server_salt()`."""
        return self._centre.faults

    @property
    def keys(self) -> list[RSAPublicKey]:
        """The public RSA keys that a client has to trust: one."""
        return [self.private_key.public]

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect to: host and port, once the DC runs."""
        return self._centre.address

    @property
    def users(self) -> tuple[User, ...]:
        """Everybody in the world; the first is the bot."""
        return self.world.users

    def handler(
        self, method: MethodClass[Asked, Result], *, login: bool | None = None
    ) -> Callable[[HandlerOf[Asked, Result]], HandlerOf[Asked, Result]]:
        """Decorate a function that answers a method, instead of the DC's own handler if there is one.

        It takes an `IncomingCall` and returns an object of the API (or a bool, a list, or bytes), or raises `Refused`.
        It may be `async`. It runs in the thread of the DC's loop. `call.default()` gives the answer of the handler
        that it replaces. A handler that fails costs the client `500 INTERNAL`, and is logged once with its traceback.

        Args:
            method: the class of the method. One of the packaged layer is served to the clients of all layers, one of
                another schema (`schemas`) to those that speak it; a dialect without wrappers is spoken beside the API.
            login: whether only those who are logged in may call it; None as the documentation has it.

        Raises:
            TypeError: `method` is no class of a method, or a wrapper such as `invokeWithLayer`.
            LocalProtocolError: it belongs to a schema that the DC was not given.

        """
        checked: Any = method
        self._centre.dispatcher.check(checked)

        def register(function: HandlerOf[Asked, Result]) -> HandlerOf[Asked, Result]:
            self._centre.dispatcher.register(checked, function, login=login)
            return function

        return register

    def flood_wait(self, method: Method, seconds: int, times: int | None = 1) -> None:
        """Refuse the next calls of a method with `420 FLOOD_WAIT_<seconds>`; as `refuse`."""
        self.refuse(method, 420, f"FLOOD_WAIT_{seconds}", times)

    def refuse(self, method: Method, code: int, name: str, times: int | None = 1) -> None:
        """Refuse the next calls of a method: `dc.refuse("auth.sendCode", 303, "NETWORK_MIGRATE_4")`.

        Refusals of one method come in the order in which they were asked for.

        Args:
            method: the class of the method, or its TL name.
            code: the code of the error.
            name: the name of the error, with its number if it has one.
            times: for how many calls; None for all.

        Raises `LocalProtocolError` where there is no such method.

        """
        self._centre.state.orders.refuse(method, code, name, times)

    def answer(self, method: Method, answer: Any) -> None:
        """Answer all calls of a method with one value, without a handler and whoever makes them.

        Args:
            method: the class of the method, or its TL name.
            answer: the JSON form of an object (`{"_": "nearestDc", …}`), a list of them, a bool; or the object itself.

        Raises `LocalProtocolError` where there is no such method, or the value is no answer to it.

        """
        self._centre.state.orders.answer(method, answer)

    def clear_orders(self) -> None:
        """Forget what `flood_wait`, `refuse` and `answer` ordered."""
        self._centre.state.orders.clear()

    @property
    def duplicated_keys(self) -> int:
        """How many auth keys were used from two source addresses at once.

        Such a key is dead: each of its calls is refused with `406 AUTH_KEY_DUPLICATED`. Connections from one address
        are lanes of one client; a client whose address changes opens a new connection, and leaves the old ones.
        """
        return self._centre.places.duplicated

    @property
    def calls(self) -> list[RecordedCall]:
        """The transcript: the last 4,096 calls that were answered or refused, in that order."""
        return self._centre.state.transcript.calls

    def clear_calls(self) -> None:
        """Forget the transcript."""
        self._centre.state.transcript.forget()

    def executions(self, random_id: int) -> int:
        """Return how often `messages.sendMessage` was executed with this `random_id`, in all sessions of all keys.

        A call that was executed twice shows here, and one that never was; however often it travelled does not. The
        last 65,536 calls of a key are remembered, for a day.
        """
        return self._centre.state.executions.of(random_id)

    def expire_file_references(self) -> None:
        """Let every file reference given out so far be answered with `FILE_REFERENCE_EXPIRED`."""
        self._centre.state.references.expire()

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
        """Add a document, which clients fetch by `inputDocumentFileLocation`: `dc.add_document(size=50 << 20)`.

        One of `size`, `data` and `path` says what is in it.

        Args:
            name: the file name that clients are told.
            size: so many bytes, which are made as they are asked for: a file of any size costs no memory.
            data: these bytes.
            path: a file on disk, which is read as it is asked for, and is not to change.
            mime_type: the type that clients are told.
            dc_id: the DC that has the file; None for this one.
            on_cdn: whether clients that can are sent to a CDN DC of the network.

        Raises:
            OptionError: it is not said what is in the document, or there is no such file or DC.

        """
        return added_document(
            self._centre.state, name, size, data, path, mime_type=mime_type, dc_id=dc_id, on_cdn=on_cdn
        )

    def document_object(self, document: LocalDocument) -> api.types.Document:
        """Return the `document` as clients get it, with a file reference that is good now."""
        return document_object(document, self._centre.state.references)

    @property
    def files_asked(self) -> FilesAsked:
        """Which parts of files were asked for at all DCs of the network, and how many calls shared a container."""
        return self._centre.state.shared.files_asked

    def client_info(self) -> dict[str, Any]:
        """Return all that a client has to know, as plain data for JSON. It takes the SHA-256 of every file."""
        return client_info(self.address, self.dc_id, self.private_key.public, self.world)
