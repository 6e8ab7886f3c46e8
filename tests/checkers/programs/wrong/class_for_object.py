from tl import api

# mypy: Argument "user_id" to "GetUserPhotos" has incompatible type "type[InputUserSelf]"; expected "InputUser"
# pyright: Type "type[InputUserSelf]" is not assignable to type "InputUser"
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf, offset=0, max_id=0, limit=1)
