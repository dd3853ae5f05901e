import copy

import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F

from training.models.espnetv2 import ESPNetv2
from training.models.frozen_closed_set import BranchSettings, FrozenClosedSet
from training.models.tapped_network import TappedNetwork


def espnet(seed=0):
    torch.manual_seed(seed)
    network = ESPNetv2(width_factor=0.5)
    network.train()(torch.randn(4, 3, 64, 64))  # running statistics away from their start
    return network.eval()


def branched(seed=0, **changes):
    torch.manual_seed(seed)
    return FrozenClosedSet(espnet(), BranchSettings(width=16, embedding_width=8, **changes))


def images(count=2, seed=1):
    return torch.randn(count, 3, 64, 96, generator=torch.Generator().manual_seed(seed))


def train_branch(model, steps=4):
    """Train on red-is-outlier with every loss's kind of gradient; return the losses."""
    # all parameters and weight decay, to show that even this leaves the frozen part alone
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    batch = images()
    target = (F.avg_pool2d(batch, 4)[:, 0] > 0).float()
    losses = []
    for _ in range(steps):
        outputs = model.train()(batch)
        energy = -torch.logsumexp(outputs.adapted_logits, dim=1)
        loss = F.binary_cross_entropy_with_logits(outputs.outlier_logit, target)
        loss = loss + F.binary_cross_entropy_with_logits(energy, target)
        loss = loss + F.binary_cross_entropy_with_logits(outputs.abstention_logit, target)
        loss = loss + (outputs.embedding[:, 0] - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize('training', [True, False])
def test_class_logits_are_bit_identical_after_training_in_both_modes(training):
    alone = espnet()
    with torch.no_grad():
        expected = alone(images())
    model = branched()
    losses = train_branch(model)
    assert losses[-1] < losses[0]
    assert torch.equal(model.train(training)(images()).class_logits, expected)


def test_no_weight_and_no_statistic_of_the_frozen_network_changes():
    model = branched()
    before = copy.deepcopy(model.state_dict())
    train_branch(model)
    after = model.state_dict()
    changed = {key for key in after if not torch.equal(before[key], after[key])}
    assert not {key for key in changed if key.startswith('closed_set.')}
    assert {key.split('.')[0] for key in changed} == {'residual', 'embedding', 'posterior'}
    assert 'closed_set.base_net.level1.bn.running_mean' in before


def test_only_the_branch_can_be_trained():
    model = branched()
    trainable = {id(each) for each in model.parameters() if each.requires_grad}
    assert trainable == {id(each) for each in model.branch_parameters()}
    train_branch(model, steps=1)
    idle = [
        name
        for name, each in model.named_parameters()
        if each.requires_grad and not (each.grad is not None and each.grad.abs().sum() > 0)
    ]
    # their gradient passes through the residual's last layer, which starts at zero
    assert [name for name in idle if not name.startswith('residual.')] == []
    assert model.residual.output[-1].weight.grad.abs().sum() > 0


def test_a_state_dict_alone_restores_every_output():
    model = branched()
    train_branch(model)
    restored = FrozenClosedSet(
        ESPNetv2(width_factor=0.5), BranchSettings(width=16, embedding_width=8)
    )
    restored.load_state_dict(model.state_dict())
    for mine, theirs in zip(model.eval()(images()), restored.eval()(images()), strict=True):
        assert torch.equal(mine, theirs)


def test_before_training_the_adapted_logits_are_the_frozen_ones():
    model = branched().eval()
    frozen = model.closed_set.segment(images())
    outputs = model(images())
    assert torch.equal(outputs.adapted_logits, F.avg_pool2d(frozen.class_logits, 2))
    background = F.avg_pool2d(frozen.background_logit[:, None], 2)[:, 0]
    assert torch.equal(outputs.abstention_logit, background)


def test_sizes_and_ranges():
    outputs = branched().eval()(images())
    assert outputs.class_logits.shape == (2, 19, 32, 48)
    assert outputs.adapted_logits.shape == (2, 19, 16, 24)
    assert outputs.embedding.shape == (2, 8, 16, 24)
    assert torch.allclose(outputs.embedding.norm(dim=1), torch.ones(2, 16, 24), atol=1e-5)
    odds = outputs.outlier_posterior / (1 - outputs.outlier_posterior)
    assert torch.allclose(odds.log(), outputs.outlier_logit, atol=1e-4)


class FlatNetwork(TappedNetwork):
    """Two classes, no background: the class logits are the first two channels at stride 8."""

    def __init__(self):
        super().__init__()
        self.num_classes = 2
        self.tap_widths = {'logits': 2}
        self.tap_strides = {'logits': 8}

    def taps(self, image):
        return {'logits': F.avg_pool2d(image, 8)[:, :2]}


def test_without_a_background_output_the_abstention_starts_at_zero():
    only_logits = {f'{head}_taps': ('logits',) for head in ('residual', 'embedding', 'posterior')}
    model = FrozenClosedSet(FlatNetwork(), BranchSettings(**only_logits)).eval()
    outputs = model(torch.ones(1, 3, 64, 64))
    assert outputs.abstention_logit.shape == (1, 16, 16)
    assert not outputs.abstention_logit.any()
    assert outputs.adapted_logits.unique().tolist() == [1.0]


def test_a_frozen_part_in_training_mode_is_refused():
    model = branched().train()
    model.closed_set.bu_br_l2.train()
    with pytest.raises(RuntimeError, match=r'call train\(\) or eval\(\) on the FrozenClosedSet'):
        model(images())
    model.train()(images())


def test_an_unknown_tap_is_refused():
    with pytest.raises(ValueError, match="no tap 'l9'; choose from l1, l2"):
        branched(posterior_taps=('l9',))
