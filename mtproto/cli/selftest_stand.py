"""What every check of a self-test is given: clients of a site, keys that were made already, the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from mtproto.cli.selftest_transcript import Recorder, error_name
from mtproto.client import connect
from mtproto.message import KeyState

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mtproto.cli.selftest_sites import Site
    from mtproto.client import Client
    from mtproto.link import BackoffPolicy, LinkEvent
    from tl import TLFunction

__all__ = ["CheckFailed", "CheckSkipped", "Stand", "StandKeywords"]

Result = TypeVar("Result")


class StandKeywords(TypedDict, total=False):
    """The options of `connect` that a check chooses."""

    state: KeyState
    transport: str
    tls: ssl.SSLContext
    pfs: bool
    backoff: BackoffPolicy


class CheckFailed(Exception):
    """What was checked is not so. The text is ours, and holds nothing secret."""


class CheckSkipped(Exception):
    """The check can't be made here. The text is ours, and says why."""


@dataclass(slots=True)
class Stand:
    """Clients, keys and the transcript of the check that runs.

    Attributes:
        site: where the self-test goes.
        timeout: seconds that one answer may take.
        proxy: the way there; None for the straight one.
        recorder: the transcript of the check that runs.

    """

    site: Site
    timeout: float
    proxy: str | None = field(default=None, repr=False)
    recorder: Recorder = field(default_factory=Recorder)
    _keys: dict[int, bytes] = field(default_factory=dict, repr=False)

    def begin(self) -> Recorder:
        """Begin the transcript of another check, and return it."""
        self.recorder = Recorder()
        return self.recorder

    def client(
        self,
        dc: int | None = None,
        *,
        address: tuple[str, int] | None = None,
        watch: Callable[[LinkEvent], None] | None = None,
        **options: Unpack[StandKeywords],
    ) -> Client:
        """Return a client of a data centre that tells the transcript what happens. It is not connected yet.

        Args:
            dc: the data centre; None: the home one.
            address: where to connect, if not straight to the data centre.
            watch: called with every event, too.
            options: those of `connect`.

        Raises as `connect` does.

        """
        number = self.site.home if dc is None else dc
        recorder = self.recorder

        def on_event(event: LinkEvent) -> None:
            recorder.event(event)
            if watch is not None:
                watch(event)

        return connect(
            self.site.dcs[number] if address is None else address,
            keys=self.site.keys,
            api_id=self.site.api_id,
            api_hash=self.site.api_hash,
            dc_id=self.site.exchange_id(number),
            timeout=self.timeout,
            proxy=self.proxy,
            on_event=on_event,
            **options,
        )

    async def call(self, client: Client, request: TLFunction[Result]) -> Result:
        """Make a call, and tell the transcript. Raises as the client does."""
        self.recorder.note("call", method=request.NAME)
        try:
            answer = await client(request)
        except Exception as error:
            self.recorder.note("refusal", method=request.NAME, error=error_name(error))
            raise
        self.recorder.note("answer", method=request.NAME, name=str(getattr(answer, "NAME", type(answer).__name__)))
        return answer

    def keep(self, dc: int, client: Client) -> None:
        """Keep the key of a client for later checks."""
        if client.state is not None:
            self._keys[dc] = client.state.to_bytes()

    async def state(self) -> KeyState:
        """Return a key of the home data centre, as an object of the caller's own; it is made now if there is none."""
        home = self.site.home
        if home not in self._keys:
            client = self.client()
            async with client:
                await client(_config())
                self.keep(home, client)
        return KeyState.from_bytes(self._keys[home])


def _config() -> TLFunction[Any]:
    from tl import api

    return api.functions.help.GetConfig()
