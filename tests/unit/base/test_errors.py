import errno

from mlcore.base.errors import BadInput, ConfigError, CorruptEntry, DiskTrouble, LeftAlone, LocalTrouble


def test_bad_input_says_what_to_write_instead() -> None:
    assert str(BadInput("no such list: bee", "see `mlcore lists`")) == "no such list: bee: see `mlcore lists`"
    assert str(BadInput("no such list")) == "no such list"


def test_a_config_error_names_its_place() -> None:
    error = ConfigError("no number", "write 1", file="a.cfg", section="mta", key="port")
    assert str(error) == "a.cfg [mta] port: no number: write 1"
    assert str(ConfigError("empty", "", file="a.cfg")) == "a.cfg: empty"


def test_p3_disk_trouble_knows_whether_the_disk_is_full() -> None:
    full = DiskTrouble.of(OSError(errno.ENOSPC, "No space left"), "writing")
    assert full.full
    assert isinstance(full, LocalTrouble)
    assert str(full) == "writing: No space left"
    assert isinstance(full.__cause__, OSError)
    assert not DiskTrouble.of(OSError(errno.EIO, "I/O error"), "writing").full
    assert str(DiskTrouble.of(OSError("odd"), "writing")) == "writing: odd"


def test_what_is_left_alone_is_told_from_what_is_damaged() -> None:
    assert issubclass(LeftAlone, CorruptEntry)
