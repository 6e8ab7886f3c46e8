"""The flows, played with lists of answers: no socket, no clock, no waiting."""
