"""Maps in files: whole, in their place, and only when they differ."""

import asyncio
import os
import stat
import subprocess
from pathlib import Path

import pytest

from mlcore.base.errors import DiskTrouble
from mlcore.postfix.maps import DOMAINS, LMTP, VMAP, texts
from mlcore.postfix.postmap import Postmap, PostmapFailed
from mlcore.postfix.routes import Route
from mlcore.postfix.write import Texts, write

TARGET = "lmtp:[127.0.0.1]:8024"
ANT = Route("ant", "example.com")
ALIASED = Route("bee", "example.org", "mail.example.org")
HASH = Postmap(command="/usr/sbin/postmap", map_type="hash")
TEXT = Postmap(command="/no/such/program", map_type="texthash")


def _lists(*routes: Route, now: float = 1.0) -> Texts:
    return texts(routes, TARGET, now=now)


async def _write(
    directory: Path, wanted: Texts, postmap: Postmap = HASH, *, force: bool = False
) -> tuple[str, ...]:
    async def build() -> Texts:
        return wanted

    return await write(str(directory), build, postmap, force=force)


def _query(path: Path, key: str, map_type: str = "hash") -> str:
    asked = subprocess.run(
        ["/usr/sbin/postmap", "-q", key, f"{map_type}:{path}"],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert asked.stderr == ""
    return asked.stdout.strip()


@pytest.mark.parametrize(("map_type", "suffix"), [("hash", ".db"), ("btree", ".db"), ("lmdb", ".lmdb")])
async def test_postfix_can_ask_what_was_written(tmp_path: Path, map_type: str, suffix: str) -> None:
    postmap = Postmap(command=HASH.command, map_type=map_type)
    assert await _write(tmp_path, _lists(ANT, ALIASED), postmap) == (LMTP, DOMAINS, VMAP)
    names = {name for file in (LMTP, DOMAINS, VMAP) for name in (file, file + suffix)}
    assert set(os.listdir(tmp_path)) == names
    for name in names:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o644
    assert _query(tmp_path / LMTP, "ant-owner@example.com", map_type) == TARGET
    assert _query(tmp_path / LMTP, "nobody@example.com", map_type) == ""
    assert _query(tmp_path / DOMAINS, "mail.example.org", map_type) == "example.org"
    assert _query(tmp_path / VMAP, "bee@example.org", map_type) == "bee@mail.example.org"


@pytest.mark.parametrize("map_type", ["regexp", "texthash", "none"])
async def test_a_text_is_enough_for_some_types(tmp_path: Path, map_type: str) -> None:
    await _write(tmp_path, _lists(ANT), Postmap(command="/no/such/program", map_type=map_type))
    assert set(os.listdir(tmp_path)) == {LMTP, DOMAINS}


async def test_an_lmdb_is_changed_in_its_place(tmp_path: Path) -> None:
    """Postfix's trivial-rewrite sees a replaced file only after ten seconds."""
    lmdb = Postmap(command=HASH.command, map_type="lmdb")
    await _write(tmp_path, _lists(ANT, ALIASED), lmdb)
    before = (tmp_path / f"{LMTP}.lmdb").stat().st_ino
    await _write(tmp_path, _lists(ANT, Route("cat", "example.com")), lmdb)
    assert (tmp_path / f"{LMTP}.lmdb").stat().st_ino == before
    assert (tmp_path / f"{LMTP}.lmdb").stat().st_nlink == 1
    assert _query(tmp_path / LMTP, "cat@example.com", "lmdb") == TARGET
    assert _query(tmp_path / LMTP, "bee@mail.example.org", "lmdb") == ""
    assert await _write(tmp_path, _lists(ANT, Route("cat", "example.com")), lmdb) == ()


async def test_an_lmdb_that_is_none_any_more_is_replaced(tmp_path: Path) -> None:
    lmdb = Postmap(command=HASH.command, map_type="lmdb")
    await _write(tmp_path, _lists(ANT), lmdb)
    (tmp_path / f"{LMTP}.lmdb").write_bytes(b"torn" * 3000)
    await _write(tmp_path, _lists(ANT), lmdb, force=True)
    assert _query(tmp_path / LMTP, "ant@example.com", "lmdb") == TARGET
    assert not any(".new" in name for name in os.listdir(tmp_path))


async def test_nothing_is_written_while_nothing_changes(tmp_path: Path) -> None:
    await _write(tmp_path, _lists(ANT))
    before = {name: (tmp_path / name).stat().st_ino for name in os.listdir(tmp_path)}
    assert await _write(tmp_path, _lists(ANT, now=1000.0)) == ()
    assert {name: (tmp_path / name).stat().st_ino for name in os.listdir(tmp_path)} == before
    assert await _write(tmp_path, _lists(ANT), force=True) == (LMTP, DOMAINS)


async def test_another_list_in_the_domain_changes_one_file(tmp_path: Path) -> None:
    await _write(tmp_path, _lists(ANT))
    assert await _write(tmp_path, _lists(ANT, Route("cat", "example.com"))) == (LMTP,)


@pytest.mark.parametrize("spoil", ["gone", "old", "text"])
async def test_a_file_that_is_not_as_it_was_left_is_made_anew(tmp_path: Path, spoil: str) -> None:
    await _write(tmp_path, _lists(ANT))
    database, text = tmp_path / f"{DOMAINS}.db", tmp_path / DOMAINS
    if spoil == "gone":
        database.unlink()
    elif spoil == "old":
        os.utime(database, (1, 1))
    else:
        text.write_bytes(b"\xff\xfe edited by hand")
    assert await _write(tmp_path, _lists(ANT)) == (DOMAINS,)
    assert _query(text, "example.com") == "example.com"


async def test_the_map_of_alias_domains_goes_with_the_last_of_them(tmp_path: Path) -> None:
    await _write(tmp_path, _lists(ANT, ALIASED))
    assert VMAP in await _write(tmp_path, _lists(ANT))
    assert set(os.listdir(tmp_path)) == {LMTP, f"{LMTP}.db", DOMAINS, f"{DOMAINS}.db"}


async def test_a_postmap_that_fails_leaves_the_old_files(tmp_path: Path) -> None:
    await _write(tmp_path, _lists(ANT))
    program = tmp_path / "fails"
    program.write_text(
        "#!/bin/sh\ncase $1 in *domains*) echo broken; exit 1;; esac\nexec /usr/sbin/postmap $1\n"
    )
    program.chmod(0o755)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(PostmapFailed, match="broken"):
        await _write(tmp_path, _lists(ANT, ALIASED), Postmap(command=str(program), map_type="hash"))
    assert sorted(os.listdir(tmp_path)) == before
    assert _query(tmp_path / LMTP, "bee@mail.example.org") == ""
    assert await _write(tmp_path, _lists(ANT, ALIASED)) == (LMTP, DOMAINS, VMAP)


async def test_what_a_killed_process_left_is_no_hindrance(tmp_path: Path) -> None:
    for name in (f"{LMTP}.new", f"{LMTP}.new.db", f"{LMTP}.new.lmdb"):
        (tmp_path / name).write_text("half")
    os.symlink("/etc/passwd", tmp_path / f"{DOMAINS}.new")
    await _write(tmp_path, _lists(ANT))
    assert _query(tmp_path / LMTP, "ant@example.com") == TARGET
    assert not any(".new" in name for name in os.listdir(tmp_path))
    assert os.stat("/etc/passwd").st_size > 100


async def test_a_directory_that_is_missing_is_trouble(tmp_path: Path) -> None:
    with pytest.raises(DiskTrouble, match="missing"):
        await _write(tmp_path / "missing", _lists(ANT))


async def test_the_later_of_two_writers_reads_after_the_earlier_has_written(tmp_path: Path) -> None:
    order: list[str] = []
    gate = asyncio.Event()

    async def slowly() -> Texts:
        order.append("first reads")
        await gate.wait()
        order.append("first writes")
        return _lists(ANT)

    async def later() -> Texts:
        order.append("second reads")
        return _lists(ANT, ALIASED)

    first = asyncio.create_task(write(str(tmp_path), slowly, TEXT))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(write(str(tmp_path), later, TEXT))
    await asyncio.sleep(0.02)
    gate.set()
    await asyncio.gather(first, second)
    assert order == ["first reads", "first writes", "second reads"]
    assert "bee@mail.example.org" in (tmp_path / LMTP).read_text()
