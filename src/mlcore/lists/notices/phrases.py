"""The English of subjects and set phrases, which catalogues translate: every sentence of a mail that is not
in a template of its own.

Names in braces are filled in after the translation, so a translation may put them anywhere."""

import re
from collections.abc import Mapping
from typing import Final

SUBJECTS: Final[Mapping[str, str]] = {
    "confirm-join": "Your confirmation is needed to join the {listname} mailing list.",
    "confirm-leave": "Your confirmation is needed to leave the {listname} mailing list.",
    "invite": "You have been invited to join the {listname} mailing list.",
    "welcome": 'Welcome to the "{display_name}" mailing list',
    "goodbye": "You have been unsubscribed from the {display_name} mailing list",
    "new-list": "Your new mailing list: {listname}",
    "admin-subscribe": "{display_name} subscription notification",
    "admin-unsubscribe": "{display_name} unsubscription notification",
    "request-join": "New subscription request to {display_name} from {email}",
    "request-leave": "New unsubscription request to {display_name} from {email}",
    "held-author": "Your message to {listname} awaits moderator approval",
    "held-owners": "{listname} post from {sender} requires approval",
    "no-more-today": "Last autoresponse notification for today",
    "rejected": "Your message to {listname} was not accepted",
    "refuse": 'Request to mailing list "{display_name}" rejected',
    "forwarded": "Forward of moderated message",
    "acknowledged": "{display_name} post acknowledgment",
    "results": "The results of your email commands",
    "filtered": "Content filter message notification",
    "pending": "The {listname} list has {n} moderation requests waiting.",
    "autoresponse": 'Auto-response for your message to the "{display_name}" mailing list',
    "bounce-unrecognized": "Uncaught bounce notification",
    "bounce-increment": "{member}'s bounce score incremented on {display_name}",
    "bounce-disable": "{member}'s subscription disabled on {display_name}",
    "bounce-removal": "{member} unsubscribed from {display_name} mailing list due to bounces",
    "bounce-warning": "Your subscription for {display_name} mailing list has been disabled",
    "probe": "{display_name} mailing list probe message",
    "complaint": "{member} has complained about mail of {display_name}",
}
"""By kind. That of `rejected` is for those to whom the subject of the rejected message is not shown."""

LATER_SUBJECTS: Final = ("{display_name} Digest, Vol {volume}, Issue {number}",)
"""Of digests."""

DIGEST_MARK: Final = " (Digest mode)"
"""Behind the subject of a welcome."""
NO_SUBJECT: Final = "(no subject)"
SUBJECT_NOT_SHOWN: Final = "(the subject is not repeated here)"
NO_SENDER: Final = "(no sender)"
NO_REASON: Final = "(no reason was given)"

REGULAR: Final = "Each post will reach you as it comes."
DIGEST: Final = "Posts will reach you collected in digests."
POSTING: Final = "To write to all members, send mail to:"
ANNOUNCES: Final = "This list only sends news; it takes no posts from its members."

POST_REQUEST: Final = "Posting of your message"
POST_REQUEST_TITLED: Final = 'Posting of your message titled "{subject}"'
JOIN_REQUEST: Final = "Subscription request"
LEAVE_REQUEST: Final = "Unsubscription request"

FILTERED: Final = (
    "The content filter of the mailing list {listname} left nothing of the attached message, or does not "
    "let messages of its kind through. It was not sent to the members. You get it for your information; "
    "nothing waits for you to decide."
)
CUT: Final = "The message is too large to be attached whole. Its header is attached, its text is left out."
CONTROL_SUBJECT: Final = "confirm {token}"
"""Not translated: it is a command."""
CONTROL_REPLY: Final = "A reply to this message decides about the held post. Leave the subject as it is."
CONTROL_DISCARD: Final = "A reply of any other kind discards the post: it does not go to the list."
CONTROL_DISCARD_ONLY: Final = (
    "A reply discards the post: it does not go to the list. It cannot be accepted by mail, as this list has "
    "no moderator password."
)
CONTROL_ACCEPT: Final = (
    "To accept the post, put this line at the beginning of the reply, with the moderator password of the "
    "list in place of PASSWORD:"
)

COMPLAINT: Final = (
    "The provider of a person's mailbox reports that this person has marked mail from the mailing list "
    "{listname} as unwanted. The attached report is about:"
)
COMPLAINT_ENDED: Final = "This address gets no more mail from the list: it is no member any more."
COMPLAINT_NOTED: Final = (
    "Nothing has changed, as nothing proves that the report is about this member. You may want to ask, or to "
    "end the membership."
)
NO_MEMBER: Final = "(nobody in particular)"
BOUNCE_ADDRESS: Final = "Address: {value}"
BOUNCE_TIME: Final = "Time: {value}"
BOUNCE_STATUS: Final = "Status: {value}"
BOUNCE_ANSWER: Final = "Answer of the server: {value}"

HELD_JOINING: Final = "Held Subscriptions:"
HELD_LEAVING: Final = "Held Unsubscriptions:"
HELD_MESSAGES: Final = "Held Messages:"
HELD_USER: Final = "User: {value}"
HELD_SENDER: Final = "Sender: {value}"
HELD_SUBJECT: Final = "Subject: {value}"
HELD_REASON: Final = "Reason: {value}"
HELD_MORE: Final = "... and {value} more"

_SLOT: Final = re.compile(r"\{([a-z]+(?:_[a-z]+)*)\}")


def filled(phrase: str, values: Mapping[str, str]) -> str:
    """`phrase` with the values by name. What stands in a value is not read as a name; a name that is not
    known stays as it is."""
    return _SLOT.sub(lambda found: values.get(found[1], found[0]), phrase)
