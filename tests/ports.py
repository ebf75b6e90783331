"""Here lives how a test comes by a port: below those that the system lends to outgoing connections, which could take
one between its choice and its use, or while the server of a test is down."""

import socket

FIRST, END = 15_000, 32_000

_ours: list[socket.socket] = []
_ports = iter(range(FIRST, END))


def free_port() -> int:
    """A TCP port that nobody listens on, ours until this process ends.

    What tests run beside each other know of it: each holds the UDP port of the same number, which nobody needs.
    """
    for port in _ports:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with socket.socket() as probe:
            try:
                claim.bind(("127.0.0.1", port))
                probe.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                continue
        _ours.append(claim)
        return port
    raise OSError(f"no free port from {FIRST} to {END}")
