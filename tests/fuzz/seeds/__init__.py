"""What honest peers send, in all forms that the targets know, made by the project's own encoder."""
