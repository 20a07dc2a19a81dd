"""All threads on one processor, and as before afterwards."""

import os
import threading

import pytest

from mlcore.server.processor import kept_on_one


def test_threads_that_begin_inside_keep_to_the_last_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.sched_getaffinity(0)
    inside: list[set[int]] = []
    with kept_on_one() as chosen:
        thread = threading.Thread(target=lambda: inside.append(os.sched_getaffinity(0)))
        thread.start()
        thread.join()
    assert chosen == (max(before) if len(before) > 1 else None)
    assert inside == [{max(before)}]
    assert os.sched_getaffinity(0) == before


def test_it_is_left_alone_where_it_is_not_wanted() -> None:
    before = os.sched_getaffinity(0)
    with kept_on_one(wanted=False) as chosen:
        assert chosen is None
        assert os.sched_getaffinity(0) == before


def test_an_affinity_of_one_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3})
    monkeypatch.setattr(os, "sched_setaffinity", _forbidden)
    with kept_on_one() as chosen:
        assert chosen is None


def test_a_container_may_forbid_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    monkeypatch.setattr(os, "sched_setaffinity", _forbidden)
    with kept_on_one() as chosen:
        assert chosen is None


def _forbidden(_pid: int, _processors: set[int]) -> None:
    raise PermissionError
