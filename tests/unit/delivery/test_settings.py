"""Settings refuse what would break a command."""

import ssl
from pathlib import Path

import pytest

from mlcore.base.errors import BadInput
from mlcore.delivery.settings import SmtpSettings, Timeouts
from support.certificates import self_signed


@pytest.mark.parametrize("name", ["", "a b", "a\r\nMAIL FROM:<>", "a\n", "ä.example", "[1.2.3.4"])
def test_p9_a_name_that_is_none(name: str) -> None:
    with pytest.raises(BadInput):
        SmtpSettings(helo_name=name)


def test_names_that_are() -> None:
    for name in ("lists.example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"):
        assert SmtpSettings(helo_name=name).helo_name == name


def test_other_refusals() -> None:
    with pytest.raises(BadInput):
        SmtpSettings(user="a\0b")
    with pytest.raises(BadInput):
        SmtpSettings(max_connections=0)


def test_p27_the_password_is_not_shown() -> None:
    assert "secret" not in repr(SmtpSettings(user="u", password="secret"))


def test_timeouts_are_those_of_rfc_5321() -> None:
    times = Timeouts()
    assert (times.greeting_s, times.mail_s, times.rcpt_s) == (300, 300, 300)
    assert (times.data_s, times.block_s, times.dot_s) == (120, 180, 600)


def test_tls_contexts(tmp_path: Path) -> None:
    assert SmtpSettings().tls_context() is None
    _, ca_file = self_signed(tmp_path)
    strict = SmtpSettings(mode="smtps", ca_file=ca_file).tls_context()
    assert strict is not None
    assert strict.check_hostname
    assert strict.verify_mode is ssl.CERT_REQUIRED
    lax = SmtpSettings(mode="starttls", verify_hostname=False).tls_context()
    assert lax is not None
    assert not lax.check_hostname
    assert lax.verify_mode is ssl.CERT_REQUIRED
    for settings in (SmtpSettings(mode="smtps", verify_cert=False), SmtpSettings(opportunistic_tls=True)):
        context = settings.tls_context()
        assert context is not None
        assert not context.check_hostname
        assert context.verify_mode is ssl.CERT_NONE
    with pytest.raises(OSError, match="No such file"):
        SmtpSettings(mode="smtps", ca_file=str(tmp_path / "none.pem")).tls_context()
