"""An entry of the spool as text for a person."""

import os

import msgspec

from mlcore.base.errors import BadInput, CorruptEntry
from mlcore.cli.language import spoken
from mlcore.mail import charsets
from mlcore.spool.entry import decode
from mlcore.spool.operator import Shown
from mlcore.spool.tail import Progress, Record, decode_records

_ESCAPES = str.maketrans(
    {chr(code): f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
)


def read_file(path: str) -> Shown:
    """The entry in the file at `path`, wherever it lies. Raises BadInput where there is none."""
    path = os.path.abspath(path)
    try:
        with open(path, "rb") as source:
            octets = source.read()
        entry, tail = decode(octets)
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror})", "name an entry or the path of one"
        ) from error
    except CorruptEntry as error:
        raise BadInput(f"{path} is no entry: {error}", "its octets can be seen with `less`") from error
    directory, name = os.path.split(path)
    records = tuple(decode_records(octets[tail.offset :], tail.key)[0])
    return Shown(os.path.basename(directory), name, entry, records, Progress(name, records))


def text_of(shown: Shown) -> str:
    """Envelope, recipients with what became of them, records, message. Control characters are escaped."""
    parts = [
        f"[----- {shown.queue}/{shown.name} -----]",
        *_envelope(shown),
        *_recipients(shown),
        *_records(shown),
        f"[----- {spoken('message')} -----]",
        charsets.guess(shown.entry.octets).replace("\r\n", "\n").rstrip("\n"),
        f"[----- {spoken('end')} -----]",
    ]
    return "\n".join(parts).translate(_ESCAPES)


def _envelope(shown: Shown) -> list[str]:
    fields = msgspec.to_builtins(shown.entry.envelope)
    return [f"{key}: {value}" for key, value in fields.items()]


def _recipients(shown: Shown) -> list[str]:
    if not shown.entry.addresses:
        return []
    count = len(shown.entry.addresses)
    lines = [f"<----- {spoken('{count} recipients', count=count)} ----->"]
    for number, address in enumerate(shown.entry.addresses):
        settled = f"  {spoken('settled')}" if number in shown.progress.settled else ""
        lines.append(f"{number} {address}{settled}")
    return lines


def _records(shown: Shown) -> list[str]:
    lines = []
    if shown.records:
        lines.append(f"<----- {spoken('records')} ----->")
        lines += [_record(record) for record in shown.records]
    if shown.progress.why:
        lines += [f"<----- {spoken('why it was set aside')} ----->", shown.progress.why]
    return lines


def _record(record: Record) -> str:
    shown = {key: value for key, value in msgspec.structs.asdict(record).items() if value and key != "why"}
    kind = shown.pop("kind")
    return " ".join([str(kind), *(f"{key}={value}" for key, value in shown.items())])
