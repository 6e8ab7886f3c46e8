"""What runs in the processes that are attacked: a data centre, a client."""
