import numpy as np
import pytest

from training.data.outliers.cut_out import CutOut
from training.data.outliers.object_pool import ObjectPool


def square(side):
    return CutOut(np.zeros((side, side, 3), np.uint8), np.ones((side, side), np.float32))


class Squares:
    """Pictures with squares of given sides."""

    name = 'squares'

    def __init__(self, *sides):
        self._sides = sides
        self.reads = []

    def __len__(self):
        return len(self._sides)

    def cut_outs(self, index):
        self.reads.append(index)
        return tuple(square(side) for side in self._sides[index])


def drawn(pool, size_px, count=40):
    rng = np.random.default_rng(0)
    return [len(pool.draw(rng, size_px).alpha) for _ in range(count)]


def test_pictures_without_objects_are_passed_over():
    assert set(drawn(ObjectPool(Squares((), (), (30,), ())), 20)) == {30}


def test_objects_that_need_not_be_enlarged_come_first():
    pool = ObjectPool(Squares((20, 50, 90)))
    assert set(drawn(pool, 60)) == {90}
    assert set(drawn(pool, 10)) == {20, 50, 90}
    assert set(drawn(pool, 100)) == {20, 50, 90}


def test_the_generator_decides_and_the_cache_does_not():
    fresh, used = ObjectPool(Squares((20, 30), (40,))), ObjectPool(Squares((20, 30), (40,)))
    drawn(used, 10)
    assert drawn(fresh, 10) == drawn(used, 10)


def test_a_picture_is_read_once():
    pictures = Squares((20,), (30,))
    drawn(ObjectPool(pictures), 10)
    assert sorted(pictures.reads) == [0, 0, 1]  # the constructor looked at the first


def test_a_set_without_objects_is_refused():
    with pytest.raises(ValueError, match='none of the 2 pictures of squares has an object'):
        ObjectPool(Squares((), ()))
