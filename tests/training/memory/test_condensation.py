import pytest

torch = pytest.importorskip('torch')

import torch.nn.functional as F

from training.memory.condensation import MovingPatterns, condensed, moved, started_at


def generator():
    return torch.Generator().manual_seed(0)


def three_bundles(per_bundle=30):
    """Rows close to the three axes, of any length."""
    rows = torch.eye(3).repeat_interleave(per_bundle, dim=0)
    noise = 0.05 * torch.randn(len(rows), 3, generator=generator())
    return (rows + noise) * torch.linspace(0.1, 9, len(rows))[:, None]


def sorted_axes(directions):
    return sorted(directions.argmax(dim=1).tolist())


def test_three_bundles_give_their_three_directions():
    centres = condensed(three_bundles(), 3, generator=generator())
    assert sorted_axes(centres) == [0, 1, 2]
    assert centres.max(dim=1).values.min() > 0.99
    torch.testing.assert_close(centres.norm(dim=1), torch.ones(3))


def test_two_rows_worked_by_hand_meet_in_the_middle():
    centre = condensed(torch.tensor([[2.0, 0.0], [0.0, 5.0]]), 1, generator=generator())
    torch.testing.assert_close(centre, torch.full((1, 2), 0.5**0.5))


def test_a_direction_that_no_row_is_nearest_to_moves_to_the_worst_served():
    # all but one row are the same, so most starts leave every centre on them
    rows = torch.tensor([[1.0, 0.0]] * 50 + [[0.0, 1.0]])
    for seed in range(5):
        centres = condensed(rows, 2, generator=torch.Generator().manual_seed(seed))
        assert sorted_axes(centres) == [0, 1]


def test_fewer_rows_than_directions_are_repeated():
    centres = condensed(torch.tensor([[0.0, 3.0]]), 4, generator=generator())
    assert centres.tolist() == [[0.0, 1.0]] * 4


def test_a_moving_pattern_worked_by_hand():
    before = MovingPatterns(torch.tensor([[1.0, 0.0], [0.0, -1.0]]), torch.tensor([0.5, 0.5]))
    rows = torch.tensor([[3.0, 4.0], [0.0, -2.0]])  # the first is nearer to (1, 0)
    after = moved(before, rows, momentum=0.5, generator=generator())
    expected = F.normalize(torch.tensor([0.5 + 0.5 * 0.6, 0.5 * 0.8]), dim=0)
    torch.testing.assert_close(after.directions[0], expected)
    torch.testing.assert_close(after.directions[1], torch.tensor([0.0, -1.0]))
    torch.testing.assert_close(after.usage, torch.tensor([0.5, 0.5]))


def test_moving_patterns_follow_a_stream_that_turns():
    state = started_at(three_bundles()[:30], 1, generator=generator())
    for _ in range(60):
        state = moved(state, three_bundles()[30:60], momentum=0.9, generator=generator())
    assert state.directions[0, 1] > 0.99


def test_dead_moving_patterns_come_back_to_life():
    away = -torch.eye(3)[:1]
    directions = torch.cat([torch.full((1, 3), 3**-0.5), away, away])
    state = MovingPatterns(directions, torch.full((3,), 1 / 3))
    stream = generator()
    for _ in range(200):
        state = moved(state, three_bundles(), momentum=0.9, generator=stream)
    assert sorted_axes(state.directions) == [0, 1, 2]
    torch.testing.assert_close(state.directions.norm(dim=1), torch.ones(3))


def test_a_momentum_that_learns_nothing_is_refused():
    with pytest.raises(ValueError, match=r'in \[0, 1\), got 1.0'):
        moved(
            started_at(torch.eye(3), 2, generator=generator()),
            torch.eye(3),
            momentum=1.0,
            generator=generator(),
        )
