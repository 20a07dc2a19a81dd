"""The host goes down, in order or by the plug, and comes up; so does the service, and mail that waited."""

import pytest

from support.installed import Installed

pytestmark = [pytest.mark.system, pytest.mark.soak]


@pytest.mark.parametrize("how", ["power off", "plug"])
def test_it_is_there_again_after_a_boot(site: Installed, how: str) -> None:
    subject = f"before the {how.replace(' ', '-')}"
    site.systemctl("stop", "postfix@-.service")  # what is accepted now has to wait
    site.post(subject)
    if how == "plug":
        site.machine.pull_the_plug()
    else:
        site.machine.power_off()
    assert not site.delivered(subject)
    site.machine.boot()
    assert site.state("mlcore-lmtp.socket") == "active"
    assert site.state() == "active"
    site.mlcore("status")
    # The first attempt after a start is made at once, or when Postfix answers.
    site.wait_delivered(subject)
    assert site.delivered(subject) == 1
