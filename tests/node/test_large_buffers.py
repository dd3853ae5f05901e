"""Freed memory is used again; asked in processes of their own, since the setting stays."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from hopfield_pebal_ros.node.large_buffers import keep_freed_memory

def one_image():
    copies = [bytearray(8_000_000) for _ in range(4)]

if {is_called}:
    keep_freed_memory()
for _ in range(3):
    one_image()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    one_image()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='mallopt is of glibc')
@pytest.mark.parametrize(('is_called', 'least', 'most'), [(False, 10_000, None), (True, 0, 1000)])
def test_images_cause_page_faults_only_without_it(is_called, least, most):
    """Ten images of four copies are 78 000 pages of 4 kB."""
    run = subprocess.run(
        [sys.executable, '-c', PROGRAM.format(is_called=is_called)],
        capture_output=True,
        text=True,
        check=True,
    )
    num_faults = int(run.stdout)
    assert num_faults >= least
    assert most is None or num_faults <= most
