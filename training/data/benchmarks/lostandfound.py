"""LostAndFound: small lost cargo on the road; only the road and what lies on it count."""

from typing import Final

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.data.benchmarks.benchmark import INLIER_ID, Benchmark
from training.data.benchmarks.layouts import find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.labelled_set import IdTable
from training.data.layouts import Layout, with_suffixes

# SegmentMeIfYouCan, testNoKnown: children and bicycles, which a network may know
_KNOWN: Final = (
    '15_Rechbergstr_Deckenpfronn',
    '01_Hanns_Klemm_Str_45_000006',
    '01_Hanns_Klemm_Str_45_000007',
    '10_Schlossberg_9_000004',
)

_IDS: Final = IdTable(
    {0: IGNORE_ID, 1: INLIER_ID, **dict.fromkeys(range(2, 44), OUTLIER_ID)},
    note='gtCoarse_labelIds files hold 0 ignored, 1 free road, 2..43 obstacles',
)


def lostandfound(options: BenchmarkOptions) -> Benchmark:
    """Find the test part; every obstacle counts, as in SegmentMeIfYouCan's 'test'."""
    return _test_part(options, name='lostandfound', left_out=())


def lostandfound_known(options: BenchmarkOptions) -> Benchmark:
    """Find the test part without frames of children and bicycles: 'testNoKnown'."""
    return _test_part(options, name='lostandfound_known', left_out=_KNOWN)


def _test_part(options: BenchmarkOptions, *, name: str, left_out: tuple[str, ...]) -> Benchmark:
    options.allow_only(name, 'images_root')
    not_known = f'(?!{"|".join(left_out)})' if left_out else ''
    layout = Layout(
        name='official test part',
        labels='gtCoarse/test/*/*_gtCoarse_labelIds.png',
        parts=rf'gtCoarse/test/(?P<scene>[^/]+)/{not_known}(?P<id>.+)_gtCoarse_labelIds\.png',
        images=with_suffixes('leftImg8bit/test/{scene}/{id}_leftImg8bit'),
        pair_name='{id}',
        group='{scene}',
    )
    _, pairs = find_pairs(name, options.root, [layout], images_root=options.images_root)
    return Benchmark(
        name=name,
        variant=f'{layout.name}, ids 2..43 are outliers as in SegmentMeIfYouCan'
        + (', frames of known objects left out' if left_out else ''),
        root=options.root,
        pairs=pairs,
        ids=_IDS,
        track='obstacle',
        keeps='labelled',  # 17 frames of the test part have no label at all
    )
