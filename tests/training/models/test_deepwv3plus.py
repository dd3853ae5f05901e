import hashlib

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from tests.training.models.formula_weights import formula_image, formula_state
from training.models.deepwv3plus import INPUT_MULTIPLE, DeepWV3Plus

TABLE_SHA256 = {
    False: '3e0672fc538372742d87c306386d504a79b96d41fe04d0d07571deada5f3b86e',
    True: 'bd407e9e5865a74b843e9c9de79b30276c6684af2bf1c0d89e2c8245557fc54f',
}
"""Of the lines "key shape", sorted, of tianyu0207/PEBAL's network with 19 and 20 outputs."""

ROWS = """\
mod1.conv1.weight (64, 3, 3, 3)
mod2.block1.bn1.0.running_var (64,)
mod2.block1.convs.conv1.weight (128, 64, 3, 3)
mod4.block6.convs.bn2.0.num_batches_tracked ()
mod5.block1.convs.conv2.weight (1024, 512, 3, 3)
mod6.block1.convs.conv1.weight (512, 1024, 1, 1)
mod7.block1.proj_conv.weight (4096, 2048, 1, 1)
aspp.features.3.0.weight (256, 4096, 3, 3)
aspp.img_conv.1.running_mean (256,)
bot_fine.weight (48, 128, 1, 1)
bot_aspp.weight (256, 1280, 1, 1)
final.0.weight (256, 304, 3, 3)
final.6.weight (20, 256, 1, 1)
""".splitlines()

PIXELS = [(0, 0, 0, 0), (0, 7, 13, 40), (1, 19, 31, 63), (1, 3, 16, 5)]


def described(**changes):
    with torch.device('meta'):
        return DeepWV3Plus(**changes)


def small(**changes):
    torch.manual_seed(0)
    return DeepWV3Plus(**{'width': 4, 'num_classes': 19, **changes})


def with_formula_weights():
    network = small()
    network.load_state_dict(formula_state(network))
    return network


def table_of(network):
    return sorted(f'{key} {tuple(each.shape)}' for key, each in network.state_dict().items())


@pytest.mark.parametrize('has_abstention', [False, True])
def test_keys_and_shapes_are_those_of_the_original(has_abstention):
    lines = table_of(described(has_abstention=has_abstention))
    assert len(lines) == 268
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    assert digest == TABLE_SHA256[has_abstention]


def test_some_rows_of_the_table_in_clear():
    assert set(ROWS) <= set(table_of(described()))


def test_the_number_of_parameters_is_that_of_the_original():
    assert sum(each.numel() for each in described().parameters()) == 137_104_192
    assert sum(each.numel() for each in described().final.parameters()) == 1_296_384


def test_dense_hybrids_head_has_its_six_keys():
    added = set(table_of(described(has_posterior=True))) - set(table_of(described()))
    assert added == {
        'logits_ood.norm.weight (304,)', 'logits_ood.norm.bias (304,)',
        'logits_ood.norm.running_mean (304,)', 'logits_ood.norm.running_var (304,)',
        'logits_ood.norm.num_batches_tracked ()', 'logits_ood.conv.weight (2, 304, 1, 1)',
        'logits_ood.conv.bias (2,)',
    }  # fmt: skip


@torch.no_grad()
def test_evaluation_gives_the_logits_of_the_original():
    """Numbers of tianyu0207/PEBAL's code with all widths divided by 16; run once by hand."""
    logits = with_formula_weights().eval()(formula_image(2, 32, 64))
    assert logits.shape == (2, 20, 32, 64)
    found = [logits[pixel].item() for pixel in PIXELS]
    assert found == pytest.approx([1.389023, -1.322549, 0.199404, 0.516588], abs=1e-5)
    assert logits.mean().item() == pytest.approx(0.044279, abs=1e-5)
    assert logits.std().item() == pytest.approx(0.813328, abs=1e-5)


@torch.no_grad()
def test_training_mode_gives_the_logits_and_statistics_of_the_original():
    """The same with batch statistics and without dropout."""
    network = with_formula_weights().train()
    for module in network.modules():
        if isinstance(module, nn.Dropout2d):
            module.p = 0.0
    logits = network(formula_image(2, 32, 64))
    found = [logits[pixel].item() for pixel in PIXELS]
    assert found == pytest.approx([0.236951, -0.052437, -0.007582, 0.193520], abs=1e-5)
    statistics = network.state_dict()
    assert statistics['final.4.running_var'][:3].tolist() == pytest.approx(
        [0.6029, 0.8905, 1.4616], abs=1e-4
    )
    assert statistics['aspp.img_conv.1.running_mean'][:3].tolist() == pytest.approx(
        [0.0817, -0.0541, -0.0691], abs=1e-4
    )


def test_dropout_zeroes_channels_before_the_last_convolutions_only():
    found = {
        name: each.p
        for name, each in described().named_modules()
        if isinstance(each, nn.Dropout2d | nn.Dropout)
    }
    assert found == {'mod6.block1.convs.dropout': 0.3, 'mod7.block1.convs.dropout': 0.5}
    assert nn.Dropout is not nn.Dropout2d  # the original replaces it for the whole process


def test_taps_have_the_declared_widths_and_strides():
    network = small(has_posterior=True).eval()
    taps = network.taps(torch.randn(2, 3, 64, 128))
    assert {name: tuple(each.shape) for name, each in taps.items()} == {
        name: (2, network.tap_widths[name], 64 // stride, 128 // stride)
        for name, stride in network.tap_strides.items()
    }


def test_the_posterior_tap_is_the_log_odds_of_the_outlier_logit():
    """Index 1 of DenseHybrid's two logits is the outlier's."""
    network = small(has_posterior=True).eval()
    nn.init.zeros_(network.logits_ood.conv.weight)
    network.logits_ood.conv.bias.data = torch.tensor([2.0, 5.0])
    odds = network.taps(torch.randn(1, 3, 32, 32))['outlier_logit']
    assert torch.equal(odds, torch.full((1, 1, 16, 16), 3.0))


def test_one_image_in_training_is_refused():
    with pytest.raises(ValueError, match=r'at least 2 images .* freeze batch norm'):
        small().train().taps(torch.zeros(1, 3, 32, 32))


def test_sizes_that_are_no_multiple_are_refused():
    with pytest.raises(ValueError, match=f'multiples of {INPUT_MULTIPLE}, got 36 64; resize'):
        small().taps(torch.zeros(1, 3, 36, 64))
