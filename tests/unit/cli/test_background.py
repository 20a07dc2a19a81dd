"""A process of its own session, and what is heard of it."""

import io
import os
import sys
from pathlib import Path

import pytest

from mlcore.cli.background import Started, start_background


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What runs instead of mlcore, with the path of a log as its argument."""
    package = tmp_path / "program"
    package.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(package))
    path = package / "mlcore.py"
    path.write_text("")
    return path


def start(path: Path, text: str, log: Path, *, ready: bool = False, wait_s: float = 10.0) -> Started:
    path.write_text(text)
    return start_background([str(log)], str(log), lambda _: ready and log.exists(), wait_s=wait_s)


def test_what_serves_goes_on_in_a_session_of_its_own(program: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    pid = tmp_path / "pid"
    text = (
        "import os, sys, time\n"
        "told = os.getpid(), os.getsid(0), os.environ.get('NOTIFY_SOCKET')\n"
        f"open({str(pid)!r}, 'w').write(' '.join(map(str, told)))\n"
        "open(sys.argv[1], 'w').close()\n"
        f"while os.path.exists({str(log)!r}): time.sleep(0.01)"
    )
    os.environ["NOTIFY_SOCKET"] = "/nowhere"
    try:
        started = start(program, text, log, ready=True)
    finally:
        del os.environ["NOTIFY_SOCKET"]

    assert started == Started(ready=True, status=None, said="")
    number, session, manager = pid.read_text().split()
    assert number == session != str(os.getsid(0))
    assert manager == "None"
    log.unlink()
    os.waitpid(int(number), 0)


def test_what_refuses_is_heard(program: Path, tmp_path: Path) -> None:
    text = "import sys; print('Error: no', file=sys.stderr); sys.exit(2)"

    assert start(program, text, tmp_path / "log") == Started(ready=False, status=2, said="Error: no")


def test_what_refuses_is_heard_in_the_encoding_of_the_locale(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="euc_jp"))
    text = "import sys; sys.stderr.buffer.write('エラー'.encode('euc_jp')); sys.exit(2)"

    assert start(program, text, tmp_path / "log").said == "エラー"


def test_what_ends_without_a_word_leaves_the_end_of_its_log(program: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of yesterday\n")
    text = (
        "import sys, os\n"
        "open(sys.argv[1], 'a').writelines(f'{n}\\n' for n in range(12))\n"
        "os.kill(os.getpid(), 9)"
    )

    started = start(program, text, log)

    assert (started.ready, started.status) == (False, -9)
    assert started.said.splitlines() == [str(number) for number in range(2, 12)]
    assert start(program, "import sys; sys.exit(1)", tmp_path / "none") == Started(False, 1, "")


def test_what_is_not_ready_in_time_goes_on(program: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = (
        "import os, sys, time\n"
        f"open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        "open(sys.argv[1], 'w').write('recovering\\n')\ntime.sleep(60)"
    )

    started = start(program, text, tmp_path / "log", wait_s=1.0)

    assert started == Started(ready=False, status=None, said="recovering")
    os.kill(int(pid.read_text()), 9)
    os.waitpid(int(pid.read_text()), 0)
