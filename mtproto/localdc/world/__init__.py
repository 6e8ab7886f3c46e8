"""The world of a local DC: its users and their pictures, packaged or from a folder of the user's own."""
