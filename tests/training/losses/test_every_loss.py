import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.losses.every_loss import (
    FOLLOW_THE_NUMBER_OF_PIXELS,
    INCLUDE_UNLABELLED,
    NAMES,
    every_loss,
    example_labels,
    example_maps,
)


def loss_and_gradient(name, maps, labels):
    maps = maps.clone().requires_grad_()
    loss = every_loss(maps, labels)[name]
    loss.backward()
    return loss.detach(), maps.grad


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('name', NAMES)
def test_half_precision_input_gives_the_float32_loss_of_the_rounded_input(name, dtype):
    rounded = example_maps().to(dtype)
    loss, gradient = loss_and_gradient(name, rounded, example_labels())
    expected, expected_gradient = loss_and_gradient(name, rounded.float(), example_labels())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6, abs=1e-6)
    torch.testing.assert_close(gradient, expected_gradient.to(dtype))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('name', NAMES)
def test_finite_at_extreme_values(name, dtype):
    maps = (example_maps().sign() * 60000).to(dtype)
    loss, gradient = loss_and_gradient(name, maps, example_labels())
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize('name', NAMES)
def test_finite_where_everything_is_zero(name):
    loss, gradient = loss_and_gradient(name, torch.zeros(4, 12, 5, 6), example_labels())
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize('name', [each for each in NAMES if each not in INCLUDE_UNLABELLED])
def test_nothing_labelled_costs_nothing(name):
    labels = torch.full_like(example_labels(), IGNORE_ID)
    loss, gradient = loss_and_gradient(name, example_maps(), labels)
    assert loss.item() == 0
    assert gradient.abs().max().item() == 0


@pytest.mark.parametrize('fill', [0, OUTLIER_ID])
@pytest.mark.parametrize('name', NAMES)
def test_finite_with_one_group_alone(name, fill):
    labels = torch.full_like(example_labels(), fill)
    loss, gradient = loss_and_gradient(name, example_maps(), labels)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize(
    'name',
    # the blur of the published payoff reaches over unlabelled pixels
    [each for each in NAMES if each not in INCLUDE_UNLABELLED | {'abstention, published'}],
)
def test_unlabelled_pixels_have_no_influence_and_no_gradient(name):
    labels, maps = example_labels(), example_maps()
    ignored = (labels == IGNORE_ID).unsqueeze(1).expand_as(maps)
    loss, gradient = loss_and_gradient(name, maps, labels)
    changed, _ = loss_and_gradient(name, maps.where(~ignored, example_maps(seed=7)), labels)
    assert changed.item() == loss.item()
    assert gradient[ignored].abs().max().item() == 0


@pytest.mark.parametrize('name', [n for n in NAMES if n not in FOLLOW_THE_NUMBER_OF_PIXELS])
def test_the_batch_twice_costs_the_same(name):
    maps, labels = example_maps(), example_labels()
    once, _ = loss_and_gradient(name, maps, labels)
    twice, _ = loss_and_gradient(name, torch.cat([maps, maps]), torch.cat([labels, labels]))
    assert twice.item() == pytest.approx(once.item(), rel=1e-5)


@pytest.mark.parametrize('name', NAMES)
def test_turning_the_images_upside_down_changes_nothing(name):
    maps, labels = example_maps(), example_labels()
    loss, _ = loss_and_gradient(name, maps, labels)
    turned, _ = loss_and_gradient(name, maps.flip(2, 3), labels.flip(1, 2))
    assert turned.item() == pytest.approx(loss.item(), rel=1e-5)


@pytest.mark.parametrize('name', [each for each in NAMES if each != 'abstention, published'])
def test_autocast_changes_nothing(name):
    # the blur of the published payoff is a convolution, which autocast rounds
    loss, _ = loss_and_gradient(name, example_maps(), example_labels())
    with torch.autocast('cpu', torch.bfloat16):
        rounded = every_loss(example_maps(), example_labels())[name]
    assert rounded.item() == pytest.approx(loss.item(), rel=1e-6)
