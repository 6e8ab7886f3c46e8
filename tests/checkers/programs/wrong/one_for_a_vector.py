from tl import api

# mypy says: Argument "id" to "GetUsers" has incompatible type "InputUserSelf"; expected "Sequence[InputUser]"
# pyright says: "InputUserSelf" cannot be assigned to parameter "id" of type "Sequence[InputUser]"
request = api.functions.users.GetUsers(id=api.types.InputUserSelf())
