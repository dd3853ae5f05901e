import pytest

torch = pytest.importorskip('torch')

from training.class_weights import class_weights_from


def test_class_weights_worked_by_hand():
    # shares 0.64, 0.36 and 0: 1 / 0.8 and 1 / 0.6, divided by 0.64 / 0.8 + 0.36 / 0.6 = 1.4
    weights = class_weights_from(torch.tensor([64, 36, 0]), balance=0.5)
    assert weights.tolist() == pytest.approx([1.25 / 1.4, 1 / 0.6 / 1.4, 1.0])
    assert class_weights_from(torch.tensor([64, 36, 0]), balance=0.0).tolist() == [1, 1, 1]
