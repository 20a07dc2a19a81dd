"""HyperKitty: a web archive that takes posts by HTTP.

    POST {base_url}api/mailman/archive      Authorization: Token {api_key}
    multipart/form-data: mlist (the posting address), message (the mail as a file)

It answers `{"url": …}` to what it has, also when it had it before: it knows posts by their Message-ID. To
what it will never take it says 400 and `{"error": …}`; a 400 of another form comes from something before it
(a proxy, or Django for a host that it does not serve), and is no word about the post.

httpx is imported with the first post: it takes a tenth of a second and 15 MiB."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

import mlcore
from mlcore.archive.archiver import ArchivedPost, Refused, Unavailable
from mlcore.mail.words import one_line

if TYPE_CHECKING:
    import httpx

_PIECE: Final = 65_536
_MOST_ANSWER: Final = 65_536
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds. connect_s: for a connection; whole_s: for everything, and one more for each MiB."""

    connect_s: float = 5.0
    whole_s: float = 30.0


class _Answer(msgspec.Struct):
    url: str | None = None
    error: str | None = None


class HyperKitty:
    """See `Archiver`. base_url: where it is mounted; tls: how certificates are checked."""

    repeatable = True

    def __init__(
        self,
        name: str,
        base_url: str,
        api_key: str,
        *,
        patience: Patience | None = None,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self.name = name
        self._url = f"{base_url.rstrip('/')}/api/mailman/archive"
        self._api_key = api_key
        self._patience = patience or Patience()
        self._tls = tls
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()

    async def archive(self, post: ArchivedPost) -> None:
        """See `Archiver.archive`."""
        whole_s = self._patience.whole_s + len(post.octets) / (1 << 20)
        try:
            async with asyncio.timeout(whole_s):
                status, body = await self._post(post)
        except TimeoutError:
            raise Unavailable("no answer in time") from None
        _judge(status, body)

    async def close(self) -> None:
        """See `Archiver.close`."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _post(self, post: ArchivedPost) -> tuple[int, bytes]:
        client = await self._connected()
        import httpx  # noqa: PLC0415  (see above)

        before, after, boundary = _around(post)
        octets = post.unix()
        headers = {
            "Authorization": f"Token {self._api_key}",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            # Django's servers take no message whose length is not said.
            "Content-Length": str(len(before) + len(octets) + len(after)),
        }
        request = client.build_request(
            "POST", self._url, headers=headers, content=_pieces(before, octets, after)
        )
        try:
            response = await client.send(request, stream=True)
            try:
                return response.status_code, await _beginning(response)
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            raise Unavailable("no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unavailable(_shown(str(error)) or type(error).__name__) from None

    async def _connected(self) -> "httpx.AsyncClient":
        async with self._making:
            if self._client is None:
                try:
                    self._client = await asyncio.to_thread(self._make)
                except OSError as error:
                    raise Unavailable(f"certificates: {error.strerror or error}") from error
            return self._client

    def _make(self) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415  (see above)

        wait_s = self._patience.whole_s
        return httpx.AsyncClient(
            verify=self._tls(),
            timeout=httpx.Timeout(wait_s, connect=self._patience.connect_s),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=30.0),
            trust_env=False,
            follow_redirects=False,  # the key goes to no other host
            headers={
                "User-Agent": f"mlcore/{mlcore.__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
        )


def _around(post: ArchivedPost) -> tuple[bytes, bytes, str]:
    """What stands before and behind the message (RFC 7578), and the boundary, which nobody could foresee."""
    boundary = f"mlcore-{secrets.token_hex(24)}"
    before = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="mlist"\r\n\r\n'
        f"{post.policy.posting_address}\r\n"
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="message"; filename="message.txt"\r\n'
        "Content-Type: message/rfc822\r\n\r\n"
    )
    return before.encode("utf-8", "replace"), f"\r\n--{boundary}--\r\n".encode("ascii"), boundary


async def _pieces(before: bytes, octets: bytes, after: bytes) -> AsyncIterator[bytes]:
    yield before
    for start in range(0, len(octets), _PIECE):
        yield octets[start : start + _PIECE]
    yield after


async def _beginning(response: "httpx.Response") -> bytes:
    """So much of the answer as one looks at."""
    octets = bytearray()
    async for piece in response.aiter_raw():
        octets += piece
        if len(octets) > _MOST_ANSWER:
            break
    return bytes(octets)


def _judge(status: int, body: bytes) -> None:
    """Raises what the answer means; nothing where it has the post."""
    answer = _read(body)
    if status == 200 and answer is not None and answer.url is not None:
        return
    if status == 200:
        raise Unavailable("HTTP status 200, but not from HyperKitty: base_url may be wrong")
    if status == 400 and answer is not None and answer.error is not None:
        raise Refused(_shown(answer.error) or "HTTP status 400")
    raise Unavailable(f"HTTP status {status}{_MEANINGS.get(status, '')}")


_MEANINGS: Final[dict[int, str]] = {
    401: ": the api_key is not the MAILMAN_ARCHIVER_KEY of HyperKitty",
    403: ": this host is not in MAILMAN_ARCHIVER_FROM of HyperKitty",
    404: ": base_url is not where HyperKitty is",
}


def _read(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError:
        return None


def _shown(text: str) -> str:
    """What a peer or a library said, fit for a log."""
    return one_line(text[:_SHOWN]).strip()
