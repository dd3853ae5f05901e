import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.data.benchmarks.example_sets import (
    HW,
    opened,
    scanned,
    write_image,
    write_labels,
)
from training.data.benchmarks.benchmark import INLIER_ID
from training.data.labelled_set import DatasetError

CITY_ID = 'frankfurt_000000_000294'
LOST_ID = '04_Maurener_Weg_8_000000_000030'


def write_overlay_set(root, cityscapes, *, overlay_hw=HW):
    write_labels(root / f'0001_{CITY_ID}_labels.png', 0, 1, 255)
    overlay = np.zeros((*overlay_hw, 3), np.int32)
    overlay[0, 0] = (-50, 7, 400)
    np.savez(root / f'0001_{CITY_ID}_rgb.npz', rgb=overlay)
    write_image(cityscapes / f'leftImg8bit/val/frankfurt/{CITY_ID}_leftImg8bit.png')


def test_an_overlay_is_added_to_its_cityscapes_image_and_clipped(tmp_path):
    root = tmp_path / 'fs_val_v3'
    write_overlay_set(root, tmp_path / 'cityscapes')
    benchmark, summary = scanned('fs_static', root, images_root=tmp_path / 'cityscapes')
    image_rgb, label_map = benchmark.read(benchmark.pairs[0])
    assert image_rgb[0, 0].tolist() == [0, 27, 255]  # 10 - 50, 20 + 7, 30 + 400
    assert image_rgb[1, 1].tolist() == [10, 20, 30]
    assert label_map[0, :3].tolist() == [INLIER_ID, OUTLIER_ID, IGNORE_ID]
    assert benchmark.pairs[0].group == 'frankfurt_000000'
    assert 'v3' in benchmark.variant
    # 24 pixels, 1 void, 1 of the other 23 is an outlier
    assert summary.void_share == pytest.approx(1 / 24)
    assert summary.outlier_share == pytest.approx(1 / 23)


def test_an_overlay_without_its_cityscapes_image_says_where_it_looked(tmp_path):
    root = tmp_path / 'fs'
    write_overlay_set(root, tmp_path / 'elsewhere')
    with pytest.raises(DatasetError, match=r'leftImg8bit/val/frankfurt.*give --images-root'):
        opened('fs_static', root)


def test_an_overlay_of_another_size_is_refused(tmp_path):
    root = tmp_path / 'fs'
    write_overlay_set(root, root, overlay_hw=(2, 2))
    benchmark = opened('fs_static', root)
    with pytest.raises(DatasetError, match='must have the same size'):
        benchmark.read(benchmark.pairs[0])


@pytest.mark.parametrize('arrays', [{'other': np.zeros(1)}, None])
def test_a_foreign_or_damaged_overlay_is_refused(tmp_path, arrays):
    write_overlay_set(tmp_path, tmp_path)
    path = tmp_path / f'0001_{CITY_ID}_rgb.npz'
    if arrays is None:
        path.write_bytes(path.read_bytes()[:50])
    else:
        np.savez(path, **arrays)
    benchmark = opened('fs_static', tmp_path)
    with pytest.raises(DatasetError, match=r"is no npz file|arrays \['other'\], expected 'rgb'"):
        benchmark.read(benchmark.pairs[0])


@pytest.mark.parametrize(
    ('image', 'labels'),
    [
        ('7_rgb.jpg', '7_labels.png'),
        ('images/7.jpg', 'labels/7.png'),
        ('original/7.png', 'labels/7.png'),
    ],
)
def test_repacked_static_sets_are_recognised(tmp_path, image, labels):
    write_image(tmp_path / image)
    write_labels(tmp_path / labels, 0, 1)
    benchmark, summary = scanned('fs_static', tmp_path)
    assert [each.name for each in benchmark.pairs] == ['7']
    assert summary.outlier_share == pytest.approx(1 / 24)


def test_lost_and_found_labels_find_images_of_either_part(tmp_path):
    write_labels(tmp_path / f'fs/0000_{LOST_ID}_labels.png', 0, 1)
    write_image(tmp_path / f'laf/leftImg8bit/test/04_Maurener_Weg_8/{LOST_ID}_leftImg8bit.png')
    benchmark, _ = scanned('fs_lostandfound', tmp_path / 'fs', images_root=tmp_path / 'laf')
    assert (benchmark.pairs[0].name, benchmark.pairs[0].group) == (LOST_ID, '04_Maurener_Weg_8')
    assert benchmark.track == 'obstacle'


def test_lost_and_found_as_densehybrid_packs_it(tmp_path):
    write_labels(tmp_path / 'ood/a_ood_segmentation.png', 0, 1)
    write_image(tmp_path / 'leftImg8bit/a_leftImg8bit.png')
    benchmark, _ = scanned('fs_lostandfound', tmp_path)
    assert benchmark.pairs[0].name == 'a'
