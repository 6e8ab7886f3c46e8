"""Who knows whom: the users that each account has met, and its contacts. Bounded; data only."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

__all__ = ["CONTACTS_IN_ALL", "CONTACTS_OF_ACCOUNT", "KNOWN_IN_ALL", "KNOWN_OF_ACCOUNT", "Acquaintances", "Contact"]

CONTACTS_OF_ACCOUNT = 1_000
"""Contacts of one account; one more is refused."""

CONTACTS_IN_ALL = 10_000
"""Contacts of all accounts together; one more is refused."""

KNOWN_OF_ACCOUNT = 1_000
"""Users whom one account has met; one more, and the user whom it met longest ago is a stranger again."""

KNOWN_IN_ALL = 100_000
"""The same for all accounts together, some 10 MB; one more, and the account that knows most forgets an eighth."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A user in somebody's list of contacts, under the names that the owner of the list chose."""

    user_id: int
    first_name: str
    last_name: str


class Acquaintances:
    """Who knows whom. Accounts and users are named by user ids, which nobody checks here.

    Whoever has resolved a user by name or phone, has exchanged messages with a user, or has named a user by an access
    hash or by a message, has met that user. Of others an account sees `min` users (core.telegram.org/api/min).
    """

    def __init__(self) -> None:
        self._met: dict[int, dict[int, None]] = {}  # by account; the latest come last
        self._contacts: dict[int, dict[int, Contact]] = {}
        self._meetings = 0
        self._contacts_in_all = 0

    def knows(self, account_id: int, user_id: int) -> bool:
        """Tell whether an account has met a user, is the user, or has the user among its contacts."""
        return (
            account_id == user_id
            or user_id in self._met.get(account_id, ())
            or user_id in self._contacts.get(account_id, ())
        )

    def meet(self, account_id: int, user_id: int) -> None:
        """Note that an account has met a user. The user has not met the account by that."""
        met = self._met.setdefault(account_id, {})
        if user_id in met:
            del met[user_id]
        else:
            self._meetings += 1
        met[user_id] = None
        if len(met) > KNOWN_OF_ACCOUNT:
            self._forget(account_id, 1)
        if self._meetings > KNOWN_IN_ALL:
            largest = max(self._met, key=lambda account: len(self._met[account]))
            self._forget(largest, len(self._met[largest]) // 8 + 1)

    def _forget(self, account_id: int, count: int) -> None:
        met = self._met[account_id]
        for user_id in list(islice(met, count)):
            del met[user_id]
            self._meetings -= 1

    def contact(self, account_id: int, user_id: int) -> Contact | None:
        """Return a user as a contact of an account; None for one who is none."""
        return self._contacts.get(account_id, {}).get(user_id)

    def contacts(self, account_id: int) -> list[Contact]:
        """Return the contacts of an account, the ids of the users rising."""
        kept = self._contacts.get(account_id, {})
        return [kept[user_id] for user_id in sorted(kept)]

    def add_contact(self, account_id: int, contact: Contact) -> bool:
        """Keep a contact of an account, or other names of one; return False where there are too many."""
        kept = self._contacts.get(account_id, {})
        if contact.user_id not in kept:
            if len(kept) >= CONTACTS_OF_ACCOUNT or self._contacts_in_all >= CONTACTS_IN_ALL:
                return False
            self._contacts_in_all += 1
        self._contacts.setdefault(account_id, kept)[contact.user_id] = contact
        return True

    def drop_contact(self, account_id: int, user_id: int) -> bool:
        """Take a user off the contacts of an account, which still knows the user; return False for none of them."""
        if self._contacts.get(account_id, {}).pop(user_id, None) is None:
            return False
        self._contacts_in_all -= 1
        self.meet(account_id, user_id)
        return True
