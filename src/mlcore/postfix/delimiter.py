"""Whether Postfix and mlcore cut addresses at the same sign."""

import os
import shutil
import subprocess

from mlcore.postfix.children import environment

_TIMEOUT_S = 3.0
_SYSTEM = "/usr/sbin:/usr/local/sbin:/sbin"


def check(verp_delimiter: str, *, postconf: str = "postconf") -> str:
    """What is wrong with Postfix's recipient_delimiter, with the remedy; empty when it agrees, or when
    Postfix is not on this host or cannot be asked.

    recipient_delimiter may hold several signs (postconf(5)); ours has to be one of them. Blocks, for three
    seconds at the most."""
    path = os.pathsep.join(filter(None, (os.environ.get("PATH"), _SYSTEM)))
    program = shutil.which(postconf, path=path)
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  (a program of this host, no shell, no argument from elsewhere)
            [program, "-h", "recipient_delimiter"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            env=environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode:
        return ""
    theirs = done.stdout.strip()
    if verp_delimiter in theirs:
        return ""
    have = f"is {theirs}" if theirs else "is empty"
    return (
        f"recipient_delimiter of Postfix {have}, [mta] verp_delimiter is {verp_delimiter}:"
        f" run postconf -e 'recipient_delimiter = {verp_delimiter}{theirs}' and postfix reload"
    )
