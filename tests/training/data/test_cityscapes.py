import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from tests.training.data.benchmarks.example_sets import write_image, write_labels
from training.data.cityscapes import open_cityscapes
from training.data.labelled_set import DatasetError

# the 19 evaluation classes of the Cityscapes label definitions
LABEL_ID_OF_NAME = {
    'road': 7, 'sidewalk': 8, 'building': 11, 'wall': 12, 'fence': 13, 'pole': 17,
    'traffic light': 19, 'traffic sign': 20, 'vegetation': 21, 'terrain': 22, 'sky': 23,
    'person': 24, 'rider': 25, 'car': 26, 'truck': 27, 'bus': 28, 'train': 31,
    'motorcycle': 32, 'bicycle': 33,
}  # fmt: skip


def write_official(root, kind, *ids, split='train', city='aachen', frame=19):
    name = f'{city}_000001_{frame:06d}'
    write_image(root / f'leftImg8bit/{split}/{city}/{name}_leftImg8bit.png')
    write_labels(root / f'gtFine/{split}/{city}/{name}_gtFine_{kind}.png', *ids)


def test_every_label_id_becomes_the_train_id_of_its_class_or_void(tmp_path):
    write_official(tmp_path, 'labelIds', *range(24))
    write_official(tmp_path, 'labelIds', *range(24, 34), frame=20)
    found = open_cityscapes(tmp_path)
    ids = [*found[0].label_map.ravel(), *found[1].label_map.ravel()[:10]]
    expected = [IGNORE_ID] * 34
    for name, label_id in LABEL_ID_OF_NAME.items():
        expected[label_id] = CITYSCAPES.id_of(name)
    assert ids == expected
    assert found.variant == 'official, labelIds; labelIds in the files'


def test_train_ids_stay(tmp_path):
    write_official(tmp_path, 'labelTrainIds', *range(19), 255)
    found = open_cityscapes(tmp_path)
    assert found[0].label_map.ravel()[:20].tolist() == [*range(19), IGNORE_ID]
    assert found.variant == 'official, labelTrainIds; train ids in the files'


@pytest.mark.parametrize('folder', ['annotation', 'annotations'])
def test_the_flattened_layout_is_read_by_its_part(tmp_path, folder):
    for split, train_id in (('train', 0), ('val', 10)):
        write_image(
            tmp_path / f'images/city_gt_fine/{split}/{split}_000001_000019_leftImg8bit.png'
        )
        mask = tmp_path / f'{folder}/city_gt_fine/{split}/{split}_000001_000019_gtFine.png'
        write_labels(mask, train_id, 255)
    found = open_cityscapes(tmp_path)
    assert [each.name for each in found.pairs] == ['train_000001_000019']
    assert found[0].label_map[0, :2].tolist() == [0, IGNORE_ID]


def test_images_and_labels_of_one_stem_are_told_by_their_content(tmp_path):
    write_image(tmp_path / 'images/a_leftImg8bit.jpg')
    write_labels(tmp_path / 'labels/a_leftImg8bit.png', 7, 26)
    found = open_cityscapes(tmp_path)
    assert found[0].label_map[0, :2].tolist() == [0, 13]
    assert found.variant.endswith('labelIds in the files')


def test_parts_add_up_and_others_stay_out(tmp_path):
    for split in ('train', 'val', 'test'):
        write_official(tmp_path, 'labelIds', 7, 33, split=split, city=split)
    assert [each.name[:5] for each in open_cityscapes(tmp_path, ('train', 'val')).pairs] == [
        'train',
        'val_0',
    ]
    assert len(open_cityscapes(tmp_path, ('val',))) == 1
    assert open_cityscapes(tmp_path, ('train', 'val')).images_without_labels == ()


@pytest.mark.parametrize(('kind', 'expected'), [('labelIds', [0, 1]), ('labelTrainIds', [7, 8])])
def test_names_tell_the_ids_where_content_does_not(tmp_path, kind, expected):
    write_official(tmp_path, kind, 7, 8)
    assert open_cityscapes(tmp_path)[0].label_map[0, :2].tolist() == expected


def test_files_that_show_neither_are_refused(tmp_path):
    write_image(tmp_path / 'images/a.png')
    write_labels(tmp_path / 'labels/a.png', 7, 8)
    with pytest.raises(DatasetError, match=r'labels/a\.png\).*cannot be told apart: name'):
        open_cityscapes(tmp_path)


def test_mixed_files_are_refused(tmp_path):
    for name, ids in (('a', (7, 23)), ('b', (0, 255))):
        write_image(tmp_path / f'images/{name}.png')
        write_labels(tmp_path / f'labels/{name}.png', *ids)
    with pytest.raises(DatasetError, match=r'b\.png holds ids 255.*are mixed'):
        open_cityscapes(tmp_path)[1]


def test_what_is_missing_is_counted(tmp_path):
    for frame in (1, 2, 3):
        write_official(tmp_path, 'labelIds', 7, 33, frame=frame)
    next(tmp_path.glob('gtFine/train/aachen/*_000001_gtFine_*')).unlink()
    next(tmp_path.glob('leftImg8bit/train/aachen/*_000002_*')).unlink()
    found = open_cityscapes(tmp_path)
    assert [each.name for each in found.pairs] == ['aachen_000001_000003']
    assert [each.name for each in found.images_without_labels] == [
        'aachen_000001_000001_leftImg8bit.png'
    ]
    assert len(found.missing_images) == 1
    assert (
        'leftImg8bit/train/aachen/aachen_000001_000002_leftImg8bit.jpg' in found.missing_images[0]
    )


def test_a_wrong_folder_is_told_every_pattern(tmp_path):
    (tmp_path / 'aachen').mkdir()
    message = (
        r'Looked for .*/gtFine/train/\*/\*_gtFine_labelIds\.png.*/annotation/city_gt_fine/train.*'
        r'/labels/\*\.png.*The folder holds aachen; give the folder that has leftImg8bit/'
    )
    with pytest.raises(DatasetError, match=message):
        open_cityscapes(tmp_path)
    with pytest.raises(DatasetError, match=r'nowhere is no folder of Cityscapes'):
        open_cityscapes(tmp_path / 'nowhere')
