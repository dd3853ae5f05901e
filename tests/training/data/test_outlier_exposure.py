import pytest

from training.data.outlier_exposure import OutlierExposure


@pytest.mark.parametrize(
    ('setting', 'message'),
    [
        ({'most_objects': 0}, 'most_objects must be at least 1, got 0'),
        (
            {'smallest_px': 300.0},
            'smallest_px, largest_px must be 0 < smallest',
        ),
        ({'smallest_area': 0.0}, 'smallest_area, largest_area must be 0 < smallest'),
        ({'small_px': (9.0, 3.0)}, 'small_px must be 0 < smallest <= largest, got 9.0 and 3.0'),
        ({'feather_px': (-1.0, 1.0)}, 'feather_px must be 0 <= smallest'),
        ({'scene_blur_px': (2.0, 1.0)}, 'scene_blur_px must be 0 <= smallest <= largest, got 2'),
        ({'photographs_share': 2.0}, r'photographs_share must lie in 0\.\.1, got 2\.0'),
        ({'on_ground_share': 1.1}, r'on_ground_share must lie in 0\.\.1, got 1\.1'),
        ({'black_out_share': -0.1}, r'black_out_share must lie in 0\.\.1'),
    ],
)
def test_what_cannot_be_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        OutlierExposure(**setting)
