from tl import api

# mypy says: Argument "user_id" to "GetUserPhotos" has incompatible type "InputPeerSelf"; expected "InputUser"
# pyright says: "InputPeerSelf" cannot be assigned to parameter "user_id" of type "InputUser"
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputPeerSelf(), offset=0, max_id=0, limit=1)
