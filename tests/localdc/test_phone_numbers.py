"""Who has a phone number (core.telegram.org/method/contacts.resolvePhone)."""

from __future__ import annotations

import pytest

from mtproto.localdc.world.model import World
from tests.localdc.conftest import RpcFailure
from tests.localdc.several import Several
from tl import api


def test_a_phone_number_leads_to_its_user_and_bots_may_not_ask(packaged_world: World) -> None:
    net = Several(packaged_world)
    account = net.accounts.named("triple")
    caller = net.logged_in("dozen")
    for phone in (account.phone, f"+{account.phone}"):
        answer = caller(api.functions.contacts.ResolvePhone(phone=phone))
        assert answer.peer == api.types.PeerUser(user_id=account.user.id)
        assert [user.access_hash for user in answer.users] == [account.user.access_hash]
    with pytest.raises(RpcFailure, match="400 PHONE_NOT_OCCUPIED"):
        caller(api.functions.contacts.ResolvePhone(phone="1"))
    bot = net.phone_at(2)
    bot(
        api.functions.auth.ImportBotAuthorization(
            flags=0,
            api_id=packaged_world.api_id,
            api_hash=packaged_world.api_hash,
            bot_auth_token=packaged_world.bot_token,
        )
    )
    with pytest.raises(RpcFailure, match="400 BOT_METHOD_INVALID"):
        bot(api.functions.contacts.ResolvePhone(phone=account.phone))
