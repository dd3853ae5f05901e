from itertools import pairwise

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from training.sliding_window import SlidingWindow

REACH = 8
"""Pixels: 3x3 convolutions reach 1, 2 and, dilated by 2 at stride 2, 2 + 4 = 6 pixels; 8 is the
next multiple of the stride that is enough."""


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(4, 5, 3, padding=2, dilation=2),
    ).eval()


@pytest.mark.parametrize('hw', [(64, 64), (96, 160), (128, 64)])
@torch.no_grad()
def test_with_the_reach_as_margin_it_is_the_whole_image(network, hw):
    windows = SlidingWindow(window_hw=(64, 64), overlap=32, margin=REACH)
    image = torch.randn(2, 3, *hw)
    assert torch.allclose(windows.run(network, image), network(image), atol=1e-5)


@torch.no_grad()
def test_without_margin_only_the_windows_interior_is_valid(network):
    windows = SlidingWindow(window_hw=(64, 64), overlap=16)
    image = torch.randn(1, 3, 64, 112)  # windows at 0 and 48
    with pytest.raises(ValueError, match='multiples of 32, got'):
        windows.run(network, image)
    windows = SlidingWindow(window_hw=(64, 64), overlap=16, multiple=16)
    difference = (windows.run(network, image) - network(image)).abs().amax(dim=(0, 1, 2))
    seam = slice((48 - REACH) // 2, (64 + REACH) // 2)
    assert difference[seam].max() > 1e-3
    assert torch.cat([difference[: seam.start], difference[seam.stop :]]).max() < 1e-5


def test_windows_cover_the_image_with_the_overlap():
    windows = SlidingWindow(window_hw=(64, 128), overlap=32)
    assert windows._starts(64, 64) == [0]
    assert windows._starts(96, 64) == [0, 32]
    starts = windows._starts(416, 128)
    assert starts[0] == 0
    assert starts[-1] == 416 - 128
    assert all(after - before <= 96 for before, after in pairwise(starts))


def test_a_constant_stays_constant():
    """Weights are divided by their sum."""
    windows = SlidingWindow(window_hw=(32, 32), overlap=16, multiple=16)
    result = windows.run(lambda part: part[:, :1] * 0 + 7, torch.zeros(1, 3, 64, 80))
    assert torch.allclose(result, torch.full((1, 1, 64, 80), 7.0))


def test_blending_is_linear_across_the_overlap():
    """Windows at 0 and 16 of 32 columns say 0 and 1; the overlap has 16 columns."""
    windows = SlidingWindow(window_hw=(32, 32), overlap=16, multiple=16)
    said = iter([0.0, 1.0])
    result = windows.run(
        lambda part: torch.full_like(part[:, :1], next(said)), torch.zeros(1, 3, 32, 48)
    )
    expected = [0.0] * 16 + [(column + 0.5) / 16 for column in range(16)] + [1.0] * 16
    assert result[0, 0, 5].tolist() == pytest.approx(expected)


def test_impossible_windows_are_refused(network):
    with pytest.raises(ValueError, match='than two margins'):
        SlidingWindow(window_hw=(64, 64), overlap=16, margin=8)
    with pytest.raises(ValueError, match='must be multiples of 32, got'):
        SlidingWindow(window_hw=(60, 64), overlap=16)
    with pytest.raises(ValueError, match='do not fit into an image'):
        SlidingWindow(window_hw=(64, 64), overlap=16).run(network, torch.zeros(1, 3, 32, 96))
