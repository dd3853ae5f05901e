from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.scores import feature_store
from training.scores.feature_store import (
    is_example,
    open_features,
    sampled_places,
    store_features,
)
from training.scores.fitted_state import FittedOn
from training.scores.readings import ScoreError

FITTED_ON = FittedOn(
    network_sha256='abc',
    class_names=('a', 'b', 'c', 'd'),
    features='penultimate',
    data='clusters',
    examples_per_class=(),
    num_outliers=0,
)


def test_stored_features_are_those_of_the_stream(stream, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(feature_store, '_ROWS_PER_SHARD', 300)  # two batches of 190 fill a shard
    store_features(stream, tmp_path, FITTED_ON)
    stored = open_features(tmp_path)
    assert (stored.num_shards, stored.num_classes, stored.width) == (2, 4, stream.width)
    for _ in range(2):  # it can be gone through again
        for name in ('features', 'class_logits', 'labels', 'deviations'):
            ours = torch.cat([getattr(each, name) for each in stored])
            assert torch.equal(ours, torch.cat([getattr(each, name) for each in stream]))
    labels = torch.cat([each.labels for each in stream])
    assert stored.fitted_on.num_outliers == int((labels == OUTLIER_ID).sum())
    assert stored.fitted_on.examples_per_class == tuple(
        int((labels == each).sum()) for each in range(4)
    )


def test_a_folder_that_is_not_whole_is_refused(stream, tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r'no complete features in .*precompute_features'):
        open_features(tmp_path)
    store_features(stream, tmp_path, FITTED_ON)
    (tmp_path / 'shard_00000.safetensors').write_bytes(b'cut off')
    with pytest.raises(ScoreError, match=r'shard_00000\.safetensors cannot be read'):
        list(open_features(tmp_path))
    (tmp_path / 'features.json').write_text('{"format": 9}')
    with pytest.raises(ScoreError, match='has format 9, not 1'):
        open_features(tmp_path)


def test_nothing_to_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match='no labelled pixel was found'):
        store_features([], tmp_path, FITTED_ON)


def test_small_classes_are_taken_whole_and_large_ones_capped() -> None:
    labels = torch.tensor([0] * 500 + [1] * 7 + [OUTLIER_ID] * 90)
    places = sampled_places(labels, per_class=50, generator=torch.Generator().manual_seed(0))
    chosen = labels[places]
    assert len(places.unique()) == len(places) == 107
    assert [int((chosen == each).sum()) for each in (0, 1, OUTLIER_ID)] == [50, 7, 50]


def test_ignored_and_unknown_pixels_are_no_examples() -> None:
    labels = torch.tensor([0, 3, 4, 253, OUTLIER_ID, IGNORE_ID])
    assert is_example(labels, num_classes=4).tolist() == [True, True, False, False, True, False]
