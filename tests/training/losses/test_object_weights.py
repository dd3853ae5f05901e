import pytest

torch = pytest.importorskip('torch')

from training.losses.object_weights import object_weights


def test_pixels_weigh_by_the_size_of_their_object():
    outlier = torch.zeros(2, 4, 6, dtype=torch.bool)
    outlier[0, :2, :2] = True  # 4 pixels
    outlier[0, 2, 2] = True  # touches them at a corner: one object of 5
    outlier[0, 0, 5] = True  # 1 pixel
    outlier[1] = True  # the whole image, 24
    found = object_weights(outlier, exponent=0.5)
    assert found[0, 0].tolist() == pytest.approx([5**-0.5, 5**-0.5, 0, 0, 0, 1])
    assert found[0, 2].tolist() == pytest.approx([0, 0, 5**-0.5, 0, 0, 0])
    assert found[1].unique().tolist() == pytest.approx([24**-0.5])
    assert found.dtype == torch.float32


def test_objects_count_alike_at_exponent_1_and_pixels_at_0():
    outlier = torch.zeros(1, 5, 5, dtype=torch.bool)
    outlier[0, 0], outlier[0, 3, 3] = True, True
    assert object_weights(outlier, exponent=1.0).sum().item() == pytest.approx(2)
    assert torch.equal(object_weights(outlier, exponent=0.0), outlier.float())


def test_no_outlier_has_no_weight():
    assert not object_weights(torch.zeros(1, 3, 3, dtype=torch.bool), exponent=0.5).any()
