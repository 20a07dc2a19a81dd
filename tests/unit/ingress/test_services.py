from mlcore.base.errors import StoreTrouble
from mlcore.mail.reply import NO_SPACE
from support.ingress import FakeLog, services


class FullLog:
    """A log on a full disk."""

    def debug(self, event: str, /, **values: object) -> None:
        raise OSError(28, "No space left on device")

    info = warning = error = debug


def test_trouble_is_a_line_and_a_defect_a_traceback() -> None:
    log = FakeLog()
    defect = KeyError("x")
    services(log).trouble("accept", StoreTrouble("locked"), "::1")
    services(log).trouble("accept", defect, "::1")
    assert log.of("trouble") == [
        {"step": "accept", "error": "locked", "peer": "::1"},
        {"step": "accept", "error": "'x'", "peer": "::1", "exc_info": defect},
    ]


def test_p3_a_log_that_fails_changes_nothing() -> None:
    shared = services(FullLog())
    assert shared.refused(NO_SPACE, recipient="ant@example.com") == NO_SPACE
    shared.trouble("accept", StoreTrouble("locked"), "::1")
    shared.trouble("accept", KeyError("x"), "::1")
    shared.log.debug("connected")


def test_p9_values_of_peers_are_values_never_events() -> None:
    log = FakeLog()
    services(log).refused(NO_SPACE, recipient="a\nb@example.com")
    assert log.events == [("refused", {"reply": NO_SPACE.line(), "recipient": "a\nb@example.com"})]
