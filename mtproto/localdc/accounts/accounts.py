"""All accounts of a network, by phone number, user id and user name."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from mtproto.localdc.accounts.account import LocalAccount
from mtproto.localdc.accounts.acquaintances import Acquaintances
from mtproto.localdc.world import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mtproto.localdc.world import World

__all__ = ["Accounts", "code_of"]

PHONE = "1555010{:04d}"
"""The phone numbers of the world's users, by their place: numbers that nobody has."""

TEST_PHONE = re.compile(r"99966(\d)\d{4}")
"""Phone numbers of Telegram's test servers: the digit is the DC (core.telegram.org/api/auth#test-accounts)."""

SIGNED_UP = 1000
"""Accounts that may be added to those of the world; one more is refused."""

NEW_ID = 1_900_000_000
"""The id of the first user who signs up: far from the world's, and within 31 bits as theirs are."""


def code_of(phone: str) -> str:
    """Return the code of a phone number, the same in every run: five digits.

    A test number `99966XYYYY` has five times its X, any other one five digits that follow from the number.
    """
    test = TEST_PHONE.fullmatch(phone)
    if test is not None:
        return test[1] * 5
    return f"{int.from_bytes(hashlib.sha256(f'code of {phone}'.encode()).digest()[:4], 'big') % 100_000:05d}"


class Accounts:
    """All accounts: those of the world's users, and those that were added.

    The bot lives on DC 2, where there is one, or else on the first; the others go round the DCs from there. Each
    user but the bot has a phone number. `for account in accounts` gives those with a phone number;
    `accounts["15550100002"]` finds one by its number, and `accounts.named("single")` by its user name.

    Args:
        world: users and pictures.
        dc_ids: the DCs there are.
        random: a cryptographically secure source of bytes.

    Attributes:
        acquaintances: whom each account knows, and its contacts.

    """

    def __init__(self, world: World, dc_ids: Sequence[int], random: Callable[[int], bytes]) -> None:
        self._world = world
        self._dc_ids = tuple(dc_ids)
        self._random = random
        self._by_id: dict[int, LocalAccount] = {}
        self._by_phone: dict[str, LocalAccount] = {}
        self._by_username: dict[str, LocalAccount] = {}
        self._added = 0
        self.acquaintances = Acquaintances()
        first = self._dc_ids.index(2) if 2 in self._dc_ids else 0
        for number, user in enumerate(world.users):
            phone = "" if user.bot else PHONE.format(number)
            self._keep(user, phone, self._dc_ids[(first + number) % len(self._dc_ids)])

    def __iter__(self) -> Iterator[LocalAccount]:
        return iter(list(self._by_phone.values()))

    def __len__(self) -> int:
        return len(self._by_phone)

    def __getitem__(self, phone: str) -> LocalAccount:
        """Return the account of a phone number; raises `KeyError` where there is none."""
        return self._by_phone[phone]

    def find(self, phone: str) -> LocalAccount | None:
        """Return the account of a phone number, or None."""
        return self._by_phone.get(phone)

    def named(self, username: str) -> LocalAccount:
        """Return the account of the user of that name, whatever its case; raises `KeyError` where there is none."""
        return self._by_username[username.lower()]

    def of(self, user_id: int) -> LocalAccount | None:
        """Return the account of a user, or None."""
        return self._by_id.get(user_id)

    def user(self, user_id: int) -> User | None:
        """Return the user with this id, or None."""
        account = self._by_id.get(user_id)
        return None if account is None else account.user

    def by_username(self, username: str) -> User | None:
        """Return the user with this name, whatever its case, or None."""
        account = self._by_username.get(username.lower())
        return None if account is None else account.user

    def home_of(self, phone: str, here: int) -> int:
        """Return the home DC of a phone number: that of its account; else what a test number says; else `here`."""
        account = self._by_phone.get(phone)
        if account is not None:
            return account.dc_id
        test = TEST_PHONE.fullmatch(phone)
        return int(test[1]) if test is not None and int(test[1]) in self._dc_ids else here

    @property
    def is_full(self) -> bool:
        """Whether no account can be added any more."""
        return self._added >= SIGNED_UP

    def add(self, phone: str, first_name: str, last_name: str = "", *, dc_id: int, username: str = "") -> LocalAccount:
        """Add an account, with a user of its own who has no photos.

        Raises:
            ValueError: the phone number has an account, the user name has a user, or there are too many accounts.

        """
        if not phone or phone in self._by_phone or self.is_full:
            raise ValueError(f"no account can be added for the phone number {phone!r}")
        user_id = NEW_ID + self._added
        username = username or f"user{user_id}"
        if username.lower() in self._by_username:
            raise ValueError(f"the user name {username!r} is taken")
        self._added += 1
        hashed = hashlib.sha256(f"user {user_id}".encode()).digest()[:8]
        access_hash = int.from_bytes(hashed, "little", signed=True)
        user = User(user_id, access_hash, first_name, last_name, username, bot=False, photos=())
        return self._keep(user, phone, dc_id)

    def _keep(self, user: User, phone: str, dc_id: int) -> LocalAccount:
        account = LocalAccount(user, phone, dc_id, code_of(phone), self._random)
        self._by_id[user.id] = account
        self._by_username[user.username.lower()] = account
        if phone:
            self._by_phone[phone] = account
        return account
