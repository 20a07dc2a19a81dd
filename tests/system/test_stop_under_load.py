"""A stop while mail comes in (P16): in time, nothing killed, and nothing of what was accepted is lost."""

import itertools
import smtplib
import time

import pytest

from support.installed import Installed, Load, hand_in

pytestmark = [pytest.mark.system, pytest.mark.soak]

STOP_S = 10.0


def test_p16_it_ends_in_time_and_goes_on_where_it_stopped(site: Installed) -> None:
    numbers = itertools.count(1)

    def post(load: Load) -> None:
        with site.client() as client:
            while True:
                subject = f"stop{next(numbers)}x"
                hand_in(client, subject, size=20_000)
                load.done.append(subject)

    with site.running(post) as load:
        load.wait(50)
        begun = time.monotonic()
        site.systemctl("stop", "mlcore-lmtp.socket", "mlcore.service")
        took_s = time.monotonic() - begun
    print(f"stopped after {took_s:.1f} s, {len(load.done)} posts")
    assert took_s < STOP_S
    assert site.machine.show("mlcore.service", "Result") == "success"
    # They heard 421, or found the port closed afterwards.
    assert all(isinstance(failure, OSError | smtplib.SMTPException) for failure in load.failures)
    site.systemctl("start", "mlcore-lmtp.socket", "mlcore.service")
    for subject in load.done:
        site.wait_delivered(subject)
    assert [subject for subject in load.done if site.delivered(subject) != 1] == []
