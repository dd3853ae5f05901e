import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import (
    CITYSCAPES,
    IGNORE_ID,
    MAX_CLASSES,
    OUTLIER_ID,
    InlierClass,
    LabelSet,
)


def label_set_of(*names: str) -> LabelSet:
    return LabelSet(tuple(InlierClass(name, (1, 2, 3)) for name in names))


def test_reserved_ids_are_two_and_no_class_can_have_them():
    assert OUTLIER_ID != IGNORE_ID
    assert min(OUTLIER_ID, IGNORE_ID) >= MAX_CLASSES


def test_cityscapes_ids_are_the_train_ids_of_the_benchmark():
    # https://www.cityscapes-dataset.com labels: trainId 0 road, 10 sky, 13 car, 18 bicycle
    assert len(CITYSCAPES) == 19
    assert [CITYSCAPES.names[each] for each in (0, 10, 13, 18)] == [
        'road',
        'sky',
        'car',
        'bicycle',
    ]
    assert CITYSCAPES.id_of('person') == 11


def test_the_palette_has_each_class_color_and_black_elsewhere():
    palette = CITYSCAPES.palette_rgb()
    assert palette.shape == (256, 3)
    assert palette.dtype == np.uint8
    assert palette[0].tolist() == [128, 64, 128]
    assert palette[13].tolist() == [0, 0, 142]
    assert palette[OUTLIER_ID].tolist() == [255, 102, 0]
    assert not palette[19:OUTLIER_ID].any()
    assert not palette[IGNORE_ID].any()


def test_the_palette_is_a_copy():
    CITYSCAPES.palette_rgb()[0] = 1
    assert CITYSCAPES.palette_rgb()[0].tolist() == [128, 64, 128]


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match=r'no class.*boat.*road, car'):
        label_set_of('road', 'car').id_of('boat')


def test_the_largest_label_set_fits_below_the_reserved_ids():
    full = label_set_of(*(f'class {index}' for index in range(MAX_CLASSES)))
    assert full.id_of(f'class {MAX_CLASSES - 1}') == OUTLIER_ID - 1
    with pytest.raises(ValueError, match='1 to 254 classes, got 255'):
        label_set_of(*(f'class {index}' for index in range(MAX_CLASSES + 1)))


def test_an_empty_label_set_is_refused():
    with pytest.raises(ValueError, match='got 0'):
        LabelSet(())


def test_names_must_differ():
    with pytest.raises(ValueError, match='names must differ'):
        label_set_of('road', 'road')


@pytest.mark.parametrize('color', [(0, 0, 256), (-1, 0, 0), (1, 2)])
def test_a_color_that_is_none_is_refused(color: tuple[int, ...]):
    with pytest.raises(ValueError, match="colour of class 'road'"):
        LabelSet((InlierClass('road', color),))
