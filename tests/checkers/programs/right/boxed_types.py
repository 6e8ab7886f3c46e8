"""A boxed type is a class: the base of its constructors, for annotations, `isinstance` and `case`."""

from tl import api


def describe(peer: api.boxed.InputPeer) -> str:
    match peer:
        case api.types.InputPeerSelf():
            return "I"
        case api.types.InputPeerUser(user_id=user_id):
            return f"user {user_id}"
        case _:
            return peer.NAME


def is_about_photos(value: object) -> bool:
    return isinstance(value, api.boxed.photos.Photos)


assert describe(api.types.InputPeerSelf()) == "I"
assert describe(api.types.InputPeerUser(user_id=1, access_hash=2)) == "user 1"
assert describe(api.types.InputPeerChat(chat_id=1)) == "inputPeerChat"
assert is_about_photos(api.types.photos.PhotosSlice(count=1, photos=[], users=[]))
assert is_about_photos(api.types.photos.Photos(photos=[], users=[]))
assert not is_about_photos(api.types.photos.Photo(photo=api.types.PhotoEmpty(id=1), users=[]))
assert issubclass(api.types.photos.PhotosSlice, api.boxed.photos.Photos)

peers: list[api.boxed.InputPeer] = [api.types.InputPeerSelf(), api.types.InputPeerChat(chat_id=1)]
request = api.functions.messages.GetPeerDialogs(peers=[api.types.InputDialogPeer(peer=peer) for peer in peers])
assert len(request.peers) == 2
