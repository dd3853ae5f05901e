from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from tests.training.every_term import EVERY_TERM, batch_of, freeze_every_norm
from training.margins import Margins
from training.objective import TERMS
from training.run_state import new_state
from training.step import BatchError, NotFiniteError, Stepper

STEPPED = replace(EVERY_TERM, closed_set_steps=0, warmup_share=0.0)


def state_of(settings):
    state = new_state(settings)
    freeze_every_norm(state.network)
    state.margins = Margins(-3.0, -1.0)
    return state


def weights_of(state):
    return {name: each.clone() for name, each in state.network.state_dict().items()}


def fails_with(error):
    def forward(_image):
        raise error

    return forward


def test_the_loss_is_the_sum_of_every_term():
    terms = Stepper(state_of(STEPPED), STEPPED).take(batch_of(2, exposed=[0]))
    assert set(terms) == {'loss', *TERMS}
    assert terms['loss'].item() == pytest.approx(sum(terms[name].item() for name in TERMS))
    assert not any(each.requires_grad for each in terms.values())


def test_parts_with_equal_counts_are_as_good_as_the_whole_batch():
    batch = batch_of(4, exposed=range(4))
    found = []
    for count in (1, 2, 4):
        settings = replace(STEPPED, accumulation_steps=count, average_decay=0.0)
        # prototypes move with each part, so their term differs
        settings = replace(settings, losses=replace(settings.losses, prototype_weight=0.0))
        state = state_of(settings)
        terms = [Stepper(state, settings).take(batch) for _ in range(2)]
        found.append((weights_of(state), terms))
    (whole, terms), *others = found
    for weights, other_terms in others:
        for name, tensor in whole.items():
            torch.testing.assert_close(weights[name], tensor, rtol=0, atol=1e-5, msg=name)
        for step, other in zip(terms, other_terms, strict=True):
            for name, value in step.items():
                assert other[name].item() == pytest.approx(value.item(), abs=1e-5), name


def test_the_average_moves_in_the_anomaly_stage_alone():
    settings = replace(EVERY_TERM, closed_set_steps=1, anomaly_steps=2, learning_rate=1e-2)
    state, batch = state_of(settings), batch_of(2, exposed=[0])
    stepper = Stepper(state, settings)
    name = 'closed_set.classifier.weight'
    seen = [weights_of(state)[name]]
    averages = []
    for _ in range(3):
        stepper.take(batch)
        seen.append(weights_of(state)[name])
        averages.append(state.average.module.state_dict()[name].clone())
    assert torch.equal(averages[0], seen[0])
    assert torch.equal(averages[1], seen[2])  # it begins where the stage's first step led
    torch.testing.assert_close(averages[2], 0.9 * seen[2] + 0.1 * seen[3])
    assert state.measured.memory.class_ids.tolist() == list(range(19))  # never rounded


def test_before_there_is_an_average_the_network_itself_is_measured():
    state = state_of(EVERY_TERM)
    Stepper(state, EVERY_TERM).take(batch_of(2, exposed=[]))
    assert state.step == 1
    assert state.measured is state.network
    assert state.checkpoint(EVERY_TERM).trained is None


def test_a_frozen_network_keeps_every_bit():
    network = replace(STEPPED.network, is_frozen=True)
    settings = replace(STEPPED, network=network)
    state = new_state(settings)
    state.margins = Margins(-3.0, -1.0)
    before = weights_of(state)
    Stepper(state, settings).take(batch_of(2, exposed=[0]))
    after = state.network.state_dict()
    changed = {name.split('.')[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {'residual', 'embedding', 'posterior', 'memory'}


def test_what_is_not_finite_in_a_later_part_changes_no_weight():
    settings = replace(STEPPED, accumulation_steps=2)
    state = state_of(settings)
    before = weights_of(state)
    forward, calls = state.network.forward, []

    def poisoned(image):
        calls.append(image)
        outputs = forward(image)
        return (
            outputs
            if len(calls) == 1
            else replace(outputs, adapted_logits=outputs.adapted_logits * torch.nan)
        )

    state.network.forward = poisoned
    with pytest.raises(NotFiniteError, match=r'step 0.*noise 2, noise 3.*--start-from'):
        Stepper(state, settings).take(batch_of(4, exposed=[0]))
    assert state.step == 0
    for name, tensor in before.items():
        assert torch.equal(state.network.state_dict()[name], tensor), name


@pytest.mark.parametrize(
    'error',
    [
        torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB.\nMore of it.'),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 2 bytes"),
    ],
)
def test_out_of_memory_says_which_settings_to_lower(error):
    state = state_of(STEPPED)
    state.network.forward = fails_with(error)
    expected = r'raise --accumulation-steps \(now 1\).*--batch-size or --crop-hw \(.*allocate 2'
    with pytest.raises(BatchError, match=expected) as raised:
        Stepper(state, STEPPED).take(batch_of(4, exposed=[0]))
    assert 'More of it' not in str(raised.value)


def test_batch_norm_over_one_pooled_sample_says_the_remedy():
    state, norm = state_of(STEPPED), nn.BatchNorm2d(3)
    state.network.register_forward_pre_hook(
        lambda _, inputs: norm(inputs[0].mean(dim=(2, 3), keepdim=True)) and None
    )
    expected = r'two samples a process and part.*--batch-size.*--network\.has-frozen-norm'
    with pytest.raises(BatchError, match=expected):
        Stepper(state, STEPPED).take(batch_of(1, exposed=[0]))


def test_any_other_error_comes_through_as_it_is():
    state, error = state_of(STEPPED), RuntimeError('of another kind')
    state.network.forward = fails_with(error)
    with pytest.raises(RuntimeError) as raised:
        Stepper(state, STEPPED).take(batch_of(2, exposed=[0]))
    assert raised.value is error
    assert error.__cause__ is None


def test_a_traced_network_takes_the_same_steps(monkeypatch):
    compiled = nn.Module.compile
    # the backend that needs no compiler of the system
    monkeypatch.setattr(nn.Module, 'compile', lambda self: compiled(self, backend='aot_eager'))
    found = []
    for is_compiled in (False, True):
        settings = replace(STEPPED, is_compiled=is_compiled)
        state = state_of(settings)
        stepper = Stepper(state, settings)
        terms = [stepper.take(batch_of(2, exposed=[0])) for _ in range(2)]
        found.append((state, terms))
    (_, plain), (traced, terms) = found
    assert traced.network._compiled_call_impl is not None
    for step, expected in zip(terms, plain, strict=True):
        for name, value in expected.items():
            assert step[name].item() == pytest.approx(value.item(), rel=1e-4, abs=1e-5), name
