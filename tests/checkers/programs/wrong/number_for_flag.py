from tl import api

# mypy says: Argument "big" to "InputPeerPhotoFileLocation" has incompatible type "str"; expected "bool"
# pyright says: Argument of type "Literal['yes']" cannot be assigned to parameter "big" of type "bool"
photo = api.types.InputPeerPhotoFileLocation(big="yes", peer=api.types.InputPeerSelf(), photo_id=1)
