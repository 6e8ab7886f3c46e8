"""Who is meant by what a program writes, for threads: references, requests with references, photos of users."""

# Made of mtproto/account/peers.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mtproto.flows import PhotoPages, blanks_in, fill, resolve, who_am_i

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.account.known_peers import KnownPeers
    from mtproto.flows import Flow, Wanted
    from tl import TLFunction

__all__ = ["Peers", "UserPhotos"]

Result = TypeVar("Result")


class UserPhotos:
    """The profile photos of a user, newest first, fetched page by page while they are iterated over, once.

    Each photo comes once, and none is left out that stays, whatever is added or deleted meanwhile.

    Args:
        pages: the pages.
        run: runs a flow.

    """

    def __init__(self, pages: PhotoPages, run: Callable[[Flow[Any]], Any]) -> None:
        self._pages = pages
        self._run = run

    @property
    def total(self) -> int | None:
        """How many photos there are, by the server's latest count; None before the first photo was asked for."""
        return self._pages.total

    def __iter__(self) -> Iterator[Any]:
        """Go through the photos: objects of the type `Photo`.

        Raises what `Account.resolve` raises for the user, and what a call raises.
        """
        while page := self._run(self._pages.next_page()):
            yield from page


class Peers:
    """What an account makes of references.

    Args:
        known: what it knows of users and chats.
        run: runs a flow over the account.

    """

    def __init__(self, known: KnownPeers, run: Callable[[Flow[Any]], Any]) -> None:
        self._known = known
        self._run = run
        self._me: tuple[int | None, Any] = (None, None)

    def resolve(self, reference: object, wanted: Wanted = "InputPeer") -> Any:
        """Return the object of the type `wanted` that means whom a reference means (`mtproto.flows.resolve`)."""
        return self._run(resolve(self._known.asker, self._known.book, reference, wanted))

    def resolve_request(self, request: TLFunction[Result]) -> TLFunction[Result]:
        """Return a request with an object of the wanted type wherever a reference stands (`mtproto.flows.fill`).

        A request without references is returned itself, whoever is logged in.
        """
        if next(blanks_in(request), None) is None:
            return request
        filled: TLFunction[Result] = self._run(fill(self._known.asker, self._known.book, request))
        return filled

    def me(self) -> Any:
        """Return the `user` who is logged in; asked for once a login."""
        asker = self._known.asker
        if self._me[0] != asker.user_id:
            self._me = (asker.user_id, self._run(who_am_i(asker)))
        return self._me[1]

    def photos(self, user: object) -> UserPhotos:
        """Return the photos of a user. Nothing is asked for yet."""
        return UserPhotos(PhotoPages(self._known.asker, self._known.book, user), self._run)
