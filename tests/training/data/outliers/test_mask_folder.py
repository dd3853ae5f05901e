import numpy as np
import pytest

from training.data.outliers.mask_folder import MaskFolder


def numbers(dtype=np.uint8):
    mask = np.zeros((60, 80), dtype)
    mask[5:35, 5:35] = 1
    mask[5:35, 40:75] = 7
    mask[40:, :] = 255
    return mask


@pytest.fixture
def folder(tmp_path, write_image, noisy_picture):
    def build(mask, classes=None):
        write_image(tmp_path / 'images' / 'a.png', noisy_picture)
        write_image(tmp_path / 'inst' / 'a.png', mask)
        if classes is not None:
            write_image(tmp_path / 'label' / 'a.png', classes)
        return MaskFolder(tmp_path, class_range=(14, 90))

    return build


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_without_classes_all_but_background_and_void_are_objects(folder, dtype):
    shapes = [each.alpha.shape for each in folder(numbers(dtype)).cut_outs(0)]
    assert shapes == [(28, 28), (28, 33)]


def test_the_commonest_class_below_decides(folder):
    classes = np.full((60, 80), 148, np.uint8)  # road
    classes[5:35, 5:35] = 2  # a car
    classes[5:35, 40:75] = 60
    classes[5:7, 40:75] = 2
    assert [each.alpha.shape for each in folder(numbers(), classes).cut_outs(0)] == [(28, 33)]


def test_colour_masks_and_other_sizes_are_refused(folder):
    with pytest.raises(ValueError, match=r'inst/a\.png is \(60, 80, 3\), expected one channel'):
        folder(np.zeros((60, 80, 3), np.uint8)).cut_outs(0)
    with pytest.raises(ValueError, match=r'a\.png is \(60, 80\) and .*a\.png is \(30, 80\)'):
        folder(np.zeros((30, 80), np.uint8)).cut_outs(0)


def test_an_empty_folder_says_what_was_sought(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'images/.*object numbers'):
        MaskFolder(tmp_path, class_range=(0, 1))
