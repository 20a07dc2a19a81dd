"""Address fields as handlers write them."""

from mlcore.lists.handlers.address_fields import list_itself, once, with_mailboxes, with_more, written
from mlcore.mail.address import parse
from mlcore.mail.fields import split
from support.posts import draft, policy

ANT = policy(description="Ants")
ANNE = ("Anne", parse("anne@example.org"))
BOB = ("", parse("bob@example.org"))


def test_the_list_and_each_address_once() -> None:
    again = ("A.", parse("ANNE@example.org"))
    assert once([ANNE, again, BOB, list_itself(ANT)]) == [ANNE, BOB, ("Ants", parse("ant@example.com"))]


def test_more_addresses_stand_behind_those_that_are_there() -> None:
    fields = draft("Cc: B <bob@example.org>", "From: x").fields
    made = with_more(fields, "Cc", [ANNE, BOB, ANNE], ANT)
    assert made.octets() == b"Cc: B <bob@example.org>,\r\n Anne <anne@example.org>\r\nFrom: x\r\n"


def test_p8_nothing_more_keeps_the_field_as_it_is() -> None:
    fields = draft("cc :  B. <bob@example.org>", "Cc: bob@example.org").fields
    assert with_more(fields, "Cc", [BOB], ANT) is fields
    assert with_more(fields, "Cc", [], ANT) is fields


def test_a_field_of_nobody_goes() -> None:
    fields = draft("Cc: bob@example.org", "From: x").fields
    assert with_mailboxes(fields, "Cc", [], ANT).octets() == b"From: x\r\n"


def test_p9_a_long_name_is_cut_and_none_adds_a_field() -> None:
    mailboxes = [("x" * 2_000, BOB[1]), ("y\r\nBcc: evil@example.net", ANNE[1])]
    made = with_mailboxes(draft("From: x").fields, "Cc", mailboxes, ANT)
    fields, _ = split(made.octets() + b"\r\n")
    assert fields.names() == ("from", "cc")
    assert fields.size < 600


def test_a_charset_that_cannot_hold_a_name_is_not_taken() -> None:
    body = written([("Ä", BOB[1]), ("蟻", ANNE[1])], "Cc", policy(charset="iso-8859-1"))
    assert body == b"=?iso-8859-1?q?=C4?= <bob@example.org>,\r\n =?utf-8?b?6J+7?= <anne@example.org>"
