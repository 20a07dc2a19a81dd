"""A load for benchmarks: lists, posts, and a lean LMTP client."""

import asyncio
import time
from pathlib import Path
from typing import Any

from mlcore.config.directories import prepare as prepare_directories
from mlcore.config.settings import Settings
from mlcore.lists.model import DmarcAction, Domain, HeaderMatch, ListPolicy, Member, NewsgroupModeration
from mlcore.store import bans, domains, header_matches, lists, members
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare

EVERYTHING: dict[str, Any] = {
    "acceptable_aliases": (r"^bench-.*@example\.org",),
    "accept_these_nonmembers": (r"^.*@friend\.example",),
    "dmarc_mitigate_action": DmarcAction.REJECT,
    "dmarc_addresses": (r"^.*@strict\.example",),
    "max_posts_per_day": 1_000_000,
    "newsgroup_moderation": NewsgroupModeration.OPEN_MODERATED,
    "spam_hold_score": 5.0,
    "spam_discard_score": 15.0,
    "bounce_matching_headers": "# comment\nX-Spam-Flag: ^yes\nSubject: viagra",
    "header_matches": tuple(
        HeaderMatch(header=name, pattern=pattern)
        for name, pattern in (
            ("subject", "lottery|prize"),
            ("x-spam-flag", "^yes"),
            ("x-mailer", "bulk"),
            ("content-type", "application/x-msdownload"),
            ("from", r"@evil\.example"),
        )
    ),
}
"""Settings with which every rule has something to do, and a post passes all the same."""
BANS = ("spammer@example.net", r"^.*@evil\.example")


def make_list(settings: Settings, count: int, lists_count: int = 1, **more: Any) -> list[str]:
    """Lists of `count` members each, without digests, straight into the database; their posting addresses.
    more: settings of the lists."""
    prepare_directories(settings.paths)
    prepare(settings.database.url)
    names = []
    with open_sync(settings.database.url) as connection:
        domains.create(connection, Domain(mail_host="example.com"), time.time())
        for number in range(lists_count):
            name = f"bench{number}"
            policy = ListPolicy(
                list_id=f"{name}.example.com",
                list_name=name,
                mail_host="example.com",
                display_name=name.capitalize(),
                subject_prefix=f"[{name}:%d] ",
                description="A list to measure with",
                **{"digests_enabled": False, **more},
            )
            lists.create(connection, policy, time.time())
            if policy.header_matches:
                header_matches.replace(connection, policy.list_id, policy.header_matches)
                for pattern in BANS:
                    bans.add(connection, pattern, policy.list_id, now=time.time())
            people = [Member(address=f"member{i}@site{i % 7}.example.net") for i in range(count)]
            members.add_many(connection, policy.list_id, people, time.time())
            names.append(policy.posting_address)
    return names


def write_texts(settings: Settings) -> None:
    """A header and a footer for all lists, below template_dir."""
    place = Path(settings.paths.template_dir) / "site" / "en"
    place.mkdir(parents=True, exist_ok=True)
    (place / "list:member:regular:header.txt").write_text("Post to $display_name: $listname\n", "utf-8")
    (place / "list:member:regular:footer.txt").write_text(
        "-- \n$display_name mailing list\n$listname\nTo leave: $leave_email\nOwners: $owner_email\n", "utf-8"
    )


def post_octets(posting: str, number: int, size: int) -> bytes:
    """A post of about `size` octets from the first member, with the fields that posts have."""
    head = (
        "Received: from mx.example.net (mx.example.net [192.0.2.1])\r\n"
        "\tby lists.example.com (Postfix) with ESMTPS id 4ABCDE12345\r\n"
        "\tfor <" + posting + ">; Fri, 20 Nov 2026 10:00:00 +0900 (JST)\r\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s1;\r\n"
        "\th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
        "\tb=" + "A" * 70 + "\r\n\t " + "B" * 70 + "\r\n\t " + "C" * 70 + "\r\n"
        "Date: Fri, 20 Nov 2026 10:00:00 +0900\r\n"
        "From: =?utf-8?b?5aSq6YOO?= <member0@site0.example.net>\r\n"
        "To: " + posting + "\r\n"
        f"Message-ID: <bench-{number}@example.net>\r\n"
        f"Subject: Re: about number {number} of this measurement\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        "User-Agent: some client 1.0\r\n"
        "References: <a@example.net> <b@example.net>\r\n"
        "\r\n"
    ).encode()
    line = "この行は測定のための本文です。 The quick brown fox.\r\n".encode()
    return head + line * max(1, (size - len(head)) // len(line))


class Load:
    """Sends posts over several connections; each sends the next post when the last one is answered."""

    def __init__(self, port: int, connections: int) -> None:
        self._port = port
        self._connections = connections

    async def send(self, posts: list[tuple[str, bytes]]) -> list[float]:
        """Seconds from the final dot to its 250, per post. Raises on any other reply."""
        queue = list(reversed(posts))
        latencies: list[float] = []

        async def one() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            await reader.readline()
            writer.write(b"LHLO bench\r\n")
            while (await reader.readline())[3:4] == b"-":
                pass
            while queue:
                posting, octets = queue.pop()
                writer.write(
                    b"MAIL FROM:<member0@site0.example.net> BODY=8BITMIME\r\nRCPT TO:<%b>\r\nDATA\r\n"
                    % posting.encode()
                )
                for expected in (b"250", b"250", b"354"):
                    line = await reader.readline()
                    if not line.startswith(expected):
                        raise SystemExit(f"refused: {line!r}")
                begun = time.perf_counter()
                writer.write(octets + b".\r\n")
                line = await reader.readline()
                latencies.append(time.perf_counter() - begun)
                if not line.startswith(b"250"):
                    raise SystemExit(f"refused: {line!r}")
            writer.write(b"QUIT\r\n")
            writer.close()

        await asyncio.gather(*(one() for _ in range(self._connections)))
        return latencies
