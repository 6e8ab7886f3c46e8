from tl import api

# mypy says: Argument "file_reference" to "InputPhoto" has incompatible type "str"; expected "bytes | bytearray | memoryview[int]"
# pyright says: Argument of type "Literal['none']" cannot be assigned to parameter "file_reference" of type "bytes | …
location = api.types.InputPhoto(id=1, access_hash=2, file_reference="none")
