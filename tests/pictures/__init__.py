"""How the pictures of the packaged world are drawn; the wheel ships what `python -m tests.pictures` wrote."""
