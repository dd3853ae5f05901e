import math

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.abstention import Payoff, abstention_loss


def pixels(*logits):
    """One image of one row; each argument holds the K + 1 logits of a pixel."""
    return torch.tensor(logits, dtype=torch.float32).T[None, :, None, :]


def labels(*ids):
    return torch.tensor(ids, dtype=torch.int64)[None, None, :]


FIXED = Payoff(minimum=4.0, maximum=4.0)  # a = 4 whatever the energy


def test_inlier_value_worked_by_hand():
    # equal logits, K = 2: p = r = 1/3, so -log(1/3 + 1/12) = log(12 / 5)
    loss = abstention_loss(pixels((0.0, 0.0, 0.0)), labels(1), payoff=FIXED)
    assert loss.item() == pytest.approx(math.log(12 / 5), abs=1e-6)


def test_outlier_value_worked_by_hand():
    # p = (1/2, 1/4), r = 1/4: mean of -log(1/2 + 1/16) and -log(1/4 + 1/16), times 0.1
    loss = abstention_loss(
        pixels((math.log(2), 0.0, 0.0)), labels(OUTLIER_ID), payoff=FIXED, outlier_weight=0.1
    )
    assert loss.item() == pytest.approx(-0.05 * (math.log(9 / 16) + math.log(5 / 16)), abs=1e-6)


def test_adaptive_payoff_is_the_clamped_squared_energy():
    payoff = Payoff(scale=2.0, minimum=1.5, maximum=10.0)
    values = payoff.of(torch.tensor([0.0, -4.0, -10.0]))
    assert values.tolist() == [1.5, 8.0, 10.0]


def test_each_group_has_its_own_mean():
    inlier, outlier = (0.3, -0.2, 0.1), (1.0, 0.4, 2.0)
    together = abstention_loss(pixels(inlier, outlier), labels(0, OUTLIER_ID), payoff=FIXED)
    alone = abstention_loss(pixels(inlier), labels(0), payoff=FIXED) + abstention_loss(
        pixels(outlier), labels(OUTLIER_ID), payoff=FIXED
    )
    assert together.item() == pytest.approx(alone.item(), abs=1e-6)


def test_ignored_pixels_cost_nothing_and_get_no_gradient():
    logits = pixels((0.3, -0.2, 0.1), (50.0, -50.0, 9.0)).requires_grad_()
    loss = abstention_loss(logits, labels(0, IGNORE_ID), payoff=FIXED)
    loss.backward()
    alone = abstention_loss(pixels((0.3, -0.2, 0.1)), labels(0), payoff=FIXED)
    assert loss.item() == pytest.approx(alone.item(), abs=1e-6)
    assert logits.grad[..., 1].abs().max() == 0


def test_nothing_labelled_is_zero_with_a_gradient():
    logits = pixels((0.3, -0.2, 0.1)).requires_grad_()
    loss = abstention_loss(logits, labels(IGNORE_ID), payoff=FIXED)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().max() == 0


@pytest.mark.parametrize(('bound', 'pays'), [(2.0, True), (30.0, False)])
def test_outlier_without_preference_abstains_only_where_the_payoff_is_below_k(bound, pays):
    # K = 19: the law of the gradient at equal class logits, methods 2.2
    logits = torch.zeros(1, 20, 1, 1).requires_grad_()
    payoff = Payoff(minimum=bound, maximum=bound)
    abstention_loss(logits, labels(OUTLIER_ID), payoff=payoff).backward()
    assert (logits.grad[0, 19, 0, 0].item() < 0) == pays


def test_detaching_removes_the_gradient_through_the_payoff():
    attached = Payoff(minimum=1.01, is_detached=False)
    grads = []
    for payoff in (Payoff(minimum=1.01), attached):
        logits = pixels((2.0, 1.0, 1.5)).requires_grad_()
        abstention_loss(logits, labels(0), payoff=payoff).backward()
        grads.append(logits.grad.clone())
    assert not torch.allclose(grads[0], grads[1])
    # with a fixed payoff the loss depends on differences of logits only
    assert grads[0].sum().item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('label', [0, OUTLIER_ID])
def test_finite_at_extreme_half_precision_logits(dtype, label):
    logits = pixels((-60000.0, 60000.0, -60000.0)).to(dtype).requires_grad_()
    loss = abstention_loss(logits, labels(label), payoff=Payoff())
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'minimum': 1.0}, '1 < minimum'),
        ({'minimum': 5.0, 'maximum': 4.0}, 'minimum <= maximum'),
        ({'scale': 0.0}, 'scale must be positive'),
    ],
)
def test_impossible_payoff_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Payoff(**values)


def test_blur_of_an_even_energy_changes_nothing_and_of_a_peak_spreads_it():
    payoff = Payoff(minimum=1.01, is_blurred=True)
    torch.testing.assert_close(
        payoff.of(torch.full((1, 8, 9), -3.0)), torch.full((1, 8, 9), 9.0), rtol=1e-6, atol=0
    )
    energy = torch.zeros(1, 9, 9)
    energy[0, 4, 4] = 40.0
    # the middle tap of the 7-tap Gaussian, sigma 1, is 0.39905: 1600 * 0.39905^2
    assert payoff.of(energy)[0, 4, 4].item() == pytest.approx(1600 * 0.399050**2, rel=1e-4)


def test_published_images_with_and_without_outliers_have_a_mean_each():
    exposed, plain = (0.3, -0.2, 0.1), (1.0, 0.4, 2.0)
    logits = torch.cat([pixels(exposed, exposed), pixels(plain, plain)])
    ids = torch.cat([labels(0, OUTLIER_ID), labels(1, 1)])
    parts = [
        abstention_loss(logits[i : i + 1], ids[i : i + 1], payoff=FIXED).item() for i in (0, 1)
    ]
    both = abstention_loss(logits, ids, payoff=FIXED, is_published=True)
    assert both.item() == pytest.approx(sum(parts), abs=1e-6)


def test_published_value_of_the_original(published_batch):
    # tianyu0207/PEBAL at 0293bee, losses.py: Gambler on images without and with outliers, added
    logits, ids, _ = published_batch
    payoff = Payoff(minimum=1.0001, maximum=math.inf, is_detached=False, is_blurred=True)
    loss = abstention_loss(logits, ids, payoff=payoff, is_published=True)
    assert loss.item() == pytest.approx(9.2243690, abs=1e-5)
