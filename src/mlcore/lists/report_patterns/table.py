"""All formats of this project, in the order in which they are tried."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from mlcore.lists.report_patterns import japanese, mailers, providers, special
from mlcore.lists.report_patterns.notice import Notice
from mlcore.lists.report_patterns.shape import find
from mlcore.mail.report import Finding

Pattern = Callable[[Notice], tuple[Finding, ...]]


def patterns() -> Iterator[Pattern]:
    """Each gives what it finds, or nothing. Providers come before the programs whose words they use."""
    yield special.exim_header
    yield special.aol_names
    for form in (*providers.SHAPES, *mailers.SHAPES, *japanese.SHAPES, *mailers.GENERIC):
        yield partial(find, form)


PATTERNS: Final[tuple[Pattern, ...]] = tuple(patterns())
