"""Drives: determinism, honest labels, motion."""

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.scenes.drive import Drive

HW = (192, 384)
SEEDS = range(6)
THINGS = {
    *(
        CITYSCAPES.id_of(name)
        for name in ('person', 'rider', 'car', 'truck', 'bus', 'motorcycle', 'bicycle')
    ),
    OUTLIER_ID,
}
ROAD_ID = CITYSCAPES.id_of('road')


@pytest.fixture(scope='module')
def frames():
    return {seed: Drive(seed, image_hw=HW).frame(7) for seed in SEEDS}


def test_planes_have_the_promised_shapes_and_types(frames):
    frame = frames[0]
    assert (frame.image_rgb.shape, frame.image_rgb.dtype) == ((*HW, 3), np.uint8)
    assert (frame.label_map.shape, frame.label_map.dtype) == (HW, np.uint8)
    assert (frame.instance_map.shape, frame.instance_map.dtype) == (HW, np.uint16)
    assert frame.time_s == pytest.approx(0.7)


def test_frames_do_not_depend_on_the_order_of_calls(frames):
    drive = Drive(3, image_hw=HW)
    for index in (40, 0, 8):
        drive.frame(index)
    again = drive.frame(7)
    np.testing.assert_array_equal(again.image_rgb, frames[3].image_rgb)
    np.testing.assert_array_equal(again.label_map, frames[3].label_map)
    np.testing.assert_array_equal(again.instance_map, frames[3].instance_map)


def test_seeds_give_different_streets(frames):
    for seed in list(SEEDS)[1:]:
        assert (frames[seed].image_rgb != frames[0].image_rgb).mean() > 0.5


@pytest.mark.parametrize('seed', SEEDS)
def test_labels_are_classes_or_reserved(frames, seed):
    allowed = {*range(len(CITYSCAPES)), OUTLIER_ID, IGNORE_ID}
    assert set(np.unique(frames[seed].label_map).tolist()) <= allowed


@pytest.mark.parametrize('seed', SEEDS)
def test_each_instance_has_one_label_and_stuff_has_none(frames, seed):
    frame = frames[seed]
    for instance in np.unique(frame.instance_map)[1:]:
        labels = np.unique(frame.label_map[frame.instance_map == instance])
        assert len(labels) == 1
        assert int(labels[0]) in THINGS
    is_thing = np.isin(frame.label_map, list(THINGS))
    np.testing.assert_array_equal(is_thing, frame.instance_map > 0)


@pytest.mark.parametrize('seed', SEEDS)
def test_the_road_lies_at_the_lower_middle(frames, seed):
    part = frames[seed].label_map[int(0.8 * HW[0]) :, int(0.4 * HW[1]) : int(0.6 * HW[1])]
    seen = part[(part != IGNORE_ID) & ~np.isin(part, list(THINGS))]
    assert len(seen) > 0
    assert (seen == ROAD_ID).mean() > 0.95


@pytest.mark.parametrize('seed', SEEDS)
def test_without_outliers_the_rest_of_the_labels_is_the_same(frames, seed):
    plain = Drive(seed, image_hw=HW, outliers=False).frame(7)
    elsewhere = frames[seed].label_map != OUTLIER_ID
    assert OUTLIER_ID not in plain.label_map
    np.testing.assert_array_equal(plain.label_map[elsewhere], frames[seed].label_map[elsewhere])
    np.testing.assert_array_equal(
        plain.instance_map[elsewhere], frames[seed].instance_map[elsewhere]
    )


@pytest.mark.parametrize('seed', SEEDS)
def test_without_outliers_the_sky_above_them_is_the_same(frames, seed):
    """Shadows fall on the ground; 24 rows above the highest outlier no pixel differs."""
    plain = Drive(seed, image_hw=HW, outliers=False).frame(7)
    rows = np.flatnonzero((frames[seed].label_map == OUTLIER_ID).any(axis=1))
    above = max(int(rows[0]) - 24, 0) if len(rows) else HW[0] // 4
    np.testing.assert_array_equal(plain.image_rgb[:above], frames[seed].image_rgb[:above])


def test_most_drives_show_outliers_and_some_none():
    counts = [
        len(np.unique(frame.instance_map[frame.label_map == OUTLIER_ID]))
        for frame in (Drive(seed, image_hw=HW).frame(0) for seed in range(14))
    ]
    assert 0.5 < np.mean(np.array(counts) > 0) < 1
    assert max(counts) <= 8


def test_outliers_grow_while_the_vehicle_comes_closer():
    """Follow outliers that stay inside the picture; few may be hidden by what moves."""
    growth = []
    for seed in range(14):
        drive = Drive(seed, image_hw=HW)
        first, last = drive.frame(0), drive.frame(6)
        for instance in np.unique(first.instance_map[first.label_map == OUTLIER_ID]):
            before, after = first.instance_map == instance, last.instance_map == instance
            rows, columns = np.nonzero(after)
            if (
                before.sum() < 40
                or not len(rows)
                or columns.min() < 3
                or columns.max() > HW[1] - 4
            ):
                continue
            if rows.max() < 0.85 * HW[0]:
                growth.append(after.sum() / before.sum())
    assert len(growth) >= 4
    assert np.mean(np.array(growth) > 1) >= 0.8
    assert np.median(growth) > 1.1


def test_parked_cars_keep_their_instance():
    drive = Drive(1, image_hw=HW)
    car = CITYSCAPES.id_of('car')
    first, second = drive.frame(0), drive.frame(1)
    ids = [
        set(np.unique(each.instance_map[each.label_map == car]).tolist())
        for each in (first, second)
    ]
    assert len(ids[0] & ids[1]) >= 0.6 * len(ids[0]) > 0


def test_the_rate_decides_the_time():
    drive = Drive(2, image_hw=(64, 128))
    np.testing.assert_array_equal(
        drive.frame(4, rate_hz=10).label_map, drive.frame(8, rate_hz=20).label_map
    )


@pytest.mark.parametrize('image_hw', [(63, 200), (200, 10), (0, 0)])
def test_a_small_picture_is_refused(image_hw):
    with pytest.raises(ValueError, match='at least 64 x 64'):
        Drive(0, image_hw=image_hw)


def test_a_negative_seed_index_or_rate_is_refused():
    with pytest.raises(ValueError, match='seed must be 0 or more, got -1'):
        Drive(-1)
    drive = Drive(0, image_hw=(64, 128))
    with pytest.raises(ValueError, match='index must be 0 or more, got -2'):
        drive.frame(-2)
    with pytest.raises(ValueError, match='above 0, got 0'):
        drive.frame(0, rate_hz=0)
