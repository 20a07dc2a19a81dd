import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.ingress.commands import Mail, parse_mail, parse_rcpt
from mlcore.mail.reply import PeerError


@pytest.mark.parametrize(
    ("argument", "mail"),
    [
        ("FROM:<>", Mail("")),
        ("from: <Anne@Example.org>", Mail("Anne@Example.org")),
        ("FROM:<a@b> SIZE=12 BODY=8BITMIME", Mail("a@b", 12)),
        ("FROM:<a@b> body=7bit size=0 ", Mail("a@b")),
        ("FROM:<蟻@example.jp> SMTPUTF8", Mail("蟻@example.jp", 0, smtputf8=True)),
        ("FROM:<@one.example,@two.example:a@b>", Mail("a@b")),
        ('FROM:<"a b>\\" c"@d>', Mail('"a b>\\" c"@d')),
        ("FROM:<a@[192.0.2.1]>", Mail("a@[192.0.2.1]")),
        ("FROM:<a@[IPv6:2001:db8::1]>", Mail("a@[IPv6:2001:db8::1]")),
        ("FROM:<ant-bounces+x=y@example.com>", Mail("ant-bounces+x=y@example.com")),
    ],
)
def test_mail(argument: str, mail: Mail) -> None:
    assert parse_mail(argument) == mail


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("", 501),
        ("<a@b>", 501),
        ("FROM:", 501),
        ("FROM:a@b", 501),
        ("FROM:<a>", 501),
        ("FROM:<a@b", 501),
        ("FROM:<a@b>SIZE=1", 501),
        ("FROM:<a@b\x00>", 501),
        ("FROM:<a@b\x85c>", 501),
        ("FROM:<a\u2028b@c> SMTPUTF8", 501),
        ("FROM:<a b@c>", 501),
        ("FROM:<a@b@c>", 501),
        ("FROM:<a@b> SIZE", 501),
        ("FROM:<a@b> SIZE=x", 501),
        ("FROM:<a@b> SIZE=-1", 501),
        ("FROM:<a@b> SIZE=١", 501),
        ("FROM:<a@b> SIZE=" + "9" * 21, 501),
        ("FROM:<a@b> SIZE=1 size=2", 501),
        ("FROM:<a@b> BODY=BINARYMIME", 501),
        ("FROM:<a@b> BODY", 501),
        ("FROM:<a@b> SMTPUTF8=1", 501),
        ("FROM:<a@b> ==", 501),
        ("FROM:<a@b> AUTH=<>", 555),
        ("FROM:<a@b> RET=HDRS", 555),
        ("FROM:<蟻@example.jp>", 553),
    ],
)
def test_mail_that_is_refused(argument: str, code: int) -> None:
    with pytest.raises(PeerError) as caught:
        parse_mail(argument)
    assert caught.value.reply.code == code


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("TO:<Ant@Example.com>", "Ant@Example.com"),
        ("to: <ant@example.com> ", "ant@example.com"),
        ("TO:<@hop.example:ant@example.com>", "ant@example.com"),
        ("TO:<postmaster>", "postmaster"),
    ],
)
def test_rcpt(argument: str, address: str) -> None:
    assert parse_rcpt(argument, smtputf8=False) == address


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("", 501),
        ("TO:<>", 501),
        ("TO:ant@example.com", 501),
        ("TO:<ant@example.com> NOTIFY=NEVER", 555),
        ("TO:<ant@example.com> ORCPT=rfc822;ant@example.com", 555),
        ("TO:<蟻@example.com>", 553),
    ],
)
def test_rcpt_that_is_refused(argument: str, code: int) -> None:
    with pytest.raises(PeerError) as caught:
        parse_rcpt(argument, smtputf8=False)
    assert caught.value.reply.code == code


def test_utf8_recipient_with_smtputf8() -> None:
    assert parse_rcpt("TO:<蟻@example.com>", smtputf8=True) == "蟻@example.com"


@given(st.text(max_size=40))
def test_any_text_is_an_address_without_controls_or_a_refusal(text: str) -> None:
    """P9 begins here: no line end of any kind gets into an envelope."""
    try:
        reverse_path = parse_mail(f"FROM:<{text}> SMTPUTF8").reverse_path
    except PeerError:
        return
    assert reverse_path == "" or len(reverse_path.splitlines()) == 1
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in reverse_path)
