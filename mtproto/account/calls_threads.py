"""The calls of an account, for threads: by the policy, with the login where a data centre wants it."""

# Made of mtproto/account/calls.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.account.choices import wrapped
from mtproto.account.file_origins import FileOrigins
from mtproto.account.lane import MAIN
from mtproto.account.running_threads import FlowHands, run_flow
from mtproto.account.waiting_threads import ThreadPauses, beside, new_gate, whole
from mtproto.client import is_repeatable
from mtproto.errors import KeyUnknown, LoggedOut, Migrate, RequestCancelled, RpcError, TransportError
from mtproto.flows import (
    Authorized,
    Call,
    CallPolicy,
    FloodMemory,
    KeyDestroyed,
    LoggedOutChange,
    NotAuthorized,
    authorization_lost,
    authorize,
    authorize_again,
    dc_of_this_call,
    patient_call,
)
from mtproto.message import KeyState

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.centres import DataCentres
    from mtproto.account.kept import KeptAccount
    from mtproto.account.known_peers import KnownPeers
    from mtproto.account.lanes_threads import Lanes
    from mtproto.account.options import AccountOptions
    from mtproto.account.update_mail import UpdateMail
    from mtproto.account.waiting_threads import Gate, ThreadNews
    from mtproto.flows import Change, Service

__all__ = ["AccountCalls"]


_IMPATIENT = CallPolicy(longest_wait=0.0, retries=0)


class AccountCalls:
    """What an account does for a call beyond sending it, and what it keeps of the outcome.

    A call that a data centre refuses for a flood or a failure is made again by the policy. The login is taken to a data
    centre that is not home; a user who has moved is followed; a key that a data centre has forgotten is replaced.

    Args:
        centres: where the data centres are.
        options: of the account.
        kept: the record.
        lanes: carry the calls.
        known: takes what answers show of users and chats.
        mail: takes what answers tell of updates.

    Attributes:
        pauses: the waits between two attempts.
        origins: where photos came from.

    """

    def __init__(
        self,
        centres: DataCentres,
        options: AccountOptions,
        kept: KeptAccount,
        lanes: Lanes,
        known: KnownPeers,
        mail: UpdateMail[ThreadNews],
    ) -> None:
        self._centres = centres
        self._options = options
        self._kept = kept
        self._lanes = lanes
        self._known = known
        self._mail = mail
        self._floods = FloodMemory()
        self.pauses = ThreadPauses()
        self.origins = FileOrigins()
        self._one_call: tuple[int, FlowHands] | None = None
        self._gates: dict[int, Gate] = {}
        self._turns: dict[int, int] = {}  # how often the login was taken to a DC again
        self._in_vain: set[tuple[int, str]] = set()  # DC and method that a login taken there again was of no use to
        self._move_gate = new_gate()  # inside the gate of logins: a call of a login or a log-out may be sent on

    @property
    def home_dc(self) -> int:
        """The number of the data centre that the login belongs to."""
        return self._kept.record.home_dc

    def check_login(self) -> None:
        """Do nothing unless the login has ended on the server's side. Raises `LoggedOut` then."""
        ended = self._kept.record.ended
        if ended is not None:
            raise LoggedOut(ended)

    def check_key(self, failure: Exception | None) -> None:
        """Raise `KeyUnknown` where the home DC of a login did not know the key; do nothing else."""
        unknown = isinstance(failure, TransportError) and failure.code == TransportError.NOT_FOUND
        if unknown and self._kept.is_loaded and self._kept.record.user_id is not None:
            raise KeyUnknown(self._kept.record.home_dc) from failure

    def call_of_program(self, call: Call) -> Any:
        """Make a call of a program. One that belongs to another DC is sent on, unless the program has named the DC."""
        self.check_login()
        try:
            return self.call(call)
        except RpcError as error:
            elsewhere = None if call.dc is not None else dc_of_this_call(error, call.request)
            if elsewhere is None or not self._centres.knows(elsewhere):
                raise
            return self.call(replace(call, dc=elsewhere))

    def hands(self, ask: Callable[[Any], Any] | None, tell: Callable[[Any], Any] | None) -> FlowHands:
        """Return what does the steps of a flow of a program, or of the account's own."""
        now, pause = self._lanes.server_time, self.pauses.wait
        return FlowHands(self.call_of_flow, now, self.move, self.save, pause, ask, tell, self.service)

    def call_of_flow(self, call: Call) -> Any:
        """Make a call of a flow, to which `Now` tells the server's time: the call's end is put by our own clock."""
        if call.until is not None:
            call = replace(call, until=call.until - self._lanes.time_offset())
        return self.call(call)

    def call(self, call: Call) -> Any:
        """Make a call by the policy, with the login taken to its DC; a key that the DC has forgotten is replaced."""
        home = self._kept.record.home_dc
        dc = home if call.dc is None else call.dc
        if not self._centres.knows(dc):
            self._centres.learn(self._patient(Call(self._options.schema.functions.help.GetConfig())))
            self._centres.destination(dc)  # or nobody knows it
        key = self._kept.record.keys.get(dc)
        try:
            return self._call_with_login(call, dc)
        except TransportError as error:
            # The code comes unauthenticated. What it may cost is an export, and never the login itself.
            if error.code != TransportError.NOT_FOUND:
                raise
            if dc == home and self._kept.record.user_id is not None:
                raise KeyUnknown(dc) from error
        self._replace_key(dc, key)
        return self._call_with_login(call, dc)

    def _call_with_login(self, call: Call, dc: int) -> Any:
        record = self._kept.record
        if record.user_id is None:
            return self._patient(call)
        if dc == record.home_dc:
            return self._call_at_home(call, dc)
        if dc not in record.authorized:
            self._authorize(dc)
        turn = self._turns.get(dc, 0)
        place = dc, call.request.NAME
        try:
            answer = self._patient(call)
        except RpcError as error:
            if not authorization_lost(error) or place in self._in_vain:
                raise
            self._authorize_again(dc, error, turn)
            self._in_vain.add(place)
            answer = self._patient(call)
        self._in_vain.discard(place)
        return answer

    def _call_at_home(self, call: Call, home: int) -> Any:
        """Make a call at the home DC of a login; a user who has moved is followed, and takes the login along."""
        login = self._kept.login
        try:
            return self._patient(call, logged_in=True)
        except Migrate as error:
            new, sent_on = error.dc, error
            if dc_of_this_call(error, call.request) is not None or call.dc is not None or not self._centres.knows(new):
                raise
        with self._move_gate:
            if self._kept.login != login:
                raise sent_on
            if self._kept.record.home_dc == home:
                self._authorize(new)
                self.move(new)
                self.save(Authorized(home))
                self.save(NotAuthorized(new))
        return self._patient(call, logged_in=True)

    def _replace_key(self, dc: int, key: bytes | None) -> None:
        """Let the key of a DC go, unless another caller has replaced the key meanwhile."""
        with self._gate(dc):
            before = None if key is None else KeyState.from_bytes(key)
            now = self._kept.record.key(dc)
            if before is not None and now is not None and now.auth_key.id == before.auth_key.id:
                self.save(KeyDestroyed(dc))

    def _patient(self, call: Call, *, logged_in: bool = False) -> Any:
        hands = self._hands_of_login()
        harmless = is_repeatable(call.request) if call.idempotent is None else call.idempotent
        options = self._options
        home = logged_in and (call.dc is None or call.dc == self._kept.record.home_dc)
        policy = options.policy if call.patient else _IMPATIENT
        flow = patient_call(call, policy, self._floods, options.random, harmless=harmless, logged_in=home)
        return run_flow(flow, hands)

    def _hands_of_login(self) -> FlowHands:
        """Return the hands for one call. Once another login has begun, they keep nothing of what the call was told."""
        login, made = self._kept.login, self._one_call
        if made is None or made[0] != login:
            save = partial(self.save, login=login)
            send = partial(self._send, check=partial(self._check_since, login))
            made = login, FlowHands(send, self._options.clock, self.move, save, self.pauses.wait)
            self._one_call = made
        return made[1]

    def _check_since(self, login: int) -> None:
        """Raise `LoggedOut` where a login has ended since a call began: no lane, and no key, is made for the call."""
        if self._kept.login != login:
            self.check_login()

    def _send(self, call: Call, check: Callable[[], None]) -> Any:
        """Make a call once, over the lane that it names. `check` is called before the lane is opened, if it is not."""
        dc = self._kept.record.home_dc if call.dc is None else call.dc
        repeat = call.idempotent
        quiet = call.lane != MAIN or not self._options.updates
        request = wrapped(call.request, self._options.schema) if quiet else call.request
        try:
            answer = self._lanes.call(dc, call.lane, request, until=call.until, idempotent=repeat, check=check)
        except RequestCancelled:
            if self._kept.is_loaded:
                self.check_login()
            raise
        except RpcError as error:
            self._known.refused(call.request, error)
            raise
        self._known.learn(answer)
        self.origins.learn(call.request, answer)
        if self._mail.is_read and call.lane == MAIN and dc == self._kept.record.home_dc:
            self._mail.answered(answer, call.request)
        return answer

    def service(self, step: Service) -> bytes:
        """Send a service message under the permanent key of a DC, and return the answer; raises as the lanes do."""
        return self._lanes.send_service(self._kept.record.home_dc if step.dc is None else step.dc, step.body)

    def _authorize(self, dc: int) -> None:
        """Take the login to a DC; callers that want the same one wait for each other."""
        with self._gate(dc):
            hands = self._plain_hands()
            record = self._kept.record
            if dc not in record.authorized:
                run_flow(authorize(self._options.schema, dc, record.user_id), hands)

    def _authorize_again(self, dc: int, error: RpcError, turn: int) -> None:
        """Take the login to a DC that knows of none, unless another caller has done so meanwhile."""
        with self._gate(dc):
            if self._turns.get(dc, 0) == turn:
                hands = self._plain_hands()
                flow = authorize_again(self._options.schema, dc, error, self._kept.record.user_id)
                run_flow(flow, hands)
                self._turns[dc] = turn + 1

    def _plain_hands(self) -> FlowHands:
        """Return hands whose calls go to their DC as they are, by the policy; what they keep is of this login alone."""
        save = partial(self.save, login=self._kept.login)
        return FlowHands(self._export_or_import, self._options.clock, self.move, save, self.pauses.wait)

    def _export_or_import(self, call: Call) -> Any:
        return self._patient(call, logged_in=True)

    def _gate(self, dc: int) -> Gate:
        return self._gates.setdefault(dc, new_gate())

    def move(self, dc: int) -> None:
        """Make another DC the home DC, once there is a connection with a key."""
        before = self._kept.record.home_dc
        self._lanes.leave(self._lanes.enter(dc, MAIN))
        whole(self._moved, before, dc)

    def _moved(self, before: int, dc: int) -> None:
        beside(self._kept.move_home, dc)
        if before != dc:
            self._lanes.retire(before)

    def save(self, change: Change, login: int | None = None) -> None:
        """Keep a change, and let go what it ends; nothing of both where it is about a login that is over."""
        whole(self._saved, change, login)

    def _saved(self, change: Change, login: int | None) -> None:
        home = self._kept.record.home_dc
        if not beside(self._kept.change, change, login):
            return
        match change:
            case LoggedOutChange(key_dead=key_dead):
                if key_dead:
                    self._lanes.forget_key(home)
                else:
                    self._lanes.retire(home)  # so that `incoming` ends
                self._mail.forget()  # once its lane is closed: the next login is told nothing of this one
            case KeyDestroyed(dc=dc):
                self._lanes.forget_key(home if dc is None else dc)
