import numpy as np
import pytest

from training.data.outliers.ade20k import Ade20kPatches

ROAD, BED, LAMP = 7, 8, 37


@pytest.fixture
def folder(tmp_path, write_image):
    """The class is the picture's blue: the pixels of a cut-out tell where they came from."""

    def build(classes):
        picture = np.repeat(classes[..., None], 3, axis=2)
        write_image(tmp_path / 'images' / 'training' / 'a.png', picture)
        write_image(tmp_path / 'annotations' / 'training' / 'a.png', classes)
        return Ade20kPatches(tmp_path)

    return build


def thirds():
    classes = np.empty((90, 120), np.uint8)
    classes[:30], classes[30:60], classes[60:] = ROAD, BED, LAMP
    return classes


def test_rectangles_and_unions_without_street_classes(folder):
    patches = folder(thirds())
    rng = np.random.default_rng(0)
    drawn = [patches.draw(rng, 50) for _ in range(60)]
    for each in drawn:
        assert set(np.unique(each.rgb[each.alpha > 0])) <= {BED, LAMP}
    # the union of the only two classes left is 60 x 120 and loses a rim above
    is_union = [each.alpha.shape == (59, 120) for each in drawn]
    assert 0.3 < np.mean(is_union) < 0.7  # half of the patches


def test_a_picture_of_streets_alone_is_refused(folder):
    patches = folder(np.full((90, 120), ROAD, np.uint8))
    with pytest.raises(ValueError, match=r'50 pictures of .* hold nothing to paste'):
        patches.draw(np.random.default_rng(0), 50)


def test_an_empty_folder_says_what_was_sought(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'images/.*ADEChallengeData2016'):
        Ade20kPatches(tmp_path)
