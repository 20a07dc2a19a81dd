"""The texts that come with the program, read once for all tests."""

import functools

from mlcore.sources.packaged import packaged
from mlcore.texts.texts import Texts


@functools.cache
def texts() -> Texts:
    """Every packaged text and catalogue. They never change, so all tests may share them."""
    return packaged()
