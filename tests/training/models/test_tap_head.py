import pytest

torch = pytest.importorskip('torch')

from training.models.tap_head import HEAD_STRIDE, TapHead, resized

WIDTHS = {'s2': 3, 's4': 4, 's8': 5, 's16': 6}
STRIDES = {'s2': 2, 's4': 4, 's8': 8, 's16': 16}


def maps(height=64, width=96):
    torch.manual_seed(3)
    return {
        name: torch.randn(2, WIDTHS[name], height // stride, width // stride)
        for name, stride in STRIDES.items()
    }


def head(*names, **changes):
    torch.manual_seed(0)
    return TapHead(
        tap_widths={name: WIDTHS[name] for name in names},
        tap_strides=STRIDES,
        **{'num_outputs': 2, 'width': 8, **changes},
    )


def test_resizing_worked_by_hand():
    x = torch.tensor([[[[0.0, 4.0], [8.0, 12.0]]]])
    assert resized(x, 4, 8).tolist() == [[[[6.0]]]]
    assert resized(x, 4, 4) is x
    # half-pixel centres: a quarter of the way from the outer pixel to the next
    assert resized(x, 4, 2)[0, 0, 0].tolist() == [0.0, 1.0, 3.0, 4.0]


@pytest.mark.parametrize('names', [('s2',), ('s16',), ('s2', 's16'), tuple(WIDTHS)])
def test_any_choice_of_maps_gives_one_map_at_stride_4(names):
    result = head(*names)(maps())
    assert result.shape == (2, 2, 64 // HEAD_STRIDE, 96 // HEAD_STRIDE)


def test_a_coarser_result_is_the_mean_over_cells():
    network, taps = head(*WIDTHS).eval(), maps()
    torch.testing.assert_close(
        network(taps, stride=8), resized(network(taps), HEAD_STRIDE, 8), atol=1e-6, rtol=1e-5
    )


@pytest.mark.parametrize('chosen', sorted(WIDTHS))
def test_each_chosen_map_counts_and_no_other(chosen):
    network, taps = head(chosen, 's4').eval(), maps()
    before = network(taps)
    for name in WIDTHS:
        moved = network({**taps, name: taps[name] + torch.randn(1)})
        assert torch.equal(moved, before) == (name not in (chosen, 's4'))


def test_the_scale_of_a_map_does_not_matter_in_training():
    network, taps = head(*WIDTHS).train(), maps()
    loud = {**taps, 's16': 1000 * taps['s16'] - 7}
    assert torch.allclose(network(taps), network(loud), atol=1e-3)


def test_a_head_that_starts_at_zero_is_zero():
    assert not head('s2', 's16', starts_at_zero=True)(maps()).any()
    assert head('s2', 's16')(maps()).any()


def test_a_head_without_maps_is_refused():
    with pytest.raises(ValueError, match='at least one tap'):
        head()


def test_training_samples_go_without_one_group_at_most():
    groups = {('s2', 's4'): 0.3, ('s8', 's16'): 0.2}
    network = head(*WIDTHS, dropped_groups=groups).train()
    many = {name: each[:1].expand(400, -1, -1, -1) for name, each in maps(32, 32).items()}
    kept = network._kept(many)
    assert torch.equal(kept['s2'], kept['s4'])
    assert torch.equal(kept['s8'], kept['s16'])
    without = [(~kept[name]).float().mean().item() for name in ('s2', 's8')]
    assert without == pytest.approx([0.3, 0.2], abs=0.07)
    assert (kept['s2'] | kept['s8']).all()


def test_a_dropped_map_does_not_count_in_training_and_counts_in_evaluation():
    network, taps = head(*WIDTHS, dropped_groups={('s4',): 1.0}), maps()
    moved = {**taps, 's4': torch.randn_like(taps['s4'])}
    assert torch.equal(network.train()(taps), network(moved))
    assert not torch.equal(network.eval()(taps), network(moved))


def test_what_is_dropped_follows_the_generator_of_torch():
    network, taps = head(*WIDTHS, dropped_groups={('s2', 's4'): 0.5}).train(), maps()
    results = []
    for seed in (0, 0, 1, 2, 3):
        torch.manual_seed(seed)
        results.append(network(taps))
    assert torch.equal(results[0], results[1])
    assert any(not torch.equal(results[0], each) for each in results[2:])
