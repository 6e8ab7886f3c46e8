from tl import api


def shout(user: api.types.User) -> str:
    # mypy: Item "None" of "str | None" has no attribute "upper"
    # pyright: "upper" is not a known attribute of "None"
    return user.first_name.upper()
