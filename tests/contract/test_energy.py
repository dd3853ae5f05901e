import math

import numpy as np
import pytest

from hopfield_pebal_ros.contract.energy import (
    border_energy,
    dense_hybrid_energy,
    free_energy,
    fused_energy,
    hopfield_boosting_energy,
    hopfield_energy,
    log_mean_exp,
    log_sigmoid,
    log_sum_exp,
    pebal_energy,
    softplus,
    standardised_energy,
)


def logits_of_one_pixel(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(1, -1, 1, 1)


def test_equal_logits_give_minus_log_k():
    # -log(4 exp(0)) = -log 4
    energy = free_energy(logits_of_one_pixel(0, 0, 0, 0))
    assert energy.shape == (1, 1, 1)
    assert energy.item() == pytest.approx(-math.log(4))


def test_free_energy_by_hand():
    # exp(log 2) + exp(log 3) + exp(log 5) = 10
    energy = free_energy(logits_of_one_pixel(math.log(2), math.log(3), math.log(5)))
    assert energy.item() == pytest.approx(-math.log(10))


def test_temperature_by_hand():
    # T = 2: -2 log(exp(log 4 / 2) + exp(log 9 / 2)) = -2 log(2 + 3)
    energy = free_energy(logits_of_one_pixel(math.log(4), math.log(9)), temperature=2.0)
    assert energy.item() == pytest.approx(-2 * math.log(5))


def test_an_unsure_pixel_is_more_anomalous_than_a_sure_one():
    sure, unsure = logits_of_one_pixel(10, 0, 0), logits_of_one_pixel(1, 0, 0)
    assert free_energy(unsure).item() > free_energy(sure).item()


@pytest.mark.parametrize('shift', [-100.0, 0.0, 100.0])
def test_shifting_all_logits_shifts_the_energy_by_the_same_amount(shift: float):
    logits = logits_of_one_pixel(2.0, -1.0, 0.5)
    moved = free_energy(logits + np.float32(shift))
    assert moved.item() == pytest.approx(free_energy(logits).item() - shift, abs=1e-4)


def test_the_order_of_the_classes_does_not_matter():
    logits = np.random.default_rng(0).normal(size=(2, 7, 3, 4))
    np.testing.assert_allclose(free_energy(logits[:, ::-1]), free_energy(logits), atol=1e-12)


@pytest.mark.parametrize('dtype', [np.float16, np.float32])
def test_large_logits_do_not_overflow(dtype: type):
    # exp(300) overflows in both; energy is -(300 + log 2)
    logits = np.full((1, 2, 1, 1), 300, dtype)
    assert free_energy(logits).item() == pytest.approx(-300 - math.log(2), rel=1e-3)
    assert free_energy(-logits).item() == pytest.approx(300 - math.log(2), rel=1e-3)


def test_log_sum_exp_removes_the_axis_it_is_told():
    values = np.zeros((2, 3, 4))
    for axis, length in enumerate(values.shape):
        result = log_sum_exp(values, axis=axis)
        assert result.shape == values.sum(axis).shape
        np.testing.assert_allclose(result, math.log(length))


@pytest.mark.parametrize('peak', [-70.0, -3.0, 0.0, 70.0])
def test_small_values_need_no_maximum(peak: float):
    values = (peak - np.array([[0.0, 0.5, 70.0]])).astype(np.float32)
    found = log_sum_exp(values, axis=1, is_small=True)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, log_sum_exp(values, axis=1), atol=1e-5)


def test_the_abstention_channel_takes_no_part():
    classes = logits_of_one_pixel(1, 2, 3)
    for abstention in (-50.0, 0.0, 50.0):
        logits = np.concatenate([classes, logits_of_one_pixel(abstention)], axis=1)
        assert pebal_energy(logits, num_classes=3) == free_energy(classes)


@pytest.mark.parametrize('num_classes', [2, 4])
def test_pebal_energy_needs_one_channel_more_than_classes(num_classes: int):
    with pytest.raises(ValueError, match=r'have 4 channels.*free_energy'):
        pebal_energy(np.zeros((1, 4, 1, 1)), num_classes=num_classes)


def test_dense_hybrid_energy_by_hand():
    # log-odds log 3 is a posterior of 3/4; the classes sum to exp(log 2) + exp(log 4) = 6
    energy = dense_hybrid_energy(
        logits_of_one_pixel(math.log(2), math.log(4)), np.full((1, 1, 1), math.log(3))
    )
    assert energy.item() == pytest.approx(math.log(3 / 4) - math.log(6))


def test_dense_hybrid_energy_of_a_sure_inlier_is_finite():
    # log sigmoid(-200) = -200; the softmax of the two-way head underflows to 0 there
    energy = dense_hybrid_energy(logits_of_one_pixel(0), np.full((1, 1, 1), -200, np.float32))
    assert energy.item() == pytest.approx(-200)


def test_hopfield_energy_by_hand():
    # beta 2: -1/2 log((exp(2 log 2) + exp(2 log 4)) / 2) = -1/2 log((4 + 16) / 2)
    energy = hopfield_energy(logits_of_one_pixel(math.log(2), math.log(4)), beta=2.0)
    assert energy.item() == pytest.approx(-0.5 * math.log(10))


@pytest.mark.parametrize('beta', [0.5, 4.0, 64.0])
def test_hopfield_energy_is_between_the_nearest_and_the_farthest_pattern(beta: float):
    similarities = np.random.default_rng(0).uniform(-1, 1, (1, 9, 4, 5))
    energy = hopfield_energy(similarities, beta=beta)
    assert (energy >= -similarities.max(axis=1)).all()
    assert (energy <= -similarities.min(axis=1)).all()


def test_storing_every_pattern_twice_changes_nothing():
    similarities = np.random.default_rng(0).uniform(-1, 1, (1, 9, 4, 5))
    twice = np.concatenate([similarities, similarities], axis=1)
    np.testing.assert_allclose(
        hopfield_energy(twice, beta=4.0), hopfield_energy(similarities, beta=4.0), atol=1e-12
    )


def test_large_beta_finds_the_nearest_pattern():
    # the mean over 2 patterns leaves log(2) / beta
    energy = hopfield_energy(logits_of_one_pixel(0.9, -0.2), beta=1000.0)
    assert energy.item() == pytest.approx(-0.9 + math.log(2) / 1000)


def test_boosting_energy_by_hand_and_its_antisymmetry():
    # one pattern each: (-0.2) - (-0.7)
    near_inlier, near_outlier = logits_of_one_pixel(0.2), logits_of_one_pixel(0.7)
    energy = hopfield_boosting_energy(near_inlier, near_outlier, beta=4.0)
    turned = hopfield_boosting_energy(near_outlier, near_inlier, beta=4.0)
    assert energy.item() == pytest.approx(0.5)
    assert turned.item() == pytest.approx(-0.5)


def test_border_energy_by_hand():
    # beta 4, difference log 2: cosh(2 log 2) = (4 + 1/4) / 2 = 17/8, times -2/4
    energy = border_energy(np.array([math.log(2)]), np.array([0.0]), beta=4.0)
    assert energy.item() == pytest.approx(-0.5 * math.log(17 / 8))


def test_border_energy_is_the_published_sum_of_log_mean_exps():
    # -2 lme(s_a, s_b) + s_a + s_b with s = -E
    rng = np.random.default_rng(0)
    inlier, outlier = rng.normal(size=(2, 50))
    both = np.stack([-inlier, -outlier])
    published = -2 * log_mean_exp(4 * both, axis=0) / 4 - inlier - outlier
    np.testing.assert_allclose(border_energy(inlier, outlier, beta=4.0), published, atol=1e-12)


def test_border_energy_is_highest_on_the_border_and_symmetric():
    differences = np.linspace(0, 5, 11)
    right = border_energy(differences, np.zeros(11), beta=4.0)
    left = border_energy(np.zeros(11), differences, beta=4.0)
    assert right[0] == pytest.approx(0, abs=1e-12)
    assert (np.diff(right) < 0).all()
    np.testing.assert_array_equal(left, right)


def test_softplus_and_log_sigmoid_by_hand():
    # log(1 + 3) and log(3 / 4); far out, softplus(x) is x or 0
    assert softplus(np.array([math.log(3)])).item() == pytest.approx(math.log(4))
    assert log_sigmoid(np.array([math.log(3)])).item() == pytest.approx(math.log(3 / 4))
    extremes = np.array([-60000, 60000], np.float16)
    assert softplus(extremes).tolist() == [0, np.float16(60000)]
    assert log_sigmoid(extremes).tolist() == [-np.float16(60000), 0]


def test_standardised_energy_by_hand():
    # a distance of -2 and of 8 from the mean, counted in fours
    energies = standardised_energy(np.array([1.0, 11.0]), mean=3.0, standard_deviation=4.0)
    assert energies.tolist() == [-0.5, 2.0]


def test_fused_energy_by_hand():
    # 0.25 * 4 + 0.75 * 8 = 7
    assert fused_energy([np.array([4.0]), np.array([8.0])], [0.25, 0.75]).tolist() == [7.0]


def test_fusing_one_energy_changes_nothing():
    energy = np.array([1.5, -2.0])
    assert fused_energy([energy], [1.0]).tolist() == energy.tolist()


@pytest.mark.parametrize('weights', [[0.5, 0.6], [1.5, -0.5]])
def test_fusion_weights_are_shares(weights: list[float]):
    with pytest.raises(ValueError, match='>= 0 and sum to 1'):
        fused_energy([np.zeros(1), np.zeros(1)], weights)


@pytest.mark.parametrize(('num_energies', 'weights'), [(1, [0.5, 0.5]), (0, [])])
def test_every_energy_needs_a_weight(num_energies: int, weights: list[float]):
    with pytest.raises(ValueError, match='need as many weights'):
        fused_energy([np.zeros(1)] * num_energies, weights)


def test_torch_and_numpy_agree():
    torch = pytest.importorskip('torch')
    logits = np.random.default_rng(1).normal(scale=8, size=(2, 6, 5, 4)).astype(np.float32)
    tensor = torch.from_numpy(logits)
    for of_numpy, of_torch in (
        (free_energy(logits, temperature=1.5), free_energy(tensor, temperature=1.5)),
        (pebal_energy(logits, num_classes=5), pebal_energy(tensor, num_classes=5)),
        (
            standardised_energy(logits, mean=2.0, standard_deviation=3.0),
            standardised_energy(tensor, mean=2.0, standard_deviation=3.0),
        ),
        (
            fused_energy([logits, 2 * logits], [0.3, 0.7]),
            fused_energy([tensor, 2 * tensor], [0.3, 0.7]),
        ),
        (dense_hybrid_energy(logits, logits[:, 0]), dense_hybrid_energy(tensor, tensor[:, 0])),
        (
            hopfield_boosting_energy(logits, logits[:, :3], beta=4.0),
            hopfield_boosting_energy(tensor, tensor[:, :3], beta=4.0),
        ),
        (
            border_energy(logits[:, 0], logits[:, 1], beta=4.0),
            border_energy(tensor[:, 0], tensor[:, 1], beta=4.0),
        ),
    ):
        assert isinstance(of_torch, torch.Tensor)
        np.testing.assert_allclose(of_numpy, of_torch.numpy(), atol=1e-5)


def test_torch_parameters_count_as_torch():
    torch = pytest.importorskip('torch')
    logits = torch.nn.Parameter(torch.zeros(1, 4, 1, 1))
    energy = free_energy(logits)
    energy.sum().backward()
    # dE/df_k = -softmax_k = -1/4
    np.testing.assert_allclose(logits.grad.numpy().ravel(), -0.25)


def test_beta_may_be_learned():
    torch = pytest.importorskip('torch')
    beta = torch.nn.Parameter(torch.tensor(2.0))
    # E = -(1/b) log((exp(b) + 1) / 2): dE/db = E's log term / b^2 - e^b / (e^b + 1) / b
    hopfield_energy(torch.tensor([[1.0, 0.0]]), beta=beta).sum().backward()
    share = math.exp(2) / (math.exp(2) + 1)
    expected = math.log((math.exp(2) + 1) / 2) / 4 - share / 2
    assert beta.grad.item() == pytest.approx(expected, abs=1e-6)


def test_gradients_are_those_of_the_formulas_at_the_kink_of_abs():
    torch = pytest.importorskip('torch')
    values = torch.zeros(1, requires_grad=True)
    softplus(values).sum().backward()
    assert values.grad.item() == 0.5
    values.grad = None
    border_energy(values, torch.zeros(1), beta=4.0).sum().backward()
    assert values.grad.item() == 0  # -tanh(0)


def test_the_exported_graph_agrees_and_has_no_log_sum_exp_node():
    torch = pytest.importorskip('torch')
    pytest.importorskip('onnxscript')
    runtime = pytest.importorskip('onnxruntime')

    class Energies(torch.nn.Module):
        def forward(self, logits, outlier_logit):
            boosting = hopfield_boosting_energy(logits[:, :3], logits[:, 3:], beta=4.0)
            border = border_energy(logits[:, 0], logits[:, 1], beta=4.0)
            return dense_hybrid_energy(logits, outlier_logit), boosting, border

    rng = np.random.default_rng(2)
    logits = rng.normal(scale=8, size=(2, 6, 5, 4)).astype(np.float32)
    outlier_logit = rng.normal(scale=40, size=(2, 5, 4)).astype(np.float32)
    inputs = (torch.from_numpy(logits), torch.from_numpy(outlier_logit))
    program = torch.onnx.export(
        Energies().eval(), inputs, dynamo=True, optimize=True, opset_version=18, verbose=False
    )
    assert 'ReduceLogSumExp' not in {node.op_type for node in program.model_proto.graph.node}
    session = runtime.InferenceSession(
        program.model_proto.SerializeToString(), providers=['CPUExecutionProvider']
    )
    names = [each.name for each in session.get_inputs()]
    results = session.run(None, dict(zip(names, (logits, outlier_logit), strict=True)))
    for of_torch, of_onnx in zip(Energies()(*inputs), results, strict=True):
        np.testing.assert_allclose(of_torch.numpy(), of_onnx, atol=1e-4)
