"""Fishyscapes validation sets: Static (overlays v1 to v3, re-packs) and Lost and Found."""

import re
from typing import Final

from training.data.benchmarks.benchmark import Benchmark, zero_one_void
from training.data.benchmarks.layouts import REPACKED, find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.layouts import Layout, with_suffixes

_CITYSCAPES_ID: Final = r'(?P<id>(?P<city>[A-Za-z-]+)_(?P<sequence>\d+)_\d+)'
_LOST_IMAGES: Final = (
    'leftImg8bit/train/{scene}/{id}_leftImg8bit.png',
    'leftImg8bit/test/{scene}/{id}_leftImg8bit.png',
)
_LOST_ID: Final = r'(?P<id>(?P<scene>\d+_.+)_\d{6}_\d{6})'

STATIC_LAYOUTS: Final = (
    Layout(
        name='official overlays',
        labels='**/*_labels.png',
        parts=rf'(?P<folder>(?:.*/)?)(?P<index>\d+)_{_CITYSCAPES_ID}_labels\.png',
        images=tuple(
            f'{start}{{city}}/{{id}}_leftImg8bit.png'
            for start in (
                'leftImg8bit/val/',
                'leftImg8bit_trainvaltest/leftImg8bit/val/',
                'val/',
                '',
            )
        ),
        overlay='{folder}{index}_{id}_rgb.npz',
        pair_name='{index}_{id}',
        group='{city}_{sequence}',
    ),
    Layout(
        name='overlays added: *_rgb.jpg and *_labels.png',
        labels='**/*_labels.png',
        parts=r'(?P<folder>(?:.*/)?)(?P<id>[^/]+)_labels\.png',
        images=with_suffixes('{folder}{id}_rgb'),
        pair_name='{id}',
    ),
    *REPACKED,
)

LOST_AND_FOUND_LAYOUTS: Final = (
    Layout(
        name='official labels with LostAndFound images',
        labels='**/*_labels.png',
        parts=rf'(?:.*/)?\d+_{_LOST_ID}_labels\.png',
        images=(*_LOST_IMAGES, 'laf_images/{id}_leftImg8bit.png'),
        pair_name='{id}',
        group='{scene}',
    ),
    Layout(
        name='labels of SegmentMeIfYouCan with LostAndFound images',
        labels='labels/val/*_fishy-labels.png',
        parts=rf'labels/val/{_LOST_ID}_fishy-labels\.png',
        images=_LOST_IMAGES,
        pair_name='{id}',
        group='{scene}',
    ),
    Layout(
        name='re-packed: leftImg8bit/ and ood/',
        labels='ood/*_ood_segmentation.png',
        parts=r'ood/(?P<id>.+)_ood_segmentation\.png',
        images=with_suffixes('leftImg8bit/{id}_leftImg8bit'),
        pair_name='{id}',
        every_image=with_suffixes('leftImg8bit/*_leftImg8bit'),
    ),
    *REPACKED,
)


def fs_static(options: BenchmarkOptions) -> Benchmark:
    """Find Fishyscapes Static; the image of an official pair is a Cityscapes image plus overlay.

    The label file tells outliers, not the overlay, which also changes shadows and borders.
    """
    options.allow_only('fs_static', 'images_root')
    # without overlay files they were added already, and labels of official names say nothing
    has_overlays = any(options.root.glob('**/*_rgb.npz'))
    layouts = STATIC_LAYOUTS if has_overlays else STATIC_LAYOUTS[1:]
    layout, pairs = find_pairs('fs_static', options.root, layouts, images_root=options.images_root)
    version = re.search(r'v[123](?!\d)', options.root.name)
    return Benchmark(
        name='fs_static',
        variant=layout.name + (f', {version.group()}' if version else ', version not known'),
        root=options.root,
        pairs=pairs,
        ids=zero_one_void(),
        track='anomaly',
    )


def fs_lostandfound(options: BenchmarkOptions) -> Benchmark:
    """Find Fishyscapes Lost and Found; official labels need the LostAndFound images, too."""
    options.allow_only('fs_lostandfound', 'images_root')
    layout, pairs = find_pairs(
        'fs_lostandfound', options.root, LOST_AND_FOUND_LAYOUTS, images_root=options.images_root
    )
    return Benchmark(
        name='fs_lostandfound',
        variant=layout.name,
        root=options.root,
        pairs=pairs,
        ids=zero_one_void(),
        track='obstacle',
    )
