"""Places in a rendered message where something of one recipient stands."""

from typing import Literal

import msgspec


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One place. at: octets of the rendered message before it; nothing of the message is replaced, so what
    is inserted there is the whole difference between two copies.

    kind: `unsubscribe`: the field List-Unsubscribe, with List-Unsubscribe-Post where there is a page (RFC
    2369, 8058); `to`: the field To; `copy`: the mark of a copy to somebody who is addressed as well; `text`:
    the text of a header or footer, see the other members.

    text: a template whose placeholders are still to be filled in, lines with LF; charset: of the octets to be
    inserted; encoding: their transfer encoding (`7bit`, `8bit`, `quoted-printable`, `base64`); before, after:
    octets, in base64 themselves, that are encoded together with the text, since an encoding may join what
    stands on both sides of the place; flowed: whether it is format=flowed (RFC 3676). Slots with base64 at
    one place are encoded as one.

    Of `to`, before is the shared field, for recipients whose address cannot stand there; of `unsubscribe`,
    text is what `lists.unsubscribe.template` gives; of `copy`, text has the keys of whom it concerns."""

    at: int
    kind: Literal["unsubscribe", "to", "copy", "text"]
    text: str = ""
    charset: str = ""
    encoding: str = ""
    before: bytes = b""
    after: bytes = b""
    flowed: bool = False
