"""Exponential back-off with jitter, as one pure function."""


def next_delay(attempt: int, *, base_s: float, cap_s: float, jitter: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (1, 2, …).

    base_s · 2^(attempt-1), at most cap_s, then spread by ±20 %: jitter is a number in [0, 1), passed in
    so that the function stays pure. The result is never below 0 nor above 1.2 · cap_s."""
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    steps = min(attempt - 1, 62)  # 2**62 is beyond any cap; avoids a float overflow
    return float(min(cap_s, base_s * 2**steps)) * (0.8 + 0.4 * jitter)
