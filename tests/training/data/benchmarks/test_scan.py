import hashlib
import subprocess
import sys
from typing import get_args

from tests.training.data.benchmarks.example_sets import scanned, write_image, write_labels
from training.data.benchmarks.registry import BENCHMARKS, DatasetName


def write_set(root):
    for name, hw in (('a', (4, 6)), ('b', (4, 6)), ('c', (2, 6))):
        write_image(root / f'images/{name}.png', hw=hw)
        write_labels(root / f'labels/{name}.png', 0, 1 if name == 'a' else 0, 255, hw=hw)


def test_the_summary_counts_pairs_sizes_and_shares(tmp_path):
    write_set(tmp_path)
    benchmark, summary = scanned('folder', tmp_path)
    assert summary.num_pairs == 3
    assert summary.num_without_outliers == 2
    assert summary.resolutions == {'6x4': 2, '6x2': 1}
    # 60 pixels, 3 of them void, 1 of the other 57 an outlier
    assert summary.void_share == 3 / 60
    assert summary.outlier_share == 1 / 57
    assert '3 pairs' in summary.lines(benchmark)[0]


def test_the_checksum_is_that_of_the_sorted_names_and_sizes(tmp_path):
    write_set(tmp_path)
    _, summary = scanned('folder', tmp_path)
    files = sorted(
        f'{path.relative_to(tmp_path)} {path.stat().st_size}\n' for path in tmp_path.rglob('*.png')
    )
    assert summary.sha256 == hashlib.sha256(''.join(files).encode()).hexdigest()


def test_the_registry_and_the_names_of_the_command_line_agree():
    assert set(get_args(DatasetName)) == set(BENCHMARKS)


def test_sets_are_found_without_importing_torch():
    code = (
        'import sys, training.data.benchmarks.registry, training.data.benchmarks.scan; '
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, '-c', code], timeout=60).returncode == 0
