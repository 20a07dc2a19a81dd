"""Passwords of moderators that come with posts."""

import msgspec
import pytest

from mlcore.base import passwords
from mlcore.lists import styles
from mlcore.runners.approval import TRIES_PER_HOUR, Approval
from support.workshop import Workshop

ANT = styles.new_policy("legacy-default", "ant", "example.com")
LOCKED = msgspec.structs.replace(ANT, moderator_password="of-ant")


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was compared; the hash of a password is `of-` before it here."""
    found: list[str] = []

    def matches(hashed: str, password: str) -> bool:
        found.append(password)
        return hashed == f"of-{password}"

    monkeypatch.setattr(passwords, "matches", matches)
    return found


async def test_a_right_password_is_compared_once(shop: Workshop, compared: list[str]) -> None:
    approval = Approval(shop.work)
    for _ in range(TRIES_PER_HOUR + 1):
        assert await approval.is_right(LOCKED, "ant", "1")
    assert compared == ["ant"]
    changed = msgspec.structs.replace(LOCKED, moderator_password="of-bee")
    assert not await approval.is_right(changed, "ant", "1")
    assert not await approval.is_right(LOCKED, "ant\udc80", "1")


async def test_wrong_passwords_stop_nobody_elses_posts(shop: Workshop, compared: list[str]) -> None:
    """Each costs a third of a second of processor time, and may be a guess."""
    approval = Approval(shop.work)
    for number in range(TRIES_PER_HOUR + 5):
        assert not await approval.is_right(LOCKED, f"guess {number}", "1")
    assert len(compared) == TRIES_PER_HOUR
    assert not await approval.is_right(LOCKED, "ant", "2")
    (line, *_) = shop.log.named("enough passwords")
    assert line["list_id"] == "ant.example.com"
    other = msgspec.structs.replace(LOCKED, list_id="bee.example.com")
    assert await approval.is_right(other, "ant", "3")
    shop.clock.advance(3_601)
    assert await approval.is_right(LOCKED, "ant", "4")
