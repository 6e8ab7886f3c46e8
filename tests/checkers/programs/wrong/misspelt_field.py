from tl import api


def show(photo: api.types.Photo) -> None:
    # mypy: "Photo" has no attribute "dates"; maybe "date"?
    # pyright: Cannot access attribute "dates" for class "Photo"
    print(photo.dates)
