"""Where the DC is, and what it allows (core.telegram.org/method/help.getConfig). Open to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["accept_terms", "get_config", "get_nearest_dc"]

CONFIG_SECONDS = 3600
"""How long clients may keep the config."""

# Numbers that clients ask the config for. They are of the order that Telegram's are of; the DC enforces none of them.
NUMBERS = {
    "chat_size_max": 200,
    "megagroup_size_max": 200_000,
    "forwarded_count_max": 100,
    "online_update_period_ms": 210_000,
    "offline_blur_timeout_ms": 5_000,
    "offline_idle_timeout_ms": 30_000,
    "online_cloud_timeout_ms": 300_000,
    "notify_cloud_delay_ms": 30_000,
    "notify_default_delay_ms": 1_500,
    "push_chat_period_ms": 60_000,
    "push_chat_limit": 2,
    "edit_time_limit": 172_800,
    "revoke_time_limit": 172_800,
    "revoke_pm_time_limit": 172_800,
    "rating_e_decay": 2_419_200,
    "stickers_recent_limit": 200,
    "channels_read_media_period": 604_800,
    "call_receive_timeout_ms": 20_000,
    "call_ring_timeout_ms": 90_000,
    "call_connect_timeout_ms": 30_000,
    "call_packet_timeout_ms": 10_000,
    "caption_length_max": 1_024,
    "message_length_max": 4_096,
}

# What the config had in former layers, and later ones lack: without it their clients could not even start.
FORMER = {
    "chat_big_size": 10,
    "disabled_features": [],
    "pinned_dialogs_count_max": 5,
    "pinned_infolder_count_max": 200,
    "saved_gifs_limit": 200,
    "stickers_faved_limit": 5,
}


def get_config(call: IncomingCall) -> TLObject:
    """Answer with a config whose `dc_options` name the DCs' own addresses: clients reconnect to what it says."""
    dc = call.dc
    now = int(dc.clock())
    knows_cdn = any(field.name == "cdn" for field in call.layer.schema.plan("dcOption").fields)
    dcs = [each for _, each in sorted(dc.shared.dcs.items()) if each.address[1] and (knows_cdn or not each.is_cdn)]
    options = [
        call.layer.make(
            "dcOption",
            id=each.dc_id,
            ip_address=each.address[0],
            port=each.address[1],
            ipv6=":" in each.address[0],
            cdn=each.is_cdn,
            this_port_only=True,
        )
        for each in dcs
    ]
    fields: dict[str, Any] = NUMBERS | FORMER
    return call.layer.make(
        "config",
        date=now,
        expires=now + CONFIG_SECONDS,
        test_mode=False,
        this_dc=dc.dc_id,
        dc_options=options,
        dc_txt_domain_name="",
        me_url_prefix="https://t.me/",
        webfile_dc_id=dc.dc_id,
        **fields,
    )


def accept_terms(call: IncomingCall) -> bool:
    """Take it that a user who signed up agrees to the terms of service; refuses as `IncomingCall.me` does."""
    return call.dc.accounts.of(call.me.id) is not None


def get_nearest_dc(call: IncomingCall) -> TLObject:
    """Answer that this DC is the nearest."""
    answer: TLObject = api.types.NearestDc(country="", this_dc=call.dc.dc_id, nearest_dc=call.dc.dc_id)
    return answer
