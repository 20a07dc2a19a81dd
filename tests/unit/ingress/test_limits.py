from mlcore.ingress.limits import CROWDED, LmtpLimits


def test_defaults_are_the_promised_ones() -> None:
    limits = LmtpLimits()
    assert limits.size_bytes == 64 * 1024 * 1024
    assert limits.data_memory_bytes == 256 * 1024 * 1024
    assert (limits.command_line, limits.buffer, limits.errors) == (2048, 65536, 20)
    assert (limits.connections, limits.recipients) == (100, 1000)
    assert (limits.idle_s, limits.idle_crowded_s, limits.command_s, limits.data_s) == (300, 30, 300, 600)
    assert CROWDED == 0.8
