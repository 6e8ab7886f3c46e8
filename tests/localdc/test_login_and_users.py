"""help, auth, users, contacts, updates: what the handlers answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localdc.conftest import NOW, Caller, RpcFailure
from tests.localdc.test_dispatch import init, with_layer
from tl import api


def test_the_config_names_the_dcs_own_address(caller: Caller) -> None:
    config = caller(api.functions.help.GetConfig())
    assert [(o.id, o.ip_address, o.port, o.ipv6) for o in config.dc_options] == [(2, "127.0.0.1", 4433, False)]
    assert (config.this_dc, config.date, config.test_mode) == (2, int(NOW), False)
    assert config.expires > config.date


def test_an_ipv6_address_is_marked(caller: Caller) -> None:
    caller.dc.address = ("::1", 4433)
    assert caller(api.functions.help.GetConfig()).dc_options[0].ipv6


def test_the_nearest_dc_is_this_one(caller: Caller) -> None:
    answer = caller(api.functions.help.GetNearestDc())
    assert (answer.this_dc, answer.nearest_dc) == (2, 2)


def test_the_bots_token_logs_the_key_in(stranger: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[None] = []
    monkeypatch.setattr(stranger.dc.keys, "keep", lambda: told.append(None))
    answer = stranger(with_layer(init(log_in(stranger))))
    assert answer.NAME == "auth.authorization"
    assert (answer.user.id, answer.user.self, answer.user.bot) == (stranger.world.bot.id, True, True)
    assert stranger.key.user_id == stranger.world.bot.id
    assert len(told) == 2


def log_in(caller: Caller, **changed: Any) -> Any:
    world = caller.world
    arguments = {"api_id": world.api_id, "api_hash": world.api_hash, "bot_auth_token": world.bot_token}
    return api.functions.auth.ImportBotAuthorization(flags=0, **{**arguments, **changed})


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"bot_auth_token": "1:x"}, "ACCESS_TOKEN_INVALID"),
        ({"bot_auth_token": ""}, "ACCESS_TOKEN_INVALID"),
        ({"bot_auth_token": "é"}, "ACCESS_TOKEN_INVALID"),
        ({"api_id": 2}, "API_ID_INVALID"),
        ({"api_hash": "x"}, "API_ID_INVALID"),
    ],
)
def test_wrong_credentials_are_refused(stranger: Caller, changed: dict[str, object], name: str) -> None:
    with pytest.raises(RpcFailure, match=f"400 {name}"):
        stranger(with_layer(init(log_in(stranger, **changed))))
    assert stranger.key.user_id is None


def test_logging_out_leaves_the_key_without_a_user(caller: Caller) -> None:
    assert caller(api.functions.auth.LogOut()).NAME == "auth.loggedOut"
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        caller(api.functions.updates.GetState())


def test_users_come_in_the_order_asked_for_and_nobody_as_empty(caller: Caller) -> None:
    triple = caller.world.by_username("triple")
    assert triple is not None
    asked = [
        api.types.InputUser(user_id=triple.id, access_hash=triple.access_hash),
        api.types.InputUser(user_id=5, access_hash=0),
        api.types.InputUserEmpty(),
        api.types.InputUserSelf(),
    ]
    users = caller(api.functions.users.GetUsers(id=asked))
    assert [(user.NAME, user.id) for user in users] == [
        ("user", triple.id),
        ("userEmpty", 5),
        ("userEmpty", 0),
        ("user", caller.world.bot.id),
    ]
    assert users[0].photo.photo_id == triple.photos[0].id
    assert users[0].photo.stripped_thumb == triple.photos[0].stripped
    assert not users[0].self
    assert users[3].self


def test_a_user_without_photos_has_none(caller: Caller) -> None:
    answer = caller(api.functions.contacts.ResolveUsername(username="nobody"))
    assert answer.users[0].photo is None


@pytest.mark.parametrize("username", ["plenty", "PLENTY", "Plenty"])
def test_a_username_is_found_whatever_its_case(caller: Caller, username: str) -> None:
    answer = caller(api.functions.contacts.ResolveUsername(username=username))
    assert answer.peer == api.types.PeerUser(user_id=answer.users[0].id)
    assert answer.users[0].username == "plenty"


@pytest.mark.parametrize(
    ("username", "name"),
    [
        ("stranger", "USERNAME_NOT_OCCUPIED"),
        ("", "USERNAME_INVALID"),
        ("@plenty", "USERNAME_INVALID"),
        ("a b", "USERNAME_INVALID"),
        ("x" * 33, "USERNAME_INVALID"),
    ],
)
def test_a_username_that_is_nobodys_is_refused(caller: Caller, username: str, name: str) -> None:
    with pytest.raises(RpcFailure, match=f"400 {name}"):
        caller(api.functions.contacts.ResolveUsername(username=username))


def test_a_full_user_has_the_newest_photo_whole(caller: Caller) -> None:
    answer = caller(api.functions.users.GetFullUser(id=api.types.InputUserSelf()))
    assert answer.full_user.profile_photo.id == caller.world.bot.photos[0].id
    assert [user.id for user in answer.users] == [caller.world.bot.id]
    with pytest.raises(RpcFailure, match="400 USER_ID_INVALID"):
        caller(api.functions.users.GetFullUser(id=api.types.InputUserEmpty()))


def test_no_update_was_ever_sent(caller: Caller) -> None:
    state = caller(api.functions.updates.GetState())
    assert (state.date, state.unread_count) == (int(NOW), 0)
    difference = caller(api.functions.updates.GetDifference(pts=state.pts, date=state.date, qts=state.qts))
    assert difference.NAME == "updates.differenceEmpty"
