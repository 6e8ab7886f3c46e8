from tl import api

# mypy says: Argument "user_id" to "GetUserPhotos" has incompatible type "type[InputUserSelf]"; expected "InputUser"
# pyright says: Type "type[InputUserSelf]" is not assignable to type "InputUser"
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf, offset=0, max_id=0, limit=1)
