"""What chains are made of."""

import pytest

from mlcore.lists.links import NOTE, TERMINALS, given, jump
from mlcore.lists.model import Action


@pytest.mark.parametrize("action", Action)
def test_every_action_ends_somewhere_but_defer(action: Action) -> None:
    if action is Action.DEFER:
        assert given(action) is NOTE
        assert action not in TERMINALS
    else:
        assert given(action) == jump(TERMINALS[action])
        assert TERMINALS[action] == action.value
