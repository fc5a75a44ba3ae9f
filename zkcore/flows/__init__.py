"""The flows: what zkcore does, as typed generators that know nothing of sockets, clocks or threads."""
