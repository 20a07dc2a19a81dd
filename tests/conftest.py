"""What every test gets: the umask it began with, and hypothesis without a stop-watch."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A busy machine must not turn a slow example into a failure. `ci` looks longer than `dev`.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def _umask_of_the_caller() -> Iterator[None]:
    """Commands and the server set the umask of their process, which here is that of all tests."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)
