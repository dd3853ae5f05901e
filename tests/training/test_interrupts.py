import os
import signal

import pytest

pytest.importorskip('torch')

from training.interrupts import interrupt_flag


def test_the_first_interrupt_is_remembered_and_the_second_ends():
    before = signal.getsignal(signal.SIGINT)
    with interrupt_flag() as is_stopped:
        assert not is_stopped()
        os.kill(os.getpid(), signal.SIGINT)
        assert is_stopped()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
