import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.component_metrics import ComponentCounter
from hopfield_pebal_ros.evaluation.counters_file import (
    ShardCounters,
    load_counters,
    merge_shards,
    save_counters,
)
from hopfield_pebal_ros.evaluation.image_log import ImageLog
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.segmentation_metrics import ConfusionMatrix
from hopfield_pebal_ros.evaluation.shards import Shard

KINDS = {
    'pixels': PixelCounter,
    'classes': ConfusionMatrix,
    'components': ComponentCounter,
    'images': ImageLog,
}


def count(image_indices):
    """Count synthetic images of the given numbers with every kind of counter."""
    pixels, classes, components, images = (
        PixelCounter(), ConfusionMatrix(2), ComponentCounter(), ImageLog()
    )  # fmt: skip
    for index in image_indices:
        rng = np.random.default_rng(index)
        outlier = rng.random((20, 30)) < 0.1
        energy = (rng.standard_normal((20, 30)) + 2 * outlier).astype(np.float32)
        pixels.add_sparse(images.add(f'image {index}', energy, outlier))
        classes.add((energy > 1).astype(np.uint8), outlier.astype(np.uint8))
        components.add(energy > 1, outlier)
    return {'pixels': pixels, 'classes': classes, 'components': components, 'images': images}


def save_shards(folder, count_of_shards, run='model on set'):
    paths = []
    for index in range(1, count_of_shards + 1):
        shard = Shard(index, count_of_shards)
        paths.append(folder / f'{index}.npz')
        save_counters(paths[-1], ShardCounters(shard, run, count(shard.select(range(7)))))
    return paths


def test_merged_shards_equal_one_run(tmp_path):
    merged = merge_shards(save_shards(tmp_path, 3), KINDS)
    whole = count(range(7))
    for name in ('pixels', 'classes', 'components'):
        expected = whole[name].to_arrays()
        for key, array in merged.counters[name].to_arrays().items():
            np.testing.assert_array_equal(array, expected[key])
    assert {each.name for each in merged.counters['images']} == {f'image {n}' for n in range(7)}
    assert merged.run == 'model on set'


def test_a_file_is_small(tmp_path):
    assert save_shards(tmp_path, 1)[0].stat().st_size < 100_000


def test_a_missing_or_repeated_shard_is_refused(tmp_path):
    paths = save_shards(tmp_path, 3)
    with pytest.raises(ValueError, match='got shards 1/3, 3/3; expected each of 1/3 to 3/3 once'):
        merge_shards([paths[0], paths[2]], KINDS)
    with pytest.raises(ValueError, match='got shards 1/3, 2/3, 2/3, 3/3'):
        merge_shards([*paths, paths[1]], KINDS)
    with pytest.raises(ValueError, match='no counter file to merge'):
        merge_shards([], KINDS)


def test_shards_of_another_run_are_refused(tmp_path):
    (tmp_path / 'other').mkdir()
    paths = save_shards(tmp_path, 2)
    foreign = save_shards(tmp_path / 'other', 2, run='another model')
    with pytest.raises(ValueError, match=r'is of another run \(another model\)'):
        merge_shards([paths[0], foreign[1]], KINDS)


def test_a_counter_that_was_not_saved_is_refused(tmp_path):
    path = tmp_path / 'part.npz'
    save_counters(path, ShardCounters(Shard(1, 1), 'run', {'pixels': PixelCounter()}))
    with pytest.raises(ValueError, match=r"no counter 'classes', only \['pixels'\]"):
        load_counters(path, KINDS)


def test_other_files_are_refused(tmp_path):
    text, foreign = tmp_path / 'text.npz', tmp_path / 'foreign.npz'
    text.write_text('not counters')
    np.savez(foreign, weights=np.zeros(3))
    with pytest.raises(ValueError, match='is not an npz file of counters'):
        load_counters(text, KINDS)
    with pytest.raises(ValueError, match='is not a counter file of format 1'):
        load_counters(foreign, KINDS)
