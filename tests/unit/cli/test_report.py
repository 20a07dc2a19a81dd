"""What commands about members say on the way."""

import sys

import pytest

from mlcore.actions.members import CHUNK
from mlcore.cli.report import Report


def test_progress_is_shown_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report()
    report.progress(5_000)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    report.progress(7_000)
    report.warn("so")
    report.warn("and so")
    assert capsys.readouterr().err == "\r12,000 …\r\x1b[Kso\nand so\n"

    report = Report()
    report.progress(CHUNK - 1)
    assert capsys.readouterr().err == ""
