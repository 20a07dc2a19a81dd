"""The service is restarted while clients connect all the time: nobody is refused, nothing is lost."""

import contextlib
import itertools
import smtplib

import pytest

from support.installed import Installed, Load, hand_in

pytestmark = [pytest.mark.system, pytest.mark.soak]

RESTARTS = 5
_GONE = (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException)
"""How a dialogue may end that had its greeting before the restart: 421, or what follows it."""


def test_every_connection_gets_its_greeting(site: Installed) -> None:
    def greet(load: Load) -> None:
        client = site.client()
        load.done.append("greeted")
        client.close()

    with site.running(greet) as load:
        for _ in range(RESTARTS):
            load.wait(20)
            site.systemctl("restart", "mlcore.service")
        load.wait(20)
    print(f"{len(load.done)} greetings over {RESTARTS} restarts")
    assert not load.failures, load.failures[:3]


def test_posts_are_taken_or_put_off_and_each_arrives_once(site: Installed) -> None:
    numbers = itertools.count(1)

    def post(load: Load) -> None:
        subject = f"restart{next(numbers)}x"
        client = site.client()
        with contextlib.closing(client), contextlib.suppress(*_GONE):
            hand_in(client, subject)
            load.done.append(subject)

    with site.running(post) as load:
        for _ in range(RESTARTS):
            load.wait(10)
            site.systemctl("restart", "mlcore.service")
        load.wait(10)
    assert not load.failures, load.failures[:3]
    for subject in load.done:
        site.wait_delivered(subject)
    print(f"{len(load.done)} posts over {RESTARTS} restarts")
    assert [subject for subject in load.done if site.delivered(subject) != 1] == []
