import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from training.data.label_table import read_label_table
from training.data.labelled_set import DatasetError


def table_of(folder, text):
    path = folder / 'ids.csv'
    path.write_text(text, encoding='utf-8')
    return read_label_table(path, CITYSCAPES)


def test_the_class_column_says_what_an_id_is_taught_as(tmp_path):
    text = 'id,name,class\n0,unlabelled,void\n7,asphalt,road\n9,"lost, tyre",outlier\n'
    assert table_of(tmp_path, text).our_ids == {0: IGNORE_ID, 7: 0, 9: OUTLIER_ID}


def test_without_that_column_the_name_is_the_class(tmp_path):
    # a mark before the first letter, spaces and an empty line are what spreadsheets leave
    text = '\ufeffid,name\r\n1, traffic light\r\n\r\n255,void\r\n'
    assert table_of(tmp_path, text).our_ids == {1: 6, 255: IGNORE_ID}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'starts with nothing, expected the header id,name or'),
        ('1,road\n', 'starts with 1,road, expected the header'),
        ('id,name\n', 'a header and no ids'),
        ('id,name\n256,road\n', r"line 2: the id is '256', expected a whole number 0\.\.255"),
        ('id,name\n-1,road\n', "line 2: the id is '-1'"),
        ('id,name\n1,road\n1,sky\n', 'line 3: id 1 is there a second time'),
        ('id,name\n1,asphalt\n', "'asphalt' is no class of the network, which are road, sidewalk"),
        ('id,name,class\n1,road\n', 'line 2: 2 columns, expected 3'),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(tmp_path, text, message):
    with pytest.raises(DatasetError, match=message):
        table_of(tmp_path, text)


def test_a_missing_table_is_told_what_to_write(tmp_path):
    with pytest.raises(DatasetError, match=r'no label table .*ids\.csv; write .* id,name,class'):
        read_label_table(tmp_path / 'ids.csv', CITYSCAPES)
