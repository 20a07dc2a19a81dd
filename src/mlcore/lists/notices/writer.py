"""All mail that mlcore writes about a list."""

from mlcore.lists.notices.bounces import AboutBounces
from mlcore.lists.notices.to_people import ToPeople


class Writer(ToPeople, AboutBounces):
    """Writes each kind of mail, one method each; a reader's language, the list's and the site's decide about
    the words. Cheap to make, and pure: what it is given is all it knows."""
