"""A group of one-recipient transactions whose last one is refused leaves nothing open on the connection."""

import pytest

from mlcore.delivery.outcome import Deferred, Delivered
from support.delivery import SHORT, connection_to, transaction
from support.sink import Sink, SinkSettings

GROUP = [f"member-{number}@x.example" for number in range(3)]


@pytest.mark.parametrize("count", [1, 3])
async def test_p11_the_group_behind_a_greylisted_one_is_not_refused_as_nested(count: int) -> None:
    """The content of the last recipient, whom the peer had put off, did not end the transaction; the next
    MAIL was answered 503, which failed a member for good."""
    async with Sink(SinkSettings(greylist=True)) as sink:
        connection = await connection_to(sink.port, SHORT)
        group = [transaction(address) for address in GROUP]
        first = await connection.transact_each(group)
        second = await connection.transact_each(group[-count:])
        usable = connection.usable
        connection.abort()
        await connection.gone()
    assert [type(one) for one in first] == [Deferred] * 3
    assert [type(one) for one in second] == [Delivered] * count, second
    assert usable
