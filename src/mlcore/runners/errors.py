"""What a step raises about an entry that nobody can work on."""

from mlcore.base.errors import MlcoreError
from mlcore.spool.claim import Claim


class ListGone(MlcoreError):
    """The list was removed while its mail was in transit: set aside, since nobody can decide on it."""

    def __init__(self, list_id: str) -> None:
        super().__init__(f"list {list_id} does not exist any more")


def unexpected(claim: Claim) -> MlcoreError:
    """An envelope of another stage: somebody put the file into the wrong queue."""
    return MlcoreError(f"{type(claim.entry.envelope).__name__} does not belong into {claim.queue}/")
