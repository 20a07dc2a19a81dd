"""The owner of the site: a configuration can be loaded without one, but nothing may be served."""

from mlcore.base.errors import ConfigError
from mlcore.config.settings import Settings

_NOBODY = frozenset({"changeme@example.com"})
"""What stands in example files for an address that was never set."""


def owner_problem(settings: Settings) -> ConfigError | None:
    """Why a server must not start with this [mailman] site_owner; None if it may.

    That it is no list of this site is for those to check who know the lists."""
    owner = settings.mailman.site_owner
    if owner and owner.lower() not in _NOBODY:
        return None
    return ConfigError(
        "nobody reads mail about this site" if not owner else f"{owner} was never changed",
        "write the address of a person or an alias, never of a list of this site",
        file=settings.config_file or "(built-in defaults)",
        section="mailman",
        key="site_owner",
    )


def require_owner(settings: Settings) -> None:
    """Raises the ConfigError of `owner_problem`."""
    problem = owner_problem(settings)
    if problem:
        raise problem
