import pytest

from hopfield_pebal_ros.evaluation.shards import Shard, parse_shard


def test_shards_are_disjoint_and_complete():
    items = list(range(10))
    parts = [Shard(index, 3).select(items) for index in (1, 2, 3)]
    assert parts[0] == [0, 3, 6, 9]
    assert sorted(item for part in parts for item in part) == items


def test_text_is_read():
    assert parse_shard('2/8') == Shard(2, 8)


@pytest.mark.parametrize('text', ['', '2', '2/', 'a/b', '-1/3', '1/2/3'])
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match='a shard is written i/n, for example 2/8; got'):
        parse_shard(text)


@pytest.mark.parametrize('text', ['0/3', '4/3', '0/0'])
def test_a_shard_that_does_not_exist_is_refused(text):
    with pytest.raises(ValueError, match=f'shard {text} does not exist'):
        parse_shard(text)
