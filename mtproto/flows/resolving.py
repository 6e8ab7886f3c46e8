"""From what a caller wrote to an `InputPeer`, an `InputUser` or an `InputChannel`, by as few calls as possible.

core.telegram.org/api/peers. What the book knows costs no call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mtproto.errors import RpcError
from mtproto.flows.errors import PeerNotKnown, UnexpectedAnswer, WrongReference
from mtproto.flows.layers import expect, make
from mtproto.flows.marked import marked, of_peer, plain
from mtproto.flows.meant import PHONE_DIGITS, ById, ByMessage, ByPhone, ByUsername, Myself, meant_by, shown
from mtproto.flows.steps import Call, Now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.flows.marked import PeerKind
    from mtproto.flows.meant import Meant, Wanted
    from mtproto.flows.peer_book import PeerBook
    from mtproto.flows.steps import Flow
    from tl import Schema

__all__ = ["PeerAsker", "resolve", "who_am_i"]


@dataclass(frozen=True, slots=True)
class PeerAsker:
    """Who resolves references.

    Attributes:
        schema: the account's.
        user_id: who is logged in; None for nobody.
        is_bot: whether that is a bot, which may leave access hashes out for those that it has met.

    """

    schema: Schema
    user_id: int | None = None
    is_bot: bool = False


def resolve(asker: PeerAsker, book: PeerBook, reference: object, wanted: Wanted = "InputPeer") -> Flow[Any]:
    """Return the object of a type that means whom the caller means.

    A username is asked for once a day (`contacts.resolveUsername`); a phone number each time
    (`contacts.resolvePhone`); a bot asks for whom it meets without an access hash (`users.getUsers`).

    Args:
        asker: who asks.
        book: what is known; it learns from the answers.
        reference: what the caller wrote (`meant_by`).
        wanted: the TL type that is wanted.

    Raises:
        WrongReference: the reference can mean nobody of that kind; no call was made.
        PeerNotKnown: what is known does not lead there; the text says what was tried.
        RpcError: the server refused: `USERNAME_NOT_OCCUPIED`, `PHONE_NOT_OCCUPIED`, floods …
        FlowFailed: see `expect` and `make`.

    """
    meant = meant_by(reference, wanted)
    return (yield from _ByReference(asker, book, reference, wanted).to(meant))


def who_am_i(asker: PeerAsker) -> Flow[Any]:
    """Return the `user` who is logged in.

    Raises UnexpectedAnswer where the server shows nobody, or somebody else than the store takes for logged in.
    """
    request = make(asker.schema, "users.getUsers", id=[make(asker.schema, "inputUserSelf")])
    answer = yield Call(request)
    if not isinstance(answer, list) or len(answer) != 1:
        raise UnexpectedAnswer(request.NAME, answer, "expected was one user")
    user = expect(answer[0], request.NAME, "user")
    if user.id != asker.user_id:
        raise UnexpectedAnswer(
            request.NAME, user, f"user {user.id} is logged in, and the store says user {asker.user_id}"
        )
    return user


@dataclass(frozen=True, slots=True)
class _ByReference:
    """One reference on its way to an object."""

    asker: PeerAsker
    book: PeerBook
    reference: object
    wanted: Wanted

    def to(self, meant: Meant) -> Flow[Any]:
        match meant:
            case Myself():
                return self._make("Self")
            case ByMessage(kind=kind, peer=peer, msg_id=msg_id, id=number):
                return self._from_message(kind, number, peer, msg_id)
            case ByUsername(name=name):
                return (yield from self._by_name(name))
            case ByPhone(phone=phone):
                request = make(self.asker.schema, "contacts.resolvePhone", phone=phone)
                return (yield from self._found((yield from self._ask(request))))
            case ById():
                return (yield from self._by_id(meant))

    def _by_name(self, name: str) -> Flow[Any]:
        now = yield Now()
        peer = self.book.named(name, now)
        if peer is not None:
            known = self.known(*plain(peer))
            if known is not None:
                return known
        request = make(self.asker.schema, "contacts.resolveUsername", username=name)
        self.book.forget_name(name)
        answer = yield from self._ask(request)
        peer_found = of_peer(answer.peer)
        if peer_found is not None:
            self.book.note_name(name, marked(*peer_found), (yield Now()))
        return (yield from self._found(answer))

    def _ask(self, request: Any) -> Flow[Any]:
        try:
            answered = yield Call(request)
        except RpcError as error:
            error.add_note(f"asked for {shown(self.reference)}")
            raise
        answer = expect(answered, request.NAME, "contacts.resolvedPeer")
        self.book.learn(answer, (yield Now()))
        return answer

    def _found(self, answer: Any) -> Flow[Any]:
        """Return what an answer leads to."""
        peer = of_peer(answer.peer)
        if peer is None:
            raise PeerNotKnown(shown(self.reference), "the server named nobody")
        return (yield from self._by_id(ById(*peer)))

    def _by_id(self, meant: ById) -> Flow[Any]:
        kind = meant.kind or self._guessed(meant.id)
        self._check(kind)
        if meant.access_hash is not None:
            return self._make(_FORMS[kind], meant.id, meant.access_hash)
        known = self.known(kind, meant.id) or self._met(kind, meant.id, meant.met)
        if known is not None:
            return known
        if self.asker.is_bot:
            return (yield from self._as_bot(kind, meant.id))
        raise self._not_known(f"the access hash of {kind} {meant.id} is not known. {self._tried()}")

    def _guessed(self, number: int) -> PeerKind:
        """Return what a bare number means: a user, unless the book or the method says otherwise."""
        if self.wanted == "InputChannel":
            return "channel"
        is_channel = self.book.access_hash(number) is None and self.book.access_hash(marked("channel", number))
        return "channel" if is_channel and self.wanted == "InputPeer" else "user"

    def _check(self, kind: PeerKind) -> None:
        if f"input{_FORMS[kind]}" not in _NAMES[self.wanted]:
            wanted = "a user" if self.wanted == "InputUser" else "a channel or supergroup"
            raise WrongReference(shown(self.reference), f"is a {_WORDS[kind]}, and the method wants {wanted}")

    def known(self, kind: PeerKind, number: int) -> Any:
        """Return the object that needs no call and no message; None if there is none."""
        self._check(kind)
        if kind == "chat":
            return self._make("Chat", number)
        if kind == "user" and number == self.asker.user_id:
            return self._make("Self")
        access_hash = self.book.access_hash(marked(kind, number))
        return None if access_hash is None else self._make(_FORMS[kind], number, access_hash)

    def _met(self, kind: PeerKind, number: int, met: tuple[int, int] | None) -> Any:
        """Return the object that goes by a message in which a stranger was met; None if there is none."""
        place = met or self.book.met_in(marked(kind, number))
        if place is None:
            return None
        chat = replace(self, wanted="InputPeer").known(*plain(place[0]))
        return None if chat is None else self._from_message(kind, number, chat, place[1])

    def _as_bot(self, kind: PeerKind, number: int) -> Flow[Any]:
        """Ask for somebody without an access hash, which bots may."""
        schema = self.asker.schema
        if kind == "user":
            named = make(schema, "inputUser", user_id=number, access_hash=0)
            request = make(schema, "users.getUsers", id=[named])
        else:
            named = make(schema, "inputChannel", channel_id=number, access_hash=0)
            request = make(schema, "channels.getChannels", id=[named])
        self.book.learn((yield Call(request)), (yield Now()))
        known = self.known(kind, number)
        if known is None:
            raise self._not_known(f"the server shows this bot no {kind} {number} ({request.NAME} with hash 0)")
        return known

    def _not_known(self, reason: str) -> PeerNotKnown:
        text = self.reference.strip() if isinstance(self.reference, str) else ""
        if text.isdecimal() and len(text) in PHONE_DIGITS:
            reason += f". The text is taken for an id; a phone number is +{text}"
        return PeerNotKnown(shown(self.reference), reason)

    def _tried(self) -> str:
        return (
            f"Looked at: {len(self.book)} peers that answers and updates of this account have shown, and messages that "
            "strangers were met in. Only a bot may leave the hash out. Give a username, or fetch something that shows "
            "the peer first, such as the dialogs or the members of a common group"
        )

    def _make(self, form: str, number: int | None = None, access_hash: int | None = None) -> Any:
        name = _NAMES[self.wanted][f"input{form}"]
        fields: dict[str, object] = {}
        if number is not None:
            fields[f"{form.lower()}_id"] = number
        if access_hash is not None:
            fields["access_hash"] = access_hash
        return make(self.asker.schema, name, **fields)

    def _from_message(self, kind: PeerKind, number: int, peer: Any, msg_id: int) -> Any:
        self._check(kind)
        name = f"{_NAMES[self.wanted][f'input{_FORMS[kind]}']}FromMessage"
        return make(self.asker.schema, name, **{"peer": peer, "msg_id": msg_id, f"{kind}_id": number})


_FORMS: Mapping[PeerKind, str] = {"user": "User", "chat": "Chat", "channel": "Channel"}
_WORDS: Mapping[PeerKind, str] = {"user": "user", "chat": "basic group", "channel": "channel or supergroup"}
_NAMES: Mapping[Wanted, Mapping[str, str]] = {
    "InputPeer": {
        "inputSelf": "inputPeerSelf",
        "inputUser": "inputPeerUser",
        "inputChat": "inputPeerChat",
        "inputChannel": "inputPeerChannel",
    },
    "InputUser": {"inputSelf": "inputUserSelf", "inputUser": "inputUser"},
    "InputChannel": {"inputChannel": "inputChannel"},
}
"""For each type, the constructors by what they name."""
