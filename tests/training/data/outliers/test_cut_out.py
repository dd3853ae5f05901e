import numpy as np

from training.data.outliers.cut_out import cut_out


def test_an_object_loses_its_rim_and_its_surroundings(noisy_picture):
    cover = np.zeros((60, 80), np.uint8)
    cover[10:40, 20:60] = 255
    found = cut_out(noisy_picture, cover)
    # one pixel of rim on each side: rows 11..38, columns 21..58
    assert np.array_equal(found.rgb, noisy_picture[11:39, 21:59])
    assert found.alpha.shape == (28, 38)
    assert (found.alpha == 1).all()


def test_the_picture_border_is_no_rim(noisy_picture):
    cover = np.zeros((60, 80), np.uint8)
    cover[:30, :40] = 255
    assert cut_out(noisy_picture, cover).alpha.shape == (29, 39)


def test_what_is_too_small_or_a_sliver_is_left_out(noisy_picture):
    small, sliver = np.zeros((2, 60, 80), np.uint8)
    small[10:30, 10:30] = 255  # 18 x 18 = 324 pixels are left
    assert cut_out(noisy_picture, small) is None
    wide = np.zeros((60, 800, 3), np.uint8)
    sliver = np.zeros((60, 800), np.uint8)
    sliver[10:20, 10:200] = 255  # 8 x 188
    assert cut_out(wide, sliver) is None
    assert cut_out(noisy_picture, np.zeros((60, 80), np.uint8)) is None
