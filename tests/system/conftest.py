"""One machine for all scenarios of this directory: they begin with a site as the installation left it."""

from collections.abc import Iterator

import pytest

from support.installed import Installed
from support.nspawn import machine


@pytest.fixture(scope="session")
def installed() -> Iterator[Installed]:
    """The machine, after docs/install.md."""
    with machine() as debian:
        debian.boot()
        yield Installed(debian).follow()


@pytest.fixture
def site(installed: Installed) -> Iterator[Installed]:
    """The same, serving with the configuration of the document."""
    installed.configure()
    installed.serve()
    yield installed
    installed.configure()
    installed.serve()
