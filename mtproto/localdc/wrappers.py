"""Taking the wrappers off a query (core.telegram.org/api/invoking). Each does something to the call or to its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.keys import Device
from mtproto.localdc.outcomes import IDS_OF_A_CALL
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.localdc.calls import IncomingCall

__all__ = ["declared_layer", "unwrap"]

INVOKE_WITH_LAYER = api.schema.id_of("invokeWithLayer")

# Wrappers that may stand in front of invokeWithLayer, and their sizes. All layers write these wrappers and
# invokeWithLayer in the same way. They are read by hand, because the rest can be read only when the layer is known.
SIZES_BEFORE_LAYER = {
    api.schema.id_of("invokeWithoutUpdates"): 4,  # only its id
    api.schema.id_of("invokeAfterMsg"): 12,  # its id and a long
    api.schema.id_of("invokeWithTakeout"): 12,  # the same
    api.schema.id_of("invokeWithMessagesRange"): 16,  # its id, the id of messageRange, and two ints
}
LONGEST_NAME = 256
"""Characters of each text about a client that are kept."""

NESTING = 128
"""Wrappers that are looked through: a query inside more of them can't be read anyway."""

INVOKE_AFTER_MSGS = api.schema.id_of("invokeAfterMsgs")
SIZE_AFTER_MSGS = 12  # its id, that of a vector, the count; then 8 bytes for each


def declared_layer(body: bytes) -> int | None:
    """Return the layer that the query's `invokeWithLayer` names, or None when it has none.

    Refuses a query that is to wait for more than `IDS_OF_A_CALL` other calls with `LIMIT_INVALID`, before their ids are
    read.
    """
    offset = 0
    for _ in range(NESTING):
        constructor = int.from_bytes(body[offset : offset + 4], "little")
        if constructor == INVOKE_WITH_LAYER:
            return int.from_bytes(body[offset + 4 : offset + 8], "little", signed=True)
        if constructor == INVOKE_AFTER_MSGS:
            count = int.from_bytes(body[offset + 8 : offset + 12], "little")
            if count > IDS_OF_A_CALL:
                raise Refused(400, "LIMIT_INVALID")
            offset += SIZE_AFTER_MSGS + 8 * count
        elif constructor in SIZES_BEFORE_LAYER:
            offset += SIZES_BEFORE_LAYER[constructor]
        else:
            return None
    return None


def unwrap(call: IncomingCall) -> None:
    """Take all wrappers off `call.request`, from the outside in, and do what they say.

    Refuses with `CONNECTION_NOT_INITED` if no `initConnection` came under the auth key by then (a dialect without
    `initConnection` needs none). Refuses with `AUTH_KEY_PERM_EMPTY`, before any wrapper has an effect, a call that
    a temporary key may not make until it is bound, in this session where bindings belong to sessions.
    """
    key = call.key
    if not key.serves(call.session_id) and _innermost(call.request).NAME not in WHILE_UNBOUND:
        raise Refused(401, "AUTH_KEY_PERM_EMPTY")
    before = key.layer, key.inited
    while (wrapper := WRAPPERS.get(call.request.NAME)) is not None:
        wrapper(call, call.request)
        call.unwrap()
    key.want_updates(call.session_id, not call.without_updates)
    if (key.layer, key.inited) != before:
        call.dc.keys.keep()
    if not key.inited and call.request.NAME not in BEFORE_INIT and "initConnection" in call.request.SCHEMA:
        raise Refused(400, "CONNECTION_NOT_INITED")


BEFORE_INIT = frozenset({"auth.bindTempAuthKey"})
"""A temporary key is bound before any other call is sent under it."""

WHILE_UNBOUND = frozenset({"auth.bindTempAuthKey", "help.getConfig", "help.getNearestDc"})
"""The methods that a temporary key may call until it is bound (core.telegram.org/api/pfs)."""


def _innermost(request: Any) -> Any:
    while request.NAME in WRAPPERS:
        request = request.query
    return request


def _with_layer(call: IncomingCall, wrapper: Any) -> None:
    if wrapper.layer != call.layer.number:
        raise Refused(400, "CONNECTION_LAYER_INVALID")
    call.key.speak(wrapper.layer)


def _init_connection(call: IncomingCall, wrapper: Any) -> None:
    if wrapper.api_id <= 0:
        raise Refused(400, "CONNECTION_API_ID_INVALID")
    device = Device(
        wrapper.api_id,
        *(text[:LONGEST_NAME] for text in (wrapper.device_model, wrapper.system_version, wrapper.app_version)),
    )
    call.key.init(call.layer.number, device)


def _after_msg(call: IncomingCall, wrapper: Any) -> None:
    _wait_for(call, [wrapper.msg_id])


def _after_msgs(call: IncomingCall, wrapper: Any) -> None:
    _wait_for(call, wrapper.msg_ids)


def _wait_for(call: IncomingCall, msg_ids: list[int]) -> None:
    call.wait_for(msg_ids)
    if len(call.after) > IDS_OF_A_CALL:
        raise Refused(400, "LIMIT_INVALID")


def _without_updates(call: IncomingCall, _wrapper: Any) -> None:
    call.leave_out_updates()


def _nothing(_call: IncomingCall, _wrapper: Any) -> None:
    """The wrapper changes nothing for a DC that has no takeouts, businesses or stores."""


WRAPPERS: dict[str, Callable[[IncomingCall, Any], None]] = {
    "invokeWithLayer": _with_layer,
    "initConnection": _init_connection,
    "invokeAfterMsg": _after_msg,
    "invokeAfterMsgs": _after_msgs,
    "invokeWithoutUpdates": _without_updates,
    "invokeWithMessagesRange": _nothing,
    "invokeWithTakeout": _nothing,
    "invokeWithBusinessConnection": _nothing,
    "invokeWithGooglePlayIntegrity": _nothing,
    "invokeWithApnsSecret": _nothing,
    "invokeWithReCaptcha": _nothing,
}
