"""Whether sockets that a service manager opened are where Postfix is told to bring mail."""

from collections.abc import Sequence
from ipaddress import ip_address

from mlcore.base.errors import BadInput
from mlcore.config.mta import MtaSettings
from mlcore.postfix.target import lmtp_target, reached

_LOCALHOST = ("127.0.0.1", "::1")


def missing_address(mta: MtaSettings, addresses: Sequence[tuple[str, int] | str]) -> str:
    """The transport that the maps for Postfix name while nobody listens there; empty: all is well.

    addresses: where LMTP is spoken. DNS is not asked: of a host that is a name, only the port counts."""
    tcp = [place for place in addresses if not isinstance(place, str)]
    port = mta.lmtp_port or next((place[1] for place in tcp), 0)
    try:
        target = lmtp_target(mta.lmtp_host, port, mta.lmtp_socket)
    except BadInput as error:
        return str(error)
    if mta.lmtp_socket:
        return "" if mta.lmtp_socket in addresses else target
    host = reached(mta.lmtp_host)
    return "" if any(place[1] == port and _arrives(host, place[0]) for place in tcp) else target


def _arrives(host: str, bound: str) -> bool:
    """Whether who connects to `host` comes to a socket that is bound to the address `bound`."""
    try:
        wanted = {ip_address(name) for name in (_LOCALHOST if host == "localhost" else (host,))}
    except ValueError:
        return True  # a name
    own = ip_address(bound)
    if own.is_unspecified:  # `::` takes IPv4 too, unless the system says otherwise
        return any(own.version == 6 or one.version == 4 for one in wanted)
    return own in wanted
