"""A signal is a request to stop: heard whenever it comes, heeded between two steps."""

import os
import signal

import pytest

from workers.asked import SIGNALS, StopAsked, listening


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_is_heard_and_interrupts_nothing(number: signal.Signals) -> None:
    with listening() as asked:
        assert not asked.within(0)
        asked.proceed()
        os.kill(os.getpid(), number)
        assert asked.within(5)
        assert asked.within(0), "it stays asked"
        with pytest.raises(StopAsked):
            asked.proceed()


def test_what_signals_did_before_they_do_again_afterwards() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with listening():
        assert signal.getsignal(signal.SIGTERM) != before[SIGNALS.index(signal.SIGTERM)]
    assert [signal.getsignal(number) for number in SIGNALS] == before
