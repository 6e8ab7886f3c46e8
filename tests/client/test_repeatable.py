"""Which calls may be executed twice: the tables against the schema, and the judgements that matter."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mtproto.client.repeatable import CONDITIONAL, NOT_REPEATED, READERS, TRANSPARENT, is_repeatable
from mtproto.localdc import LocalDCThread
from tests.client.test_clients import blocking_client_of
from tl import api

functions, types = api.functions, api.types
FUNCTIONS = {name for name in api.schema if api.schema.is_function(name)}
GET = re.compile(r"(?:^|\.)get[A-Z]")


def test_every_name_is_a_function_of_the_packaged_schema() -> None:
    for table in (READERS, CONDITIONAL, NOT_REPEATED, TRANSPARENT):
        assert set(table) <= FUNCTIONS


def test_every_method_is_judged_once_and_each_get_is_judged() -> None:
    tables = [set(READERS), set(CONDITIONAL), set(NOT_REPEATED), set(TRANSPARENT)]
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert {name for name in FUNCTIONS if GET.search(name)} <= set().union(*tables)
    assert all(len(reason) > 10 for reason in NOT_REPEATED.values())


@pytest.mark.parametrize(
    "word",
    ["send", "set", "edit", "delete", "create", "join", "leave", "add", "read", "accept", "save", "update", "pay"],
)
def test_no_method_is_a_reader_whose_name_says_otherwise(word: str) -> None:
    assert not [name for name in READERS if re.search(rf"(?:^|\.){word}[A-Z]", name)]


def get_views(increment: bool) -> Any:
    return functions.messages.GetMessagesViews(peer=types.InputPeerSelf(), id=[1], increment=increment)


def rtmp(revoke: bool) -> Any:
    return functions.phone.GetGroupCallStreamRtmpUrl(peer=types.InputPeerSelf(), revoke=revoke)


def located(**options: Any) -> Any:
    return functions.contacts.GetLocated(geo_point=types.InputGeoPoint(lat=0.0, long=0.0), **options)


def posts(**options: Any) -> Any:
    return functions.channels.SearchPosts(
        offset_rate=0, offset_peer=types.InputPeerEmpty(), offset_id=0, limit=1, **options
    )


PHOTOS = functions.photos.GetUserPhotos(user_id=types.InputUserSelf(), offset=0, max_id=0, limit=1)
PRESS = functions.messages.GetBotCallbackAnswer(peer=types.InputPeerSelf(), msg_id=1)
SRP = types.InputCheckPasswordEmpty()


@pytest.mark.parametrize(
    ("request_", "may"),
    [
        (PHOTOS, True),
        (functions.users.GetUsers(id=[]), True),
        (functions.contacts.Search(q="a", limit=1), True),
        (functions.contacts.ResolveUsername(username="a"), True),
        (functions.contacts.ResolveUsername(username="a", referer=""), False),
        (functions.help.GetConfig(), True),
        (functions.langpack.GetLanguages(lang_pack=""), True),
        (get_views(increment=False), True),
        (get_views(increment=True), False),
        (rtmp(revoke=False), True),
        (rtmp(revoke=True), False),
        (located(), True),
        (located(background=True), False),
        (located(self_expires=0), False),
        (posts(hashtag="a"), True),
        (posts(query="a"), False),
        (PRESS, False),
        (functions.account.GetTmpPassword(password=SRP, period=60), False),
        (functions.account.ResolveBusinessChatLink(slug="a"), False),  # it counts
        (functions.messages.CheckChatInvite(hash="a"), False),  # it may let the user look into the chat for a time
        (functions.contacts.ResolvePhone(phone="1"), False),  # one call in three seconds is allowed
        (functions.help.GetRecentMeUrls(referer="a"), False),  # it imports a referral
        (functions.auth.LogOut(), False),
        (functions.InvokeWithoutUpdates(query=PHOTOS), True),
        (functions.InvokeWithLayer(layer=1, query=functions.InvokeAfterMsg(msg_id=1, query=PHOTOS)), True),
        (functions.InvokeWithoutUpdates(query=PRESS), False),
        (functions.InvokeWithoutUpdates(query=get_views(increment=True)), False),
        (functions.InvokeWithReCaptcha(token="used once", query=PHOTOS), False),
    ],
)
def test_a_call_may_be_executed_twice_only_if_it_reads(request_: Any, may: bool) -> None:
    assert is_repeatable(request_) is may


def test_the_client_goes_by_the_tables_unless_it_is_told_otherwise(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc) as client:
        seen: list[bool] = []
        send = client.connection.call

        def call(body: bytes, *, idempotent: bool, **options: Any) -> Any:
            seen.append(idempotent)
            return send(body, idempotent=idempotent, **options)

        client.connection.call = call
        client(functions.help.GetConfig())
        client(functions.help.GetConfig(), idempotent=False)
        local_dc.handler(functions.messages.GetBotCallbackAnswer)(
            lambda call: types.messages.BotCallbackAnswer(cache_time=0)
        )
        client(
            functions.auth.ImportBotAuthorization(
                flags=0, api_id=local_dc.api_id, api_hash=local_dc.api_hash, bot_auth_token=local_dc.bot_token
            )
        )
        client(PRESS)
        client(PRESS, idempotent=True)
        assert seen == [True, False, False, False, True]
