from tl import api

# mypy: Argument "id" to "GetUsers" has incompatible type "InputUserSelf"; expected "Sequence[InputUser]"
# pyright: "InputUserSelf" cannot be assigned to parameter "id" of type "Sequence[InputUser]"
request = api.functions.users.GetUsers(id=api.types.InputUserSelf())
