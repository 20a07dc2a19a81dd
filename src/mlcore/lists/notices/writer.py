"""All mail that mlcore writes about a list."""

from mlcore.lists.notices.to_owners import ToOwners
from mlcore.lists.notices.to_people import ToPeople


class Writer(ToPeople, ToOwners):
    """Writes each kind of mail, one method each; a reader's language, the list's and the site's decide about
    the words. Cheap to make, and pure: what it is given is all it knows."""
