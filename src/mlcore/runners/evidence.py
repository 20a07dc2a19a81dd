"""What a mail about a failed delivery shows of it, and the token that a probe carries."""

from sqlalchemy import Connection

from mlcore.lists import tokens
from mlcore.lists.notices.bounces import Evidence
from mlcore.store import bounce_history, bounces
from mlcore.store.notices import QueuedNotice


def of_row(conn: Connection, row: QueuedNotice, address_key: str) -> Evidence | None:
    """What is known of the failure that this notice is about. address_key: of the person it is about, empty:
    of nobody.

    To a member a report is shown only where it is certain that the list's own mail came back: anybody can
    write a report, and would have us carry his words to whom he likes (P19)."""
    event = bounce_history.event(conn, row.detail, row.list_id, address_key) if address_key else None
    to_member = row.kind == "probe"
    is_shown = not to_member or (event is not None and event.proof)
    report = (bounces.report(conn, row.detail) or b"") if is_shown else b""
    if event is None:
        return Evidence(report=report) if report else None
    return Evidence(
        report=report,
        address=event.address,
        at=event.at,
        code=event.code,
        diagnostic=event.diagnostic if is_shown else "",
    )


def probe_token(conn: Connection, key: bytes, list_id: str, address_key: str, now: float) -> str:
    """The token of the probe that is under way to an address; empty: there is none. key: of the site; now:
    Unix seconds."""
    probe = bounces.live_probe(conn, list_id, address_key, now)
    return "" if probe is None else tokens.token(key, "probe", list_id, address_key, str(probe.event))
