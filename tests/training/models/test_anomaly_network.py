import copy
import math

import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F

from training.memory.pattern_memory import MemorySettings, PatternMemory
from training.models.anomaly_network import AnomalyNetwork, BranchSettings
from training.models.anomaly_outputs import ENERGIES, AnomalyOutputs, energy_of
from training.models.espnetv2 import ESPNetv2
from training.models.tapped_network import TappedNetwork


def espnet(seed=0):
    torch.manual_seed(seed)
    network = ESPNetv2(width_factor=0.5)
    network.train()(torch.randn(4, 3, 64, 64))  # running statistics away from their start
    return network.eval()


ALL_TAPS = ('l2', 'l3', 'l4', 'd1', 'd2', 'd3', 'logits')


def settings_of(**changes):
    taps = {f'{head}_taps': ALL_TAPS for head in ('residual', 'embedding', 'posterior')}
    return BranchSettings(**{**taps, 'width': 16, 'embedding_width': 8, **changes})


def memory():
    sizes = MemorySettings(patterns_per_class=2, outlier_patterns=3)
    return PatternMemory(sizes, class_ids=range(19), embedding_width=8)


def branched(seed=0, *, is_frozen=True, **changes):
    torch.manual_seed(seed)
    return AnomalyNetwork(espnet(), settings_of(**changes), memory=memory(), is_frozen=is_frozen)


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
        hopfield = energy_of(outputs, 'hopfield_boosting_energy')
        loss = loss + F.binary_cross_entropy_with_logits(16 * hopfield, target)
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
    trained = {key.split('.')[0] for key in changed}
    assert trained == {'residual', 'embedding', 'posterior', 'memory'}
    assert 'closed_set.base_net.level1.bn.running_mean' in before


def test_only_the_branch_can_be_trained():
    model = branched()
    trainable = {id(each) for each in model.parameters() if each.requires_grad}
    fixed = {id(model.memory.log_beta)}
    assert trainable == {id(each) for each in model.branch_parameters()} - fixed
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
    restored = AnomalyNetwork(
        ESPNetv2(width_factor=0.5), settings_of(), memory=memory(), is_frozen=True
    )
    restored.load_state_dict(model.state_dict())
    mine, theirs = model.eval()(images()), restored.eval()(images())
    for name in ENERGIES:
        assert torch.equal(energy_of(mine, name), energy_of(theirs, name)), name
    assert torch.equal(mine.class_logits, theirs.class_logits)


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
    assert outputs.patterns.energies(outputs.embedding).of_class.shape == (2, 19, 16, 24)
    assert {energy_of(outputs, name).shape for name in ENERGIES} == {(2, 16, 24), (2, 32, 48)}


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
    model = AnomalyNetwork(FlatNetwork(), BranchSettings(residual_taps=('logits',))).eval()
    outputs = model(torch.ones(1, 3, 64, 64))
    assert outputs.abstention_logit.shape == (1, 16, 16)
    assert not outputs.abstention_logit.any()
    assert outputs.adapted_logits.unique().tolist() == [1.0]


def test_a_frozen_part_in_training_mode_is_refused():
    model = branched().train()
    model.closed_set.bu_br_l2.train()
    with pytest.raises(RuntimeError, match=r'call train\(\) or eval\(\) on the AnomalyNetwork'):
        model(images())
    model.train()(images())


def test_an_unknown_tap_is_refused():
    with pytest.raises(ValueError, match="no tap 'l9'; choose from l1, l2"):
        branched(posterior_taps=('l9',))


def test_a_network_without_a_branch_says_what_its_logits_say():
    model = AnomalyNetwork(espnet()).eval()
    outputs = model(images())
    assert outputs.embedding is outputs.outlier_logit is outputs.memory is None
    assert torch.equal(outputs.adapted_logits, outputs.class_logits)
    assert torch.equal(energy_of(outputs, 'pebal_energy'), energy_of(outputs, 'free_energy'))
    with pytest.raises(ValueError, match='outlier_logit needs a part that this network lacks'):
        energy_of(outputs, 'outlier_logit')
    with pytest.raises(ValueError, match="no energy 'entropy'; choose from free_energy"):
        energy_of(outputs, 'entropy')


def test_a_network_that_is_not_frozen_is_trained_with_its_branch():
    model = branched(is_frozen=False)
    before = model.closed_set.base_net.level1.conv.weight.clone()
    train_branch(model, steps=2)
    assert not torch.equal(model.closed_set.base_net.level1.conv.weight, before)


def test_frozen_norms_keep_their_statistics_while_weights_are_trained():
    model = AnomalyNetwork(espnet(), settings_of(), memory=memory(), has_frozen_norm=True)
    before = copy.deepcopy(model.closed_set.state_dict())
    train_branch(model, steps=2)
    after = model.closed_set.state_dict()
    changed = {key for key in after if not torch.equal(before[key], after[key])}
    assert changed
    assert not [key for key in changed if 'running' in key]


def test_a_memory_without_an_embedding_is_refused():
    with pytest.raises(ValueError, match=r'give branch\.embedding_taps'):
        AnomalyNetwork(espnet(), memory=memory())


def test_energies_worked_by_hand():
    logits = torch.tensor([1.0, 2.0])[None, :, None, None]
    outputs = AnomalyOutputs(
        class_logits=logits,
        background_logit=torch.full((1, 1, 1), 0.5),
        adapted_logits=logits + 1,
        abstention_logit=torch.full((1, 1, 1), 4.0),
        outlier_logit=torch.zeros(1, 1, 1),
    )
    total = math.log(math.exp(1) + math.exp(2))
    expected = {
        'free_energy': -total,
        'pebal_energy': -total - 1,
        'abstention_energy': 4 - total - 1,
        'background_energy': 0.5 - total,
        'outlier_logit': 0.0,
        'dense_hybrid_energy': math.log(0.5) - total - 1,
    }
    for name, value in expected.items():
        assert energy_of(outputs, name).item() == pytest.approx(value), name


def test_heads_of_both_kinds_of_maps_lose_one_kind_and_others_none():
    model = branched(
        encoder_dropout=0.35,
        decoder_dropout=0.2,
        embedding_taps=('l4', 'logits', 'l3'),
        residual_taps=('l2', 'l3'),
        posterior_taps=('logits',),
        posterior_width=8,
    )
    assert model.embedding._dropped_groups == {('l4', 'l3'): 0.35, ('logits',): 0.2}
    assert model.residual._dropped_groups == model.posterior._dropped_groups == {}
    assert model.posterior.fine['logits'][1].out_channels == 4  # half of its own width
    assert model.embedding.fine['logits'][1].out_channels == 8


def test_shares_of_dropped_maps_are_checked():
    with pytest.raises(ValueError, match=r'nor more than 1 together, got 0\.7 and 0\.4'):
        BranchSettings(encoder_dropout=0.7, decoder_dropout=0.4)
