"""mlcore does not run: what Postfix does meanwhile, and that nothing is refused for good."""

import smtplib
from pathlib import Path

import pytest

from support.exchange import mark, message
from support.postfix import LIST_DOMAIN, Setting
from support.postfix_site import MEMBER, postfix_site

_ANT = f"ant@{LIST_DOMAIN}"


def test_with_files_postfix_keeps_the_mail_of_lists(tmp_path: Path) -> None:
    main = "mydestination =\nalias_maps =\nlocal_recipient_maps =\nminimal_backoff_time = 1s\n"
    setting = Setting(
        way="hash", main=main + "queue_run_delay = 1s\nlmtp_destination_concurrency_failed_cohort_limit = 100"
    )
    with postfix_site(tmp_path, setting, lists={_ANT: [MEMBER]}) as site:
        assert site.server.stop() == 0
        site.post("kept", _ANT)
        assert site.postfix.rcpt(f"nobody@{LIST_DOMAIN}")[0] == 550
        site.server.start()
        site.arrives("kept")


@pytest.mark.parametrize("jail", [False, True])
def test_p3_with_a_socketmap_mail_for_lists_is_put_off_and_other_mail_goes_on(
    tmp_path: Path, jail: bool
) -> None:
    with postfix_site(tmp_path, Setting(way="socketmap", jail=jail), lists={_ANT: [MEMBER]}) as site:
        site.post("before", _ANT)
        site.arrives("before")
        assert site.server.stop() == 0
        code, _ = site.postfix.rcpt(_ANT)
        assert 400 <= code < 500
        assert 400 <= site.postfix.rcpt(f"nobody@{LIST_DOMAIN}")[0] < 500
        site.postfix.submit(
            message("elsewhere"), "bart@example.org", sender="insider@example.com", client="127.0.0.1"
        )
        site.relay.wait_copies(1, mark("elsewhere"))
        site.server.start()
        site.post("after", _ANT)
        site.arrives("after")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            site.post("never", f"nobody@{LIST_DOMAIN}")
