import pytest

from mlcore.ingress.route import route
from mlcore.lists.directory import Destination, Purpose
from mlcore.mail.envelope import Arrived, Command, Report


@pytest.mark.parametrize("purpose", ["post", "owner"])
def test_posts_and_owner_mail_arrive(purpose: Purpose) -> None:
    queue, envelope = route(
        Destination("ant.example.com", purpose),
        "Ant@Example.com",
        "anne@example.org",
        7.5,
        smtputf8=True,
        peer="::1",
    )
    assert queue == "in"
    assert envelope == Arrived(
        list_id="ant.example.com",
        recipient="Ant@Example.com",
        purpose=purpose,  # type: ignore[arg-type]  # one of the two above
        reverse_path="anne@example.org",
        arrived_at=7.5,
        smtputf8=True,
        peer="::1",
    )


def test_bounces_keep_what_stood_behind_the_delimiter() -> None:
    address = "ant-bounces+Anne=example.org@example.com"
    queue, envelope = route(
        Destination("ant.example.com", "bounces", "Anne=example.org"),
        address,
        "",
        7.5,
        smtputf8=False,
        peer="",
    )
    assert queue == "bounces"
    assert envelope == Report(
        list_id="ant.example.com", recipient=address, detail="Anne=example.org", arrived_at=7.5
    )


@pytest.mark.parametrize("purpose", ["join", "leave", "confirm", "request"])
def test_commands(purpose: Purpose) -> None:
    queue, envelope = route(
        Destination("ant.example.com", purpose, "TOKEN"),
        f"ant-{purpose}+TOKEN@example.com",
        "",
        7.5,
        smtputf8=False,
        peer="",
    )
    assert queue == "command"
    assert envelope == Command(
        list_id="ant.example.com",
        recipient=f"ant-{purpose}+TOKEN@example.com",
        command=purpose,  # type: ignore[arg-type]  # one of the four above
        detail="TOKEN",
        arrived_at=7.5,
    )


@pytest.mark.parametrize("purpose", ["owner", "request", "discard"])
def test_mail_to_the_site_goes_to_command(purpose: Purpose) -> None:
    destination = Destination("", purpose, mail_host="example.com")
    queue, envelope = route(destination, "Mailman@alias.example", "", 7.5, smtputf8=False, peer="")
    assert queue == "command"
    assert envelope == Command(
        list_id="",
        recipient="Mailman@alias.example",
        command=purpose,  # type: ignore[arg-type]  # one of the three above
        mail_host="example.com",
        arrived_at=7.5,
    )
