"""The argument that names a list. A shell completes it to the lists there are."""

from typing import TYPE_CHECKING

import click

from mlcore.base.errors import MlcoreError
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType  # older versions of click have no parameter there


class ListSpec(_TextType):
    """The posting address of a list (ant@example.com) or its List-ID (ant.example.com), as it was written;
    whether there is such a list is found out by the command."""

    name = "listspec"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Without blanks round it."""
        text = str(value).strip()
        if not text:
            self.fail("this names no list", param, ctx)
        return text

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002  (click's signature)
        incomplete: str,
    ) -> "list[CompletionItem]":
        """Posting addresses, or List-IDs once what is written can be none."""
        from click.shell_completion import CompletionItem

        try:
            found = _names(ctx)
        except (MlcoreError, OSError):
            return []  # a shell that waits for completions has no use for an error
        start = incomplete.lower()
        addresses = [f"{name}@{host}" for name, host in found]
        ids = [f"{name}.{host}" for name, host in found]
        fitting = [text for text in addresses if text.startswith(start)]
        return [CompletionItem(text) for text in fitting or [text for text in ids if text.startswith(start)]]


LISTSPEC = ListSpec()


def _names(ctx: click.Context) -> list[tuple[str, str]]:
    from mlcore.store import lists

    site = ctx.find_object(Site) or Site(ctx.find_root().params.get("config"))
    with site.glance() as connection:
        return lists.names(connection)
