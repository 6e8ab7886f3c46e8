"""The account without asyncio: one login over several data centres, which any thread may use."""

# Made of mtproto/account/account.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from functools import cached_property, partial
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast, overload

from mtproto._options import named_options
from mtproto.account.calls_threads import AccountCalls
from mtproto.account.centres import DataCentres
from mtproto.account.choices import LoginWay, opened_store
from mtproto.account.hearing import Hearing
from mtproto.account.incoming_threads import IncomingUpdates
from mtproto.account.kept import KeptAccount
from mtproto.account.known_peers import KnownPeers
from mtproto.account.lane import MAIN
from mtproto.account.lanes_threads import Lanes
from mtproto.account.lifetime_threads import Lifetime
from mtproto.account.options import AccountKeywords, account_options
from mtproto.account.peers_threads import Peers
from mtproto.account.reading import Readings, wanted_types
from mtproto.account.running_threads import run_flow
from mtproto.account.transfers_threads import Transfers
from mtproto.account.update_mail import UpdateMail
from mtproto.account.uploads_threads import AccountUploads
from mtproto.account.waiting_threads import ThreadMailbox, ThreadNews, new_gate, whole
from mtproto.client import short_calls
from mtproto.flows import Call, LoggedOutChange, log_out
from mtproto.session import Update
from mtproto.store import export_string

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mtproto.account.centres import KnownDCs
    from mtproto.account.choices import Who
    from mtproto.account.download_options import DownloadKeywords, Writable
    from mtproto.account.downloads_threads import Downloads
    from mtproto.account.peers_threads import UserPhotos
    from mtproto.account.reading import IncomingItem
    from mtproto.account.upload_options import UploadKeywords
    from mtproto.account.upload_source import Uploadable
    from mtproto.client import Timeout
    from mtproto.crypto import RSAPublicKey
    from mtproto.flows import Flow
    from mtproto.link import LinkEvent
    from mtproto.store import Store
    from tl import Schema, TLFunction, TLObject
    from tl._api.blocking import BlockingMethods

__all__ = ["Account"]

R = TypeVar("R")
Result = TypeVar("Result")
Told = TypeVar("Told", bound="TLObject")


class Account:
    """One login over several data centres, from any thread (core.telegram.org/api/datacenter).

    Use it as a context manager, or pair `open()` with `close()`.
    Any thread may use it. Connections are made when they are first needed; the keys are kept in the store, so that
    a later run makes no exchange and no login.

    Args:
        store: what keeps keys and login: a path, a `mtproto.store.Store`, or a session string. It is open until
            `close()`.
        api_id: the application's number, from my.telegram.org; it may be left out where `application` has it.
        api_hash: its secret half.
        dcs: the data centres: by number, where to connect; or `DataCenter` objects. None takes Telegram's.
        keys: the RSA keys that the data centres may have. None takes Telegram's.
        options: those of `connect`, which hold for every lane, but for `state` and `dc_id`; and: `updates` (False:
            calls go out under `invokeWithoutUpdates`), `flood_wait` (seconds that a call waits for `FLOOD_WAIT`
            refusals before they are raised; 0), `retries` (how often a call that may be repeated is made again after a
            failure of the server; 3), `idle_after` (seconds without a call after which a lane is closed; 60).

    Raises:
        TypeError: an option does not exist, or no api_id is given.
        OptionError: an option has a value that is refused.

    """

    @named_options(AccountKeywords)
    def __init__(
        self,
        store: Store | str | Path,
        *,
        api_id: int | None = None,
        api_hash: str = "",
        dcs: KnownDCs | None = None,
        keys: Sequence[RSAPublicKey] | None = None,
        **options: Unpack[AccountKeywords],
    ) -> None:
        self._centres = DataCentres(dcs)
        self._options = account_options(api_id, api_hash, keys, options, test=self._centres.test)
        self._kept = KeptAccount(opened_store(store))
        self._hearing: Hearing[ThreadMailbox] = Hearing(self._options.schema, self._is_at_home)
        self._lanes = Lanes(self._centres, self._kept, self._options, self._hear)
        self._known = KnownPeers(self._options.schema, self._kept, self._lanes.server_time)
        self._peers = Peers(self._known, self._run_for_peers)
        self._mail: UpdateMail[ThreadNews] = UpdateMail(self._options.limits, self._is_at_home)
        self._readings = Readings(self._options, self._kept, self._known, self._mail)
        self._calls = AccountCalls(
            self._centres, self._options, self._kept, self._lanes, self._known, self._mail, self._readings
        )
        self._transfers = Transfers(self._options, self._centres, self._calls, self._known, self._peers)
        self._uploads = AccountUploads(self._options, self._calls, self._known, self._transfers)
        self._incoming = IncomingUpdates(
            self._options, self._kept, self._lanes, self._calls, self._readings, self._mail
        )
        self._login_gate = new_gate()
        stops = (self._calls.pauses.end, self._hearing.end, self._mail.close)
        self._lifetime = Lifetime(
            self._centres, self._options, self._kept, self._lanes, self._known, self._readings, self._transfers, stops
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of api_id {self._options.api_id}, layer {self.schema.layer}>"

    @property
    def schema(self) -> Schema:
        """The API schema of the calls."""
        return self._options.schema

    @property
    def user_id(self) -> int | None:
        """Who is logged in; None for nobody."""
        return self._kept.record.user_id

    @property
    def is_bot(self) -> bool:
        """Whether a bot is logged in."""
        return self._kept.record.is_bot

    @property
    def home_dc(self) -> int:
        """The number of the data centre that the login belongs to."""
        return self._kept.record.home_dc

    @property
    def open_lanes(self) -> frozenset[tuple[int, str]]:
        """The lanes that are connected now: pairs of a data centre's number and the lane's name."""
        return self._lanes.open_lanes

    # Opening and closing -----------------------------------------------------------------------------------------

    def open(self) -> Self:
        """Read the store. Nothing is connected yet.

        Raises:
            StoreError: the store is damaged, or another process has it.
            LocalProtocolError: the account is open already, or was closed; or the store holds one of other servers.
            RequestCancelled: the account was closed meanwhile.

        """
        self._lifetime.open()
        return self

    def close(self) -> None:
        """Close all connections and the store; calls that wait fail with `RequestCancelled`. May be called twice.

        Downloads have noted what they have when this returns, unless the disk takes more than some seconds for that.
        """
        whole(self._lifetime.close)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Login -------------------------------------------------------------------------------------------------------

    def login(
        self,
        *,
        bot_token: str | None = None,
        phone: str | None = None,
        qr: bool = False,
        except_ids: Sequence[int] = (),
        ask: Callable[[Any], Any] | None = None,
        tell: Callable[[Any], Any] | None = None,
    ) -> int:
        """Log in, in one of three ways, and return the user's id. Does nothing where the store holds a login.

        The login is in the store when this returns.

        Args:
            bot_token: the token from @BotFather.
            phone: a phone number in the international form; "" asks for it.
            qr: whether to show a code for a logged-in app to scan; `tell` gets it as a `flows.QRCode`.
            except_ids: with `qr`, the users who are not to be logged in.
            ask: called with each question (`mtproto.flows.questions`); returns what its `answer` declares.
                Without it, a question ends the login with `LoginCancelled`.
            tell: called with each notice, such as a QR code.

        Raises:
            LocalProtocolError: none of the ways is chosen, or several are.
            LoginCancelled: the person did not go on.
            RpcError: the server refuses the login.
            FlowFailed: the login came to no end; the text says why.

        """
        way = LoginWay.of(bot_token, phone, qr=qr, except_ids=except_ids)
        with self._login_gate:
            record = self._kept.record
            if record.user_id is None:
                settings = self._options.login_settings(self._centres.ids, test=self._centres.test)
                flow = way.flow(settings, self._options.random, record.future_tokens)
                self.run(flow, ask=ask, tell=tell)
            return cast("int", self._kept.record.user_id)

    def log_out(self, *, destroy_keys: bool = True) -> bool:
        """Log out at the server, then in the store, and have the servers forget the keys of all data centres.

        A `destroy_auth_key` goes out under the permanent key that it is to end, on a connection of its own, once all
        lanes of that data centre are closed. Under PFS the temporary keys end with the lanes, and the permanent key
        seals no call all the same: this message alone, with the pings of its connection. A data centre that can't be
        reached keeps its key, and so does the store: the key belongs to nobody then.

        Args:
            destroy_keys: whether the keys are to go; if not, the next login uses them and makes no exchange.

        Returns:
            Whether every key is gone that was to go.

        Raises:
            RpcError: the server does not log out; the account is logged in as before.
            KeyUnknown: the home data centre says that it does not know the key. `forget_login` needs no server.

        """
        with self._login_gate:
            record = self._kept.record
            others = sorted(record.keys.keys() - {record.home_dc})
            return self.run(log_out(self.schema, destroy_keys=destroy_keys, other_dcs=others))

    def forget_login(self) -> None:
        """Give the login up in the store alone, with the key of the home data centre, so that `login()` begins another.

        This is the way on after `KeyUnknown`. Where the server knows the key after all, the login stays there until
        another one ends it (`account.resetAuthorization`), so `log_out` is better wherever it works.
        """
        with self._login_gate:
            self._calls.save(LoggedOutChange(reason=None, key_dead=True))

    def export_string(self) -> str:
        """Return keys and login as a session string. Whoever has it can act as the user."""
        return export_string(self._kept.record)

    # Calls -------------------------------------------------------------------------------------------------------

    def __call__(
        self,
        request: TLFunction[Result],
        dc: int | None = None,
        lane: str = MAIN,
        *,
        timeout: Timeout = ...,
        idempotent: bool | None = None,
    ) -> Result:
        """Send one call and return its answer, read by the call's declared result.

        A call to a data centre that is not home takes the login there first, once; where the data centre is not known,
        `help.getConfig` is asked for its addresses. A refusal that names the data centre of this call alone
        (`FILE_MIGRATE_X`) is followed where `dc` is None.

        Args:
            request: a function of the account's schema.
            dc: the number of the data centre; None: home.
            lane: the lane there: "main", or any name for files, which has a session of its own.
            timeout: seconds until `DeadlineExceeded`, waits for floods included; None waits for ever; left out, the
                option `timeout` applies to each attempt.
            idempotent: whether the call may be executed twice; left out, true for methods that only read.

        Raises:
            LoggedOut: the login is over; `login()` begins another one.
            KeyUnknown: the home data centre says that it does not know the key of the login, which is kept.
            RpcError: the server refused the call; the class tells the family.
            DeadlineExceeded, OutcomeUnknown, ConnectionLost, RequestCancelled: see `mtproto.errors`.
            tl.EncodeError, tl.DecodeError, TypeError: as a call of `Client` does.

        """
        until = None if timeout is None or isinstance(timeout, EllipsisType) else self._options.clock() + timeout
        result: Result = self._calls.call_of_program(Call(request, dc, lane, idempotent, until))
        return result

    @property
    def api(self) -> BlockingMethods[Who]:
        """All methods in the documentation's spelling: `account.api.photos.getUserPhotos(user_id=…, limit=100)`.

        They are those of `api` of a client.
        """
        return self.api_with()

    @named_options()
    def api_with(
        self,
        *,
        dc: int | None = None,
        lane: str = MAIN,
        timeout: Timeout = ...,
        idempotent: bool | None = None,
    ) -> BlockingMethods[Who]:
        """Return `api` for calls with options: `account.api_with(lane="files").upload.getFile(...)`.

        The options are those of a call of an object.
        """
        call = partial(self._short_call, dc=dc, lane=lane, timeout=timeout, idempotent=idempotent)
        methods: BlockingMethods[Who] = short_calls(self.schema, call, self._options.random)
        return methods

    def _short_call(self, request: TLFunction[Result], **options: Any) -> Result:
        return self(self._peers.resolve_request(request), **options)

    def run(
        self,
        flow: Flow[R],
        *,
        ask: Callable[[Any], Any] | None = None,
        tell: Callable[[Any], Any] | None = None,
    ) -> R:
        """Run a flow (`mtproto.flows`) and return its result.

        Args:
            flow: a generator of steps that has not begun.
            ask: as for `login`.
            tell: as for `login`.

        Raises whatever the flow raises.

        """
        hands = self._calls.hands(ask, tell)
        mailbox = ThreadMailbox()
        self._hearing.add(mailbox)
        try:
            return run_flow(flow, hands, mailbox)
        finally:
            self._hearing.remove(mailbox)

    # Who is meant ------------------------------------------------------------------------------------------------

    def resolve(self, reference: object) -> Any:
        """Return the `InputPeer` of whom a reference means. What is known costs no call.

        Args:
            reference: a username, a link (`t.me/name`, `tg://user?id=5`), a phone number with `+`, an id (also as the
                Bot API marks it), "me", or an object: a user, a chat, a message, an update, or what holds one of these.

        Raises:
            flows.WrongReference: it can mean nobody; no call was made.
            flows.PeerNotKnown: nothing that is known leads there; the text says what was tried.
            RpcError: the server knows nobody of that name or number, or refuses to tell.

        """
        return self._peers.resolve(reference)

    def me(self) -> Any:
        """Return the `user` who is logged in; asked for once a login. Raises LocalProtocolError for nobody."""
        return self._peers.me()

    def iter_user_photos(self, user: object) -> UserPhotos:
        """Return all profile photos of a user, newest first, to iterate over; `total` tells how many there are.

        Args:
            user: as `resolve` takes it.

        """
        return self._peers.photos(user)

    @overload
    def incoming(
        self, types: None = None, *, catch_up: bool = True
    ) -> Generator[IncomingItem[TLObject], None, None]: ...

    @overload
    def incoming(
        self, types: Iterable[type[Told]], *, catch_up: bool = True
    ) -> Generator[IncomingItem[Told], None, None]: ...

    def incoming(
        self, types: Iterable[type[TLObject]] | None = None, *, catch_up: bool = True
    ) -> Generator[IncomingItem[Any], None, None]:
        """Iterate over the updates of who is logged in, each once and in order (core.telegram.org/api/updates).

        What is missing is asked for. Updates that come while the program does something else wait, within bounds
        (`Limits.queued_updates`); what goes beyond is asked for again. How far the program came is kept in the store,
        every few seconds and at the end: after a crash, without `close()`, what came since then is told again. There is
        one iteration at a time: where another one begins, it goes on where the one before it ends, which is over.

        Args:
            types: classes of updates (`api.types.UpdateNewMessage`), one at least; of the others nothing is told. None:
                all.
            catch_up: whether the iteration goes on where the last one ended, in this run or one before, so that what
                was missed meanwhile is told; if nothing is kept, it begins with what came since the account was opened.
                False: it begins with what comes from now on.

        Yields:
            `Incoming`: an update, and the users and chats that came with it.
            `Gap`: updates are missing that can't be had any more, and in which channel; None: in private chats and
                groups, which are counted in common.
            `UndecodableUpdate`: the bytes of an update that can't be read, and why.
            The iteration ends when the account is closed, or the program logs out. (All three: `mtproto.account`.)

        Raises:
            TypeError: at once: a class is not one of updates.
            ValueError: at once: `types` is empty.
            LocalProtocolError: nobody is logged in; or another iteration has begun.
            LoggedOut: the login is over.
            KeyUnknown: the home data centre says that it does not know the key of the login.
            MTProtoError: the DC can't be reached.

        """
        return self._incoming.read(wanted_types(types, self.schema), catch_up=catch_up)

    # Files -------------------------------------------------------------------------------------------------------

    @overload
    def download(self, file: object, to: None = None, **options: Unpack[DownloadKeywords]) -> bytes: ...

    @overload
    def download(self, file: object, to: str | Path, **options: Unpack[DownloadKeywords]) -> Path: ...

    @overload
    def download(self, file: object, to: Writable, **options: Unpack[DownloadKeywords]) -> int: ...

    def download(self, file: object, to: Any = None, **options: Unpack[DownloadKeywords]) -> Any:
        """Download a file (core.telegram.org/api/files): several parts at once, over lanes of its data centre.

        What was cut goes on later: until a file is whole its bytes stand in PATH.part, and PATH.part.log says which.

        Args:
            file: a photo, a document, a message with one of them, or an object of the type `InputFileLocation`.
            to: a path, or a folder, in which the file is named after its id; what has `write`; None: memory. A string
                that ends with a separator means a folder, which is made; a `Path` drops the separator.
            options: which size, which bytes, who is told: see `mtproto.account.download_options.DownloadOptions`.

        Returns the bytes; or the path; or how many bytes were written. Raises `FileNotWritten` (the disk is full …),
        `flows.NoSuchFile`, `flows.FileFailed`, and what a call raises.

        """
        return self._downloads.download(file, to, **options)

    def iter_download(self, file: object, **options: Unpack[DownloadKeywords]) -> Generator[bytes, None, None]:
        """Iterate over the bytes of a file in order, while `window` bytes are on their way; else as `download`."""
        return self._downloads.iterate(file, **options)

    def upload(self, source: Uploadable, **options: Unpack[UploadKeywords]) -> Any:
        """Upload a file (core.telegram.org/api/files): several parts at once, over lanes of the home data centre.

        An upload of a file on disk that was cut goes on, for an hour, where another call names the same file unchanged.

        Args:
            source: a path, bytes, or a binary file that is open, which is sent from where it stands.
            options: the name, who is told: see `mtproto.account.upload_options.UploadOptions`.

        Returns the `InputFile` for other calls: `account.api.photos.uploadProfilePhoto(file=…)`. Raises `OptionError`
        for a file that is empty or too large, `FileNotRead`, `flows.FileFailed`, and what a call raises.

        """
        return self._uploads.upload(source, **options)

    # What the parts want done ----------------------------------------------------------------------------------------

    @cached_property
    def _downloads(self) -> Downloads:
        from mtproto.account.downloads_threads import Downloads  # at first use: most programs fetch no file

        return Downloads(self._options, self._calls, self._known, self._transfers, self._run_for_peers)

    def _run_for_peers(self, flow: Flow[R]) -> R:
        self._calls.check_login()
        return self.run(flow)

    def _hear(self, dc: int, lane: str, event: LinkEvent) -> None:
        """Take an event of a lane, in the thread that carries the lane."""
        self._hearing.hear(dc, lane, event)
        self._mail.hear(dc, lane, event)
        if isinstance(event, Update) and self._is_at_home(dc, lane):
            self._known.hear(event)

    def _is_at_home(self, dc: int, lane: str) -> bool:
        """Tell whether a lane is the one that receives updates."""
        return lane == MAIN and self._kept.is_loaded and dc == self._kept.record.home_dc
