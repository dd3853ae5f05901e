from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')
from torch.utils.data import DataLoader

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.data.augmentations import ViewRange
from training.data.frames import WeightedSource
from training.data.outlier_exposure import OutlierExposure
from training.data.outliers.mixture import OutlierSources
from training.data.samples import RunSampler, SampleKey, TrainingSamples
from training.data.workers import WORKER_START, start_worker


def sampler(steps, num_samples=5, seed=0):
    return RunSampler(num_samples, seed=seed, batch_size=2, steps=steps, first_exposed_step=6)


def test_a_sample_depends_on_its_key_alone(tiny_settings, samples_for):
    samples = samples_for(tiny_settings)
    first = samples[SampleKey(1, 2, True)]
    samples[SampleKey(0, 0, False)]
    again = samples_for(tiny_settings)[SampleKey(1, 2, True)]
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.image, samples[SampleKey(2, 2, True)].image)


def test_workers_do_not_change_the_batches(tiny_settings, samples_for):
    def batches(num_workers):
        return list(
            DataLoader(
                samples_for(tiny_settings),
                batch_sampler=sampler(range(5, 8), num_samples=6),
                num_workers=num_workers,
                worker_init_fn=start_worker,
                multiprocessing_context=WORKER_START if num_workers else None,
            )
        )

    for alone, shared in zip(batches(0), batches(1), strict=True):
        assert torch.equal(alone.image, shared.image)
        assert torch.equal(alone.labels, shared.labels)
        assert alone.name == shared.name


def test_outliers_are_pasted_only_where_the_key_says(tiny_settings, samples_for, painted_frames):
    class Inliers:
        def __len__(self):
            return 6

        def __getitem__(self, index):
            frame = painted_frames[index]
            frame.label_map[frame.label_map == OUTLIER_ID] = 0
            return frame

    samples = samples_for(tiny_settings, Inliers())

    def count(exposed):
        keys = [SampleKey(0, place, exposed) for place in range(6)]
        return sum(bool((samples[key].labels == OUTLIER_ID).any()) for key in keys)

    assert count(False) == 0
    assert count(True) >= 3


def test_each_epoch_shows_every_sample_once():
    keys = [key for batch in sampler(range(5)) for key in batch]  # 10 keys, 2 epochs of 5
    for epoch in (0, 1):
        assert sorted(key.place for key in keys if key.epoch == epoch) == [0, 1, 2, 3, 4]
    assert [key.place for key in keys[:5]] != [key.place for key in keys[5:]]


def test_a_resumed_sampler_goes_on_where_the_whole_one_is():
    assert list(sampler(range(10)))[4:] == list(sampler(range(4, 10)))


def test_outliers_begin_at_the_anomaly_stage():
    exposed = [batch[0].has_outliers for batch in sampler(range(4, 8))]
    assert exposed == [False, False, True, True]


def test_histogram_counts_pixels(tiny_settings, samples_for):
    once = samples_for(tiny_settings).label_histogram()
    assert once[OUTLIER_ID] == 2 * 4 * 400  # frames 0 and 4 stand for 4 each; 20 x 20 pixels
    assert once.sum() == 2 * 4 * 128 * 256


def test_repeats_count_in_an_epoch(tiny_settings, painted_frames, samples_for):
    plain = samples_for(tiny_settings)
    twice = TrainingSamples(
        [WeightedSource(painted_frames, repeats=2), WeightedSource(painted_frames)],
        seed=0,
        view_range=plain._view_range,
        exposure=tiny_settings.exposure,
        exposed_share=0.0,
    )
    assert len(twice) == 18
    assert twice[SampleKey(0, 7, False)].name == 'painted 1'
    assert twice[SampleKey(0, 12, False)].name == 'painted 0'
    with pytest.raises(IndexError, match='beyond the 18'):
        twice[SampleKey(0, 18, False)]


def test_an_outlier_set_without_files_is_refused_before_training(tiny_settings, samples_for):
    sources = OutlierSources(yolo=Path('nowhere'))
    settings = replace(tiny_settings, exposure=OutlierExposure(sources=sources))
    with pytest.raises(FileNotFoundError, match='no picture matches nowhere/images'):
        samples_for(settings)


@pytest.mark.parametrize(('share', 'is_flipped'), [(0.0, False), (1.0, True)])
def test_as_many_samples_are_mirrored_as_asked(share, is_flipped, tiny_settings, painted_frames):
    view_range = ViewRange(network_hw=(128, 256), crop_hw=(128, 256), scale=(1.0, 1.0), aspect=1.0)
    samples = TrainingSamples(
        [WeightedSource(painted_frames)],
        seed=0,
        view_range=view_range,
        exposure=tiny_settings.exposure,
        exposed_share=0.0,
        flipped_share=share,
    )
    for place in range(6):
        labels = torch.from_numpy(painted_frames[place].label_map)
        expected = labels.flip(1) if is_flipped else labels
        assert torch.equal(samples[SampleKey(0, place, False)].labels, expected)
