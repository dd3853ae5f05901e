import pytest

torch = pytest.importorskip('torch')
from torch import nn

from training.models.deepwv3plus import DeepWV3Plus
from training.models.recomputation import recomputed


def one_step(*, recomputes):
    torch.manual_seed(0)
    network = DeepWV3Plus(num_classes=3, width=4).train()
    network.recomputes_activations = recomputes
    network(torch.randn(2, 3, 32, 32)).square().mean().backward()
    return network


def test_gradients_and_statistics_are_those_of_plain_training():
    """Dropout is drawn the same again, and batch norm counts a batch once."""
    plain, sparing = one_step(recomputes=False), one_step(recomputes=True)
    for ours, theirs in zip(sparing.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)
    for key, each in plain.state_dict().items():
        assert torch.equal(sparing.state_dict()[key], each), key


def test_only_the_input_of_a_block_is_kept():
    block, kept = nn.Sequential(nn.Conv2d(2, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3)), []
    x = torch.randn(1, 2, 9, 9, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t.shape) or t, lambda t: t
    ):
        recomputed(block, x)
    assert kept in ([], [x.shape])


def test_norms_track_again_after_the_backward_pass():
    network = one_step(recomputes=True)
    assert all(
        each.track_running_stats for each in network.modules() if isinstance(each, nn.BatchNorm2d)
    )


def test_without_gradients_the_block_just_runs():
    block = nn.Conv2d(1, 1, 1)
    x = torch.randn(1, 1, 2, 2)
    with torch.no_grad():
        assert torch.equal(recomputed(block, x), block(x))
