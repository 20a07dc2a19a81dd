"""Who may listen where a file is already."""

import socket
from pathlib import Path

import pytest

from mlcore.base.errors import BadInput
from mlcore.base.socket_files import make_free


def test_a_free_path_stays_free(tmp_path: Path) -> None:
    make_free(str(tmp_path / "socket"))
    assert not list(tmp_path.iterdir())


def test_the_file_of_a_dead_process_goes(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    make_free(str(path))
    assert not path.exists()


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_live_one_stays_also_with_a_full_queue(tmp_path: Path, waiting: int) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as live, socket.socket(socket.AF_UNIX) as client:
        live.bind(str(path))
        live.listen(0)
        for _ in range(waiting):
            client.connect(str(path))
        with pytest.raises(BadInput, match="another server listens"):
            make_free(str(path))
    assert path.is_socket()


def test_no_other_file_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    path.write_text("mine")
    with pytest.raises(BadInput, match="in the way"):
        make_free(str(path))
    assert path.read_text() == "mine"
