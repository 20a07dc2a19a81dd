"""Any order of transitions, kills, power cuts and failing syncs (see `support.spool_machine`).

HYPOTHESIS_PROFILE: dev or ci (which is the default where CI is set)."""

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from support.spool_machine import SpoolMachine

_COMMON: Final = settings(
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
PROFILES: Final = {
    "dev": settings(_COMMON, max_examples=50, stateful_step_count=25),
    "ci": settings(_COMMON, max_examples=500, stateful_step_count=40),
    "soak": settings(_COMMON, max_examples=10_000, stateful_step_count=60),
}


class _Soak(SpoolMachine):
    """The same machine, for longer."""


_DEFAULT: Final = "ci" if os.environ.get("CI") else "dev"
SpoolMachine.TestCase.settings = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", _DEFAULT)]
_Soak.TestCase.settings = PROFILES["soak"]

TestP1P6P10P14 = SpoolMachine.TestCase
TestSoak = pytest.mark.soak(_Soak.TestCase)
