"""Logins over several DCs: exported, migrated, listed and ended; photos of another DC; QR codes."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.localdc.handlers.auth_qr import EXCEPTED, SECONDS
from mtproto.localdc.login_tokens import accept_link
from mtproto.localdc.network_state import EXPORT_SECONDS, EXPORTS, TOKEN_SECONDS, TOKENS
from mtproto.localdc.world.model import World
from mtproto.localdc.wrappers import LONGEST_NAME
from tests.localdc.conftest import RpcFailure
from tests.localdc.several import Phone, Several
from tl import api

account_, auth = api.functions.account, api.functions.auth


@pytest.fixture
def net(packaged_world: World) -> Several:
    return Several(packaged_world)


def imported(net: Several, home: Phone, dc_id: int) -> Phone:
    """Return a device of the same client at another DC, logged in by an export."""
    exported = home(auth.ExportAuthorization(dc_id=dc_id))
    other = net.phone_at(dc_id)
    other(auth.ImportAuthorization(id=exported.id, bytes=exported.bytes))
    return other


def test_the_config_names_all_dcs(net: Several) -> None:
    config = net.phone_at(1)(api.functions.help.GetConfig())
    assert [(option.id, option.port) for option in config.dc_options] == [(1, 4431), (2, 4432), (4, 4434)]
    assert config.this_dc == 1


def test_a_login_is_exported_to_another_dc(net: Several) -> None:
    home = net.logged_in("dozen")
    other = net.phone_at(1)
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        other.me()
    exported = home(auth.ExportAuthorization(dc_id=1))
    request = auth.ImportAuthorization(id=exported.id, bytes=exported.bytes)
    assert other(request).user.username == "dozen"
    assert other.me().username == "dozen"
    with pytest.raises(RpcFailure, match="400 AUTH_BYTES_INVALID"):
        net.phone_at(1)(request)


def test_an_export_is_good_at_its_dc_for_its_number_and_for_a_minute(net: Several) -> None:
    home = net.logged_in("dozen")
    for dc_id in (3, 4):  # no DC of this network; the caller's own
        with pytest.raises(RpcFailure, match="400 DC_ID_INVALID"):
            home(auth.ExportAuthorization(dc_id=dc_id))
    exported = home(auth.ExportAuthorization(dc_id=1))
    with pytest.raises(RpcFailure, match="400 AUTH_BYTES_INVALID"):
        net.phone_at(2)(auth.ImportAuthorization(id=exported.id, bytes=exported.bytes))
    exported = home(auth.ExportAuthorization(dc_id=1))
    with pytest.raises(RpcFailure, match="400 USER_ID_INVALID"):
        net.phone_at(1)(auth.ImportAuthorization(id=exported.id + 1, bytes=exported.bytes))
    exported = home(auth.ExportAuthorization(dc_id=1))
    net.now += EXPORT_SECONDS
    with pytest.raises(RpcFailure, match="400 AUTH_BYTES_INVALID"):
        net.phone_at(1)(auth.ImportAuthorization(id=exported.id, bytes=exported.bytes))


def test_exports_and_tokens_that_wait_are_bounded(net: Several) -> None:
    home = net.logged_in("dozen")
    for _ in range(EXPORTS + 1):
        home(auth.ExportAuthorization(dc_id=1))
    assert len(net.shared.exports) == EXPORTS
    phone = net.phone_at(1)
    for _ in range(TOKENS + 1):
        phone.export_token()
    assert len(net.shared.tokens) == TOKENS


def test_a_user_who_moved_is_sent_to_the_new_home_and_takes_the_login_along(net: Several) -> None:
    home = net.logged_in("dozen")
    net.accounts.named("dozen").move_to(1)
    with pytest.raises(RpcFailure, match=r"303 USER_MIGRATE_1$"):
        home.me()
    assert imported(net, home, 1).me().username == "dozen"


def photo_location(phone: Phone) -> Any:
    photos = phone(
        api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)
    ).photos
    photo = photos[0]
    location = api.types.InputPhotoFileLocation(
        id=photo.id,
        access_hash=photo.access_hash,
        file_reference=photo.file_reference,
        thumb_size=photo.sizes[-1].type,
    )
    return photo.dc_id, api.functions.upload.GetFile(location=location, offset=0, limit=4096)


def test_the_file_of_a_photo_is_fetched_where_it_lives(net: Several) -> None:
    account = net.accounts.named("dozen")
    home = net.logged_in("dozen")
    assert photo_location(home)[0] == account.dc_id
    account.move_to(1)
    moved = imported(net, home, 1)
    files_dc, request = photo_location(moved)
    assert files_dc == account.files_dc == 4
    with pytest.raises(RpcFailure, match=r"303 FILE_MIGRATE_4$"):
        moved(request)
    assert imported(net, moved, 4)(request).NAME == "upload.file"


def test_logins_are_listed_once_and_the_callers_own_is_first(net: Several) -> None:
    first, second = net.logged_in("dozen"), net.logged_in("dozen")
    imported(net, first, 1)
    listed = second(account_.GetAuthorizations()).authorizations
    assert [(each.current, each.hash != 0) for each in listed] == [(True, False), (False, True)]


def test_a_login_is_ended_at_all_dcs(net: Several) -> None:
    first, second = net.logged_in("dozen"), net.logged_in("dozen")
    elsewhere = imported(net, first, 1)
    listed = second(account_.GetAuthorizations()).authorizations
    assert second(account_.ResetAuthorization(hash=listed[1].hash)) is True
    for ended in (first, elsewhere):
        with pytest.raises(RpcFailure, match="401 SESSION_REVOKED"):
            ended.me()
    with pytest.raises(RpcFailure, match="401 SESSION_REVOKED"):
        first(auth.ExportAuthorization(dc_id=1))
    assert second.me().username == "dozen"
    for wrong in (0, 1, listed[1].hash):
        with pytest.raises(RpcFailure, match="400 HASH_INVALID"):
            second(account_.ResetAuthorization(hash=wrong))
    first.sign_in(net.accounts.named("dozen").phone, net.accounts.named("dozen").code)
    assert first.me().username == "dozen"


def test_all_other_logins_are_ended(net: Several) -> None:
    first, second, bystander = net.logged_in("dozen"), net.logged_in("dozen"), net.logged_in("triple")
    mine = imported(net, second, 1)
    assert second(auth.ResetAuthorizations()) is True
    with pytest.raises(RpcFailure, match="401 SESSION_REVOKED"):
        first.me()
    assert (second.me().username, mine.me().username, bystander.me().username) == ("dozen", "dozen", "triple")


def test_a_log_out_ends_what_was_exported(net: Several) -> None:
    home = net.logged_in("dozen")
    elsewhere, other = imported(net, home, 1), net.logged_in("dozen")
    home(auth.LogOut())
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        elsewhere.me()
    assert other.me().username == "dozen"


def test_a_log_out_elsewhere_leaves_home_logged_in(net: Several) -> None:
    home = net.logged_in("dozen")
    elsewhere = imported(net, home, 1)
    assert elsewhere(auth.LogOut()).future_auth_token is None
    assert home.me().username == "dozen"


def test_a_qr_code_that_is_accepted_logs_in_at_home_and_tells_the_client(net: Several) -> None:
    told: list[tuple[int, str]] = []
    dc = net.dcs[4]
    dc.notify_by(lambda key_id, update: told.append((key_id, update.update.NAME)))  # type: ignore[attr-defined]
    phone, app = net.phone_at(4), net.logged_in("dozen")
    shown = phone.export_token()
    assert (shown.NAME, shown.expires) == ("auth.loginToken", int(net.now) + SECONDS)
    described = app(auth.AcceptLoginToken(token=shown.token))
    assert (described.NAME, described.current) == ("authorization", False)
    assert told == [(phone.key.auth_key.id, "updateLoginToken")]
    answer = phone.export_token()
    assert (answer.NAME, answer.authorization.user.username) == ("auth.loginTokenSuccess", "dozen")
    assert phone.me().username == "dozen"
    assert phone.export_token().NAME == "auth.loginToken"


def test_a_qr_code_that_is_accepted_from_another_dc_sends_the_client_there(net: Several) -> None:
    account = net.accounts.named("dozen")
    account.set_password("secret")
    phone = net.phone_at(1)
    token = phone.export_token().token
    accept_link(token, account, net.dcs[2])
    moved = phone.export_token()
    assert (moved.NAME, moved.dc_id, moved.token) == ("auth.loginTokenMigrateTo", 4, token)
    there = net.phone_at(4)
    with pytest.raises(RpcFailure, match="401 SESSION_PASSWORD_NEEDED"):
        there(auth.ImportLoginToken(token=token))
    assert there.check_password("secret").user.username == "dozen"
    with pytest.raises(RpcFailure, match="400 AUTH_TOKEN_INVALID"):
        there(auth.ImportLoginToken(token=token))


def test_a_token_is_accepted_in_time_once_and_by_nobody_who_is_excepted(net: Several) -> None:
    app, account = net.logged_in("dozen"), net.accounts.named("dozen")
    with pytest.raises(RpcFailure, match="400 AUTH_TOKEN_INVALIDX"):
        app(auth.AcceptLoginToken(token=b"unknown"))
    token = net.phone_at(4).export_token().token
    with pytest.raises(RpcFailure, match=r"400 AUTH_TOKEN_INVALID$"):
        net.phone_at(4)(auth.ImportLoginToken(token=token))
    app(auth.AcceptLoginToken(token=token))
    with pytest.raises(RpcFailure, match="400 AUTH_TOKEN_ALREADY_ACCEPTED"):
        app(auth.AcceptLoginToken(token=token))
    excepted = net.phone_at(4).export_token(account.user.id).token
    with pytest.raises(RpcFailure, match="400 AUTH_TOKEN_EXCEPTION"):
        app(auth.AcceptLoginToken(token=excepted))
    late = net.phone_at(4).export_token().token
    net.now += SECONDS
    with pytest.raises(RpcFailure, match="400 AUTH_TOKEN_EXPIRED"):
        app(auth.AcceptLoginToken(token=late))
    with pytest.raises(RpcFailure, match="400 AUTH_TOKEN_EXPIRED"):
        net.phone_at(4)(auth.ImportLoginToken(token=late))
    with pytest.raises(ValueError, match="AUTH_TOKEN_EXPIRED"):
        accept_link(late, account, net.dcs[1])


def test_a_token_is_forgotten_in_the_end(net: Several) -> None:
    token = net.phone_at(4).export_token().token
    app = net.logged_in("dozen")
    net.now += TOKEN_SECONDS
    with pytest.raises(RpcFailure, match="400 AUTH_TOKEN_INVALIDX"):
        app(auth.AcceptLoginToken(token=token))


def test_users_who_are_excepted_are_bounded(net: Several) -> None:
    phone = net.phone_at(4)
    assert phone.export_token(*range(EXCEPTED)).NAME == "auth.loginToken"
    with pytest.raises(RpcFailure, match="400 LIMIT_INVALID"):
        phone.export_token(*range(EXCEPTED + 1))


def test_what_a_client_says_of_itself_is_listed_and_bounded(net: Several) -> None:
    phone = net.logged_in("dozen")
    inner = api.functions.InitConnection(
        api_id=7,
        device_model="m" * (LONGEST_NAME + 1),
        system_version="s",
        app_version="a",
        system_lang_code="en",
        lang_pack="",
        lang_code="en",
        query=account_.GetAuthorizations(),
    )
    [own] = phone(api.functions.InvokeWithLayer(layer=api.layer, query=inner)).authorizations
    assert (own.api_id, own.device_model, own.system_version, own.app_version) == (7, "m" * LONGEST_NAME, "s", "a")
