"""The TL language alone: objects and bytes, another schema beside the packaged one, and an error that says where."""

import tl
from tl import api

request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
print(request.to_bytes().hex())
print("answered with", request.result)

schema = tl.Schema.parse(
    """
    book#00000001 title:string pages:Vector<int> = Book;
    shelf#00000002 books:Vector<Book> = Shelf;
    """,
    name="library",
    layer=1,
)
shelf = schema.types.Shelf(books=[schema.types.Book(title="TL", pages=[1, 2, 3])])
data = shelf.to_bytes()
assert schema.decode(data) == shelf
print(shelf.to_json())

try:
    schema.decode(data[:-2])
except tl.DecodeError as error:
    print(error)
