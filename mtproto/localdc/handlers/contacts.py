"""The contacts of an account (core.telegram.org/api/contacts): the list, more of them, fewer of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.accounts import Contact
from mtproto.localdc.answers import Refused
from mtproto.localdc.entry import phone_digits
from mtproto.localdc.objects import find_user, person, user_object
from tl import api

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.world import User
    from tl import TLObject

__all__ = ["add_contact", "delete_contacts", "get_contacts", "import_contacts", "list_hash"]

LONGEST_NAME = 64
"""Characters of the first name and of the last name of a contact; what is longer is cut."""

MASK = (1 << 64) - 1


def list_hash(numbers: Iterable[int]) -> int:
    """Return the hash of a list of ids, a signed 64-bit number (core.telegram.org/api/offsets#hash-generation)."""
    value = 0
    for number in numbers:
        value ^= value >> 21
        value ^= value << 35 & MASK
        value ^= value >> 4
        value = value + number & MASK
    return value - (1 << 64) if value >> 63 else value


def get_contacts(call: IncomingCall) -> TLObject:
    """Answer with all contacts, or that they are those of the hash: that of their number and of their ids, rising."""
    me = person(call)
    acquaintances = call.dc.accounts.acquaintances
    kept = acquaintances.contacts(me.id)
    answer: TLObject
    if kept and call.request.hash == list_hash([len(kept), *(contact.user_id for contact in kept)]):
        answer = api.types.contacts.ContactsNotModified()
        return answer
    found = [user for user in (call.dc.accounts.user(contact.user_id) for contact in kept) if user is not None]
    answer = api.types.contacts.Contacts(
        contacts=[
            api.types.Contact(user_id=user.id, mutual=acquaintances.contact(user.id, me.id) is not None)
            for user in found
        ],
        saved_count=len(kept),
        users=[user_object(user, me, call.dc) for user in found],
    )
    return answer


def import_contacts(call: IncomingCall) -> TLObject:
    """Add the users of phone numbers. Numbers of nobody are left out; those beyond the bound are to be tried again."""
    me = person(call)
    imported: list[api.boxed.ImportedContact] = []
    users: dict[int, User] = {}
    retry: list[int] = []
    for entry in call.request.contacts:
        user = _of_phone(entry.phone, call)
        if user is None or user is me:
            continue
        if _keep(user, entry.first_name, entry.last_name, call):
            imported.append(api.types.ImportedContact(user_id=user.id, client_id=entry.client_id))
            users[user.id] = user
        else:
            retry.append(entry.client_id)
    answer: TLObject = api.types.contacts.ImportedContacts(
        imported=imported,
        popular_invites=[],
        retry_contacts=retry,
        users=[user_object(user, me, call.dc) for user in users.values()],
    )
    return answer


def add_contact(call: IncomingCall) -> TLObject:
    """Add a user whom the caller knows, or give a contact other names.

    Refuses with `CONTACT_ID_INVALID` a user who is not known or is the caller, with `CONTACT_NAME_EMPTY` an empty first
    name, with `PEER_FLOOD` one contact too many.
    """
    request, me = call.request, person(call)
    user = find_user(request.id, call)
    if user is None or user is me:
        raise Refused(400, "CONTACT_ID_INVALID")
    if not request.first_name.strip():
        raise Refused(400, "CONTACT_NAME_EMPTY")
    if not _keep(user, request.first_name, request.last_name, call):
        raise Refused(400, "PEER_FLOOD")
    return _changed([user], call)


def delete_contacts(call: IncomingCall) -> TLObject:
    """Take users off the contacts; who is none of them is left out. The caller still knows all of them."""
    me = person(call)
    named = [find_user(each, call) for each in call.request.id]
    drop = call.dc.accounts.acquaintances.drop_contact
    return _changed([user for user in named if user is not None and drop(me.id, user.id)], call)


def _of_phone(phone: str, call: IncomingCall) -> User | None:
    try:
        account = call.dc.accounts.find(phone_digits(phone))
    except Refused:
        return None
    return None if account is None else account.user


def _keep(user: User, first_name: str, last_name: str, call: IncomingCall) -> bool:
    """Keep a contact, without a first name under the user's own; return False where there are too many."""
    first, last = first_name.strip()[:LONGEST_NAME], last_name.strip()[:LONGEST_NAME]
    contact = Contact(user.id, first, last) if first else Contact(user.id, user.first_name, user.last_name)
    return call.dc.accounts.acquaintances.add_contact(call.me.id, contact)


def _changed(users: Sequence[User], call: IncomingCall) -> TLObject:
    """Return what the caller hears of contacts that have changed: whether each can be added still, and the users."""
    contact = call.dc.accounts.acquaintances.contact
    updates: list[api.boxed.Update] = [
        api.types.UpdatePeerSettings(
            peer=api.types.PeerUser(user_id=user.id),
            settings=api.types.PeerSettings(add_contact=contact(call.me.id, user.id) is None),
        )
        for user in users
    ]
    answer: TLObject = api.types.Updates(
        updates=updates,
        users=[user_object(user, call.me, call.dc) for user in users],
        chats=[],
        date=int(call.dc.clock()),
        seq=0,
    )
    return answer
