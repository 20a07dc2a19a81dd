"""What the socketmap service says: four maps over the lists as they are now."""

from collections.abc import Callable

from mlcore.lists.addressing import candidates
from mlcore.mail.address import BadAddress, parse
from mlcore.postfix.routes import Route, RouteCache

MAPS = ("transport", "recipients", "domains", "aliases")


class UnknownMap(Exception):
    """There is no map of that name here."""


class Answers:
    """target: asked for the transport of a list, such as `lmtp:[127.0.0.1]:8024`; delimiter: what stands
    between an address and a detail.

    Postfix asks for `name+detail@host` before `name@host`, and then for the domain (transport), `@host` and
    the bare name (recipients). Only addresses are answered with yes, as in the files: a yes to a domain would
    take the mail of everybody there."""

    def __init__(self, routes: RouteCache, target: Callable[[], str], *, delimiter: str = "+") -> None:
        self._routes = routes
        self._target = target
        self._delimiter = delimiter

    async def answer(self, name: str, key: str) -> str | None:
        """The value of `key` in the map `name`; None: there is none, said only after the database was asked
        about a domain with lists.

        Raises UnknownMap; LocalTrouble when it cannot be known now (P3)."""
        match name:
            case "transport":
                return None if await self._find(key) is None else self._target()
            case "recipients":
                route = await self._find(key)
                return None if route is None else f"{route.list_name}@{route.mail_host}"
            case "domains":
                return await self._domain(key)
            case "aliases":
                return await self._alias(key)
            case _:
                raise UnknownMap(f"no such map; there are {', '.join(MAPS)}")

    async def _find(self, key: str) -> Route | None:
        possible = candidates(key, self._delimiter) if "@" in key else ()
        if not possible:
            return None
        routes = await self._routes.young()
        # Each mail to a member is asked about too: for a domain without lists the answer is a second old at
        # the most, and costs no question to the database.
        if possible[0].mail_host not in routes.hosts:
            return None
        return routes.first_of(possible) or (await self._routes.fresh()).first_of(possible)

    async def _domain(self, key: str) -> str | None:
        try:
            domain = parse(f"x@{key}").key.rpartition("@")[2]
        except BadAddress:  # a part of one, such as `.example.com`
            return None
        return domain if domain in (await self._routes.young()).domains else None

    async def _alias(self, key: str) -> str | None:
        route = await self._find(key)
        if route is None or not route.alias_domain:
            return None
        address = parse(key)
        if address.key.rpartition("@")[2] != route.mail_host:
            return None  # it stands at the alias domain already
        return f"{address.local_part}@{route.alias_domain}"
