from mlcore.base.eventlog import EventLog


def test_a_list_of_lines_is_a_log() -> None:
    class Lines:
        def __init__(self) -> None:
            self.lines: list[str] = []

        def info(self, event: str, /, **values: object) -> object:
            self.lines.append(f"{event} {values}")
            return self

        debug = warning = error = info

    lines = Lines()
    log: EventLog = lines
    log.warning("waiting", queue="in")
    assert lines.lines == ["waiting {'queue': 'in'}"]
