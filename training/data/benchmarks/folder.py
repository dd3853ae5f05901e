"""Any set as two plain folders: DIR/images and DIR/labels, with the ids said by the user."""

from typing import Final

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.data.benchmarks.benchmark import INLIER_ID, Benchmark
from training.data.benchmarks.layouts import find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.labelled_set import DatasetError, IdTable
from training.data.layouts import same_stem

DEFAULT_ANOMALY_IDS: Final = (1,)
DEFAULT_IGNORE_IDS: Final = (IGNORE_ID,)


def folder(options: BenchmarkOptions) -> Benchmark:
    """Find the pairs of one stem; every id that is neither anomaly nor ignored is an inlier."""
    options.allow_only('folder', 'anomaly_ids', 'ignore_ids')
    anomaly_ids = options.anomaly_ids or DEFAULT_ANOMALY_IDS
    ignore_ids = DEFAULT_IGNORE_IDS if options.ignore_ids is None else options.ignore_ids
    _check_ids(anomaly_ids, ignore_ids)
    layout = same_stem('images', 'labels', name='images/ and labels/')
    _, pairs = find_pairs('folder', options.root, [layout])
    ids = dict.fromkeys(range(256), INLIER_ID)
    ids |= dict.fromkeys(anomaly_ids, OUTLIER_ID) | dict.fromkeys(ignore_ids, IGNORE_ID)
    return Benchmark(
        name='folder',
        variant=f'{layout.name}; outlier ids {_text(anomaly_ids)}, ignored {_text(ignore_ids)}',
        root=options.root,
        pairs=pairs,
        ids=IdTable(ids),
        track='none',
    )


def _check_ids(anomaly_ids: tuple[int, ...], ignore_ids: tuple[int, ...]) -> None:
    for flag, ids in (('--anomaly-ids', anomaly_ids), ('--ignore-ids', ignore_ids)):
        if not all(0 <= each <= 255 for each in ids):
            raise DatasetError(f'{flag} must be 0..255, got {_text(ids)}')
    both = sorted(set(anomaly_ids) & set(ignore_ids))
    if both:
        raise DatasetError(
            f'--anomaly-ids {_text(anomaly_ids)} and --ignore-ids {_text(ignore_ids)} share '
            f'{_text(both)}: a pixel cannot be both'
        )


def _text(ids: tuple[int, ...] | list[int]) -> str:
    return ' '.join(map(str, ids)) or 'none'
