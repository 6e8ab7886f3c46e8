"""Several DCs over one world without their protocol: queries go straight to the dispatchers."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Sequence
from typing import Any

from mtproto.crypto.srp import PasswordAlgo, prove_password
from mtproto.limits import DEFAULT_LIMITS
from mtproto.localdc.auth_keys import AuthKeys
from mtproto.localdc.dc_state import DCState
from mtproto.localdc.dispatch import Dispatcher
from mtproto.localdc.keys import KeyRecord
from mtproto.localdc.network_state import NetworkState
from mtproto.localdc.spoken import SpokenLayers
from mtproto.localdc.world.model import World
from mtproto.message.auth_key import AuthKey
from mtproto.session.wire import read_gzip
from tests.localdc.conftest import GZIP_PACKED, NOW, RpcFailure
from tests.vectors.generate import RSA_KEY
from tl import api, service

SESSION = 78


class Phone:
    """A client's device at one DC: an auth key of its own, and calls that are read or raise `RpcFailure`."""

    def __init__(self, several: Several, dc_id: int) -> None:
        self.several = several
        self.dc_id = dc_id
        self.key = KeyRecord(AuthKey(os.urandom(256)), layer=api.layer, inited=True)
        several.dcs[dc_id].keys.add(self.key)
        self.msg_id = 4

    def __call__(self, request: Any) -> Any:
        self.msg_id += 4
        dispatcher = self.several.dispatchers[self.dc_id]
        answer = dispatcher.answer(request.to_bytes(), self.key, SESSION, self.msg_id)
        data = asyncio.run(_awaited(answer)) if inspect.isawaitable(answer) else answer
        if data[:4] == service.types.RpcError.ID.to_bytes(4, "little"):
            error = service.decode(data)
            raise RpcFailure(f"{error.error_code} {error.error_message}")
        if data[:4] == GZIP_PACKED:
            data = read_gzip(data, DEFAULT_LIMITS.inflated)
        return api.decode(data, request.result)

    def send_code(self, phone: str, tokens: Sequence[bytes] = ()) -> Any:
        world = self.several.world
        settings = api.types.CodeSettings(logout_tokens=list(tokens) or None)
        return self(
            api.functions.auth.SendCode(
                phone_number=phone, api_id=world.api_id, api_hash=world.api_hash, settings=settings
            )
        )

    def sign_in(self, phone: str, code: str) -> Any:
        sent = self.send_code(phone)
        return self(
            api.functions.auth.SignIn(phone_number=phone, phone_code_hash=sent.phone_code_hash, phone_code=code)
        )

    def prove(self, password: str) -> Any:
        return proof(self(api.functions.account.GetPassword()), password)

    def check_password(self, password: str) -> Any:
        return self(api.functions.auth.CheckPassword(password=self.prove(password)))

    def export_token(self, *excepted: int) -> Any:
        world = self.several.world
        return self(
            api.functions.auth.ExportLoginToken(api_id=world.api_id, api_hash=world.api_hash, except_ids=list(excepted))
        )

    def me(self) -> Any:
        return self(api.functions.users.GetUsers(id=[api.types.InputUserSelf()]))[0]


def proof(asked: Any, password: str) -> Any:
    """Return the `inputCheckPasswordSRP` for what `account.getPassword` answered."""
    algo = asked.current_algo
    a, m1 = prove_password(
        password.encode(), PasswordAlgo(algo.salt1, algo.salt2, algo.g, algo.p), asked.srp_B, os.urandom
    )
    return api.types.InputCheckPasswordSRP(srp_id=asked.srp_id, A=a, M1=m1)


async def _awaited(answer: Any) -> Any:
    return await answer


class Several:
    """The DCs, and the time that all of them have."""

    def __init__(self, world: World, dc_ids: Sequence[int] = (1, 2, 4)) -> None:
        self.now = NOW
        self.world = world
        self.shared = NetworkState(world, dc_ids, self.clock, os.urandom)
        self.accounts = self.shared.accounts
        self.dcs = {
            dc_id: DCState(world, dc_id, AuthKeys(RSA_KEY, None, self.clock), self.clock, self.shared)
            for dc_id in dc_ids
        }
        for dc_id, dc in self.dcs.items():
            dc.listens_at("127.0.0.1", 4430 + dc_id)
        self.dispatchers = {
            dc_id: Dispatcher(dc, SpokenLayers({}), default_layer=api.layer) for dc_id, dc in self.dcs.items()
        }

    def clock(self) -> float:
        return self.now

    def phone_at(self, dc_id: int) -> Phone:
        return Phone(self, dc_id)

    def logged_in(self, username: str) -> Phone:
        """Return a device at the home DC of this user, logged in by phone; the account has no password."""
        account = self.accounts.named(username)
        phone = self.phone_at(account.dc_id)
        phone.sign_in(account.phone, account.code)
        return phone
