"""The English of what digests say of themselves, which catalogues translate. Names in braces are filled in
after the translation."""

from typing import Final

SUBJECT: Final = "{display_name} Digest, Vol {volume}, Issue {number}"
TOPICS: Final = "Today's Topics:"
TOPICS_COUNTED: Final = "Today's Topics ({count} messages)"
HEADER: Final = "Digest Header"
FOOTER: Final = "Digest Footer"
END: Final = "End of {digest}"
NO_SUBJECT: Final = "(no subject)"

ATTACHMENT: Final = "[attachment: {type}, {size} bytes]"
ATTACHMENT_NAMED: Final = "[attachment: {type}, {name}, {size} bytes]"
TOO_COMPLEX: Final = "[a message of too many parts to be shown, {size} bytes]"
"""What stands in a plain digest in place of a part, or of a whole post."""
