"""The messages of a network of local DCs: a box for each account, with what happened in it. Data only."""

from __future__ import annotations

from mtproto.localdc.chats.box import EVENTS_OF_BOX, MESSAGES_OF_BOX, Dialog, MessageBox
from mtproto.localdc.chats.boxes import KEPT_IN_ALL, Boxes
from mtproto.localdc.chats.channel import MESSAGES_OF_CHANNEL, ChannelMessage, LocalChannel
from mtproto.localdc.chats.file import MessagesFile
from mtproto.localdc.chats.messages import Event, HistoryRead, KeptMessage, NewMessage

__all__ = [
    "EVENTS_OF_BOX",
    "KEPT_IN_ALL",
    "MESSAGES_OF_BOX",
    "MESSAGES_OF_CHANNEL",
    "Boxes",
    "ChannelMessage",
    "Dialog",
    "Event",
    "HistoryRead",
    "KeptMessage",
    "LocalChannel",
    "MessageBox",
    "MessagesFile",
    "NewMessage",
]
