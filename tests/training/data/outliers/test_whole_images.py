import numpy as np
import pytest

from training.data.outliers.whole_images import WholeImages, random_piece


@pytest.fixture
def images(tmp_path, write_image):
    """A picture whose channels are row and column."""
    rows, columns = np.mgrid[:60, :80].astype(np.uint8)
    write_image(tmp_path / 'deep' / 'a.png', np.stack([rows, columns, rows * 0], axis=2))
    return WholeImages(tmp_path)


def test_a_coarse_picture_gives_its_largest_piece_as_it_is(images):
    piece = images.draw(np.random.default_rng(0), (100, 200))  # 1 : 2
    assert piece.shape == (40, 80, 3)
    assert np.ptp(piece[..., 2]) == 39  # neighbouring rows, every column
    assert np.ptp(piece[..., 1]) == 79


def test_a_fine_picture_is_brought_to_the_resolution_of_the_street(images):
    piece = images.draw(np.random.default_rng(0), (15, 20))
    assert piece.shape == (15, 20, 3)
    assert np.ptp(piece[..., 1]) > 70  # still the whole width


def test_an_unreadable_picture_is_named(images, tmp_path):
    (tmp_path / 'deep' / 'a.png').write_bytes(b'no picture')
    with pytest.raises(ValueError, match=r'a\.png'):
        images.draw(np.random.default_rng(0), (10, 10))


def test_an_empty_folder_says_what_was_sought(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no picture matches .*pictures without streets'):
        WholeImages(tmp_path)


def test_pieces_have_their_proportions_and_share_and_lie_anywhere():
    places = set()
    for seed in range(40):
        rows, columns = random_piece((60, 80), (100, 200), np.random.default_rng(seed), share=0.5)
        assert (rows.stop - rows.start, columns.stop - columns.start) == (20, 40)
        places.add((rows.start, columns.start))
    assert {min(each) for each in zip(*places, strict=True)} <= set(range(5))
    assert max(row for row, _ in places) > 35
    assert max(row for row, _ in places) <= 40
