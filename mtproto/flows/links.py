"""Links that name somebody: t.me and tg: (core.telegram.org/api/links)."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

__all__ = ["in_link"]

_WEB = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)(?:/(?P<path>[^?#]*))?(?:[?#].*)?", re.I)
_BELOW = re.compile(r"(?:https?://)?(?P<name>[a-z0-9_]+)\.t\.me(?:[/?#].*)?", re.I)
_APP = re.compile(r"tg:(?://)?(?P<what>[a-z]+)/?\?(?P<query>[^#]*)(?:#.*)?", re.I)
_MARKED = re.compile(r"(?P<kind>user|chat|channel)#(?:id)?(?P<id>[0-9]+)")

_QUERIES = {
    ("resolve", "domain"): "name",
    ("resolve", "phone"): "phone",
    ("user", "id"): "user",
    ("openmessage", "user_id"): "user",
    ("openmessage", "chat_id"): "chat",
    ("privatepost", "channel"): "channel",
}
_NO_NAMES = frozenset(
    {"addemoji", "addlist", "addstickers", "addtheme", "auction", "bg", "boost", "call", "confirmphone", "contact"}
    | {"g", "giftcode", "i", "invoice", "iv", "joinchat", "login", "m", "msg", "nft", "proxy", "setlanguage", "share"}
    | {"socks", "stickers", "w"}
)
"""First parts of paths that stand for something else than a name."""


def in_link(text: str) -> tuple[str, str] | None:
    """Return what a link names, unchecked: `"name"`, `"phone"`, `"user"`, `"chat"` or `"channel"`, and the value.

    A link that names nobody, such as an invitation, gives the empty kind. None is no link at all.
    """
    if found := _MARKED.fullmatch(text):
        return found["kind"], found["id"]
    if found := _APP.fullmatch(text):
        query = parse_qs(found["query"])
        for (what, key), kind in _QUERIES.items():
            if found["what"].lower() == what and key in query:
                return kind, query[key][0].strip()
        return "", ""
    if found := _WEB.fullmatch(text):
        return _path([unquote(part) for part in (found["path"] or "").split("/") if part])
    if (found := _BELOW.fullmatch(text)) and found["name"].lower() != "www":
        return "name", found["name"]
    return None


def _path(parts: list[str]) -> tuple[str, str]:
    first, *rest = parts or [""]
    if first == "c" and rest:
        return "channel", rest[0]
    if first == "s" and rest:  # a preview of a channel
        return "name", rest[0]
    if first.startswith("+"):
        return ("phone", first) if first[1:].isdigit() else ("", "")
    if first.lower() in _NO_NAMES:
        return "", ""
    return "name", first.removeprefix("@")
