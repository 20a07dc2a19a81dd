"""What a running server can take over from a file that was changed."""

from mlcore.config.changes import Change, differences, take_over
from mlcore.config.loader import parse
from mlcore.config.settings import Settings

OLD = "[mta]\nsmtp_user: mlcore\nsmtp_pass: hunter2\n"


def read(text: str) -> Settings:
    return parse(text, file="/etc/mlcore.cfg", cwd="/work")


def test_nothing_differs() -> None:
    assert differences(read(OLD), read(f"# the same\n{OLD}")) == []


def test_what_differs_and_what_of_it_counts_at_once() -> None:
    new = read(
        "[mailman]\nsite_owner: root@example.com\n"
        "[mta]\nsmtp_user: mlcore\nsmtp_pass: hunter3\nretry_base: 1m\nlmtp_port: 8124\n"
        "[logging.root]\nlevel: debug\n[database]\nurl: postgresql://mlcore:hunter3@db/mlcore\n"
    )

    found = differences(read(OLD), new)

    assert found == [
        Change("mailman", "site_owner", live=True),
        Change("mta", "smtp_pass", live=False),
        Change("mta", "lmtp_port", live=False),
        Change("mta", "retry_base", live=True),
        Change("database", "url", live=False),
        Change("logging.root", "level", live=True),
    ]
    assert str(found[1]) == "[mta] smtp_pass"
    assert "hunter" not in str(found) + repr(found)


def test_a_layout_brings_its_paths_along() -> None:
    names = [str(change) for change in differences(read(""), read("[mailman]\nlayout: fhs\n"))]

    assert names[:2] == ["[mailman] layout", "[paths.fhs] var_dir"]


def test_what_is_taken_over_is_what_counts_at_once() -> None:
    old, new = (
        read(OLD),
        read("[mailman]\nlayout: fhs\n[mta]\nretry_cap: 1h\nlmtp_port: 8124\n[nntp]\nport: 1\n"),
    )

    taken = take_over(old, new)

    assert [str(change) for change in differences(old, taken)] == ["[mta] retry_cap"]
    assert {str(change) for change in differences(taken, new)} == {
        str(change) for change in differences(old, new) if not change.live
    }
    assert taken.notices == new.notices
