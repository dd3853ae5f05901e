import numpy as np
import pytest

scipy_io = pytest.importorskip('scipy.io')

from training.data.outliers.region_folder import PEOPLE, RegionFolder, inner_regions


def region_map(column=30):
    """1: around, 2: an inner region, 3: touches the border, 4: too small."""
    regions = np.ones((60, 80), np.uint16)
    regions[20:45, column : column + 25] = 2
    regions[:20, 60:] = 3
    regions[50:52, 10:12] = 4
    return regions


@pytest.fixture
def folder(tmp_path, write_image, noisy_picture):
    def build(*maps):
        write_image(tmp_path / 'images' / 'train' / 'a.png', noisy_picture)
        people = np.empty((1, len(maps)), object)
        for person, regions in enumerate(maps):
            people[0, person] = {'Segmentation': regions}
        (tmp_path / 'groundTruth' / 'train').mkdir(parents=True)
        scipy_io.savemat(tmp_path / 'groundTruth' / 'train' / 'a.mat', {'groundTruth': people})
        return RegionFolder(tmp_path)

    return build


def test_regions_of_fitting_size_off_the_border_are_taken():
    assert inner_regions(region_map()) == [2]  # 4: 4 of 4800 pixels are 0.08 %


def test_each_person_draws_regions(folder):
    objects = folder(region_map(10), region_map(30))
    assert len(objects) == PEOPLE
    left, right = objects.cut_outs(0)[0], objects.cut_outs(1)[0]
    assert left.alpha.shape == right.alpha.shape == (23, 23)
    assert np.array_equal(left.rgb[:, 20:], right.rgb[:, :3])  # 20 columns apart
    assert np.array_equal(objects.cut_outs(2)[0].rgb, left.rgb)  # two people: the first again


def test_a_damaged_file_is_named(folder, tmp_path):
    objects = folder(region_map())
    (tmp_path / 'groundTruth' / 'train' / 'a.mat').write_bytes(b'nothing')
    with pytest.raises(ValueError, match=r'a\.mat cannot be read as BSDS500 regions'):
        objects.cut_outs(0)


def test_an_empty_folder_says_what_was_sought(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'images/.*groundTruth'):
        RegionFolder(tmp_path)
