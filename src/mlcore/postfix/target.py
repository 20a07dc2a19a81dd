"""How Postfix names the place where mlcore takes mail."""

from mlcore.base.errors import BadInput

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared, not listened on)


def lmtp_target(host: str, port: int, socket: str = "") -> str:
    """What stands in transport(5) for mlcore: `lmtp:unix:PATH` with a `socket`, else `lmtp:[HOST]:PORT`.

    A listener on all addresses is reached on the loopback. Raises BadInput for port 0, which only the running
    server can tell."""
    if socket:
        return f"lmtp:unix:{socket}"
    if not port:
        raise BadInput("[mta] lmtp_port is 0", "choose a port, so that Postfix can be told of it")
    return f"lmtp:[{reached(host)}]:{port}"


def reached(host: str) -> str:
    """Where a client of this host connects to, to reach who listens on `host`."""
    return _EVERYWHERE.get(host, host)
