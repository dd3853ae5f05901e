import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from tests.training.data.benchmarks.example_sets import write_image, write_labels
from training.data.labelled_folder import open_labelled_folder
from training.data.labelled_set import DatasetError


@pytest.fixture
def root(tmp_path):
    for stem in ('a', 'drive 1/a'):
        write_image(tmp_path / f'images/{stem}.jpg')
        write_labels(tmp_path / f'labels/{stem}.png', 3, 9)
    (tmp_path / 'label_table.csv').write_text('id,name,class\n3,asphalt,road\n9,own car,void\n')
    return tmp_path


def test_pairs_of_one_name_come_with_the_ids_of_the_table(root):
    found = open_labelled_folder(root)
    assert [each.name for each in found.pairs] == ['a', 'drive 1/a']
    assert found[1].label_map[0, :3].tolist() == [0, IGNORE_ID, 0]
    assert found[1].name == 'folder/drive 1/a'
    assert found.images_without_labels == found.missing_images == ()


def test_another_table_can_be_given(root, tmp_path):
    (tmp_path / 'other.csv').write_text('id,name\n3,sky\n9,car\n')
    found = open_labelled_folder(root, tmp_path / 'other.csv')
    assert found[0].label_map[0, :2].tolist() == [10, 13]
    assert found.variant == 'images/ and labels/; ids of other.csv'


def test_an_id_outside_the_table_is_named_with_its_file(root):
    write_labels(root / 'labels/a.png', 3, 4)
    with pytest.raises(
        DatasetError, match=r'labels/a\.png holds ids 4, expected 3, 9; add a line'
    ):
        open_labelled_folder(root)[0]


def test_a_wrong_folder_is_told_the_pattern(tmp_path):
    with pytest.raises(DatasetError, match=r'Looked for .*/labels/\*\*/\*\.png.*holds nothing'):
        open_labelled_folder(tmp_path)


def test_masks_without_any_image_are_told_what_was_looked_for(root):
    for each in root.glob('images/**/*.jpg'):
        each.unlink()
    with pytest.raises(DatasetError, match=r'2 of 2 label files .*looked for .*images/a\.jpg or'):
        open_labelled_folder(root)
