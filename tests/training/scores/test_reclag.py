"""RecLag: the rectified update, its origin attractor, alpha as a threshold."""

import math

import pytest

torch = pytest.importorskip('torch')

from training.scores.readings import Readings
from training.scores.reclag import RecLag, RecLagSettings, rectified_update
from training.scores.reclag_patterns import PatternTraining, learned_patterns

PATTERNS = torch.tensor([[3.0, 0.0], [0.0, 3.0]])


def steps(state, *, log_alpha: float, count: int = 5):
    for _ in range(count):
        state = rectified_update(state, PATTERNS, beta=1.0, log_alpha=log_alpha)
    return state


def test_the_origin_attracts_what_is_far_from_every_pattern() -> None:
    """With alpha above the number of patterns; here 2 of them and alpha 4."""
    near_origin = torch.tensor([[0.05, -0.1], [0.0, 0.0]])
    assert torch.equal(steps(near_origin, log_alpha=math.log(4)), torch.zeros(2, 2))


def test_what_is_near_a_pattern_is_recalled_all_the_same() -> None:
    recalled = steps(torch.tensor([[2.0, 0.1]]), log_alpha=math.log(4))
    torch.testing.assert_close(recalled, torch.tensor([[3.0, 0.0]]), atol=1e-2, rtol=0)


def test_without_alpha_it_is_the_softmax_update_which_never_forgets() -> None:
    state = torch.tensor([[0.05, -0.1]])
    expected = (state @ PATTERNS.T).softmax(dim=1) @ PATTERNS
    torch.testing.assert_close(
        rectified_update(state, PATTERNS, beta=1.0, log_alpha=-math.inf), expected
    )
    assert steps(state, log_alpha=-math.inf).norm() > 1


def test_alpha_is_a_threshold_on_the_energy(fitted, stream) -> None:
    score = fitted['reclag']
    batch = next(iter(stream)).correct()
    beta = score.settings.beta
    for place, class_id in enumerate(score.class_ids.tolist()):
        mine = batch.where(batch.labels == class_id)
        log_sums = torch.logsumexp(beta * mine.features @ score.patterns[place].T, dim=1)
        is_stranger = log_sums <= score.log_alpha[place]
        by_energy = score.energy(mine.readings()) >= score.threshold()[place]
        assert torch.equal(by_energy, is_stranger)


def test_alpha_lets_the_accepted_share_through(fitted, stream) -> None:
    score = fitted['reclag']
    accepted = total = 0
    for batch in stream:
        mine = batch.correct()
        thresholds = score.threshold()[mine.labels]
        accepted += int((score.energy(mine.readings()) < thresholds).sum())
        total += len(mine.labels)
    assert accepted / total == pytest.approx(0.95, abs=0.01)


def test_updates_move_inliers_to_their_patterns(fitted, stream) -> None:
    score = fitted['reclag']
    readings = next(iter(stream)).correct().readings()
    moved = RecLag(
        RecLagSettings(num_updates=3, patterns_per_class=score.settings.patterns_per_class),
        **dict(score.state_dict()),
    )
    assert moved.energy(readings).mean() != score.energy(readings).mean()
    assert torch.isfinite(moved.energy(readings)).all()


def test_agnostic_energies_are_the_least_of_all_classes(fitted, stream) -> None:
    score = fitted['reclag']
    readings = next(iter(stream)).readings()
    settings = RecLagSettings(is_class_conditional=False)
    agnostic = RecLag(settings, **dict(score.state_dict()))
    assert (agnostic.energy(readings) <= score.energy(readings)).all()


def test_learning_moves_patterns_to_the_clusters_of_a_class() -> None:
    generator = torch.Generator().manual_seed(0)
    centres = torch.tensor([[4.0, 0.0], [0.0, 4.0]])
    examples = centres[torch.arange(400) % 2] + 0.1 * torch.randn(400, 2, generator=generator)
    start = torch.tensor([[3.0, 1.0], [1.0, 3.0]])
    learned = learned_patterns(
        examples,
        start,
        beta=1.0,
        settings=PatternTraining(num_epochs=40, batch_size=100, learning_rate=0.05),
        seed=0,
    )
    distances = torch.cdist(learned, centres)
    assert distances.diagonal().max() < torch.cdist(start, centres).diagonal().min()


def test_the_same_seed_learns_the_same_patterns(stream) -> None:
    rows = next(iter(stream)).features
    settings = PatternTraining(num_epochs=1)
    runs = [learned_patterns(rows, rows[:3], beta=5.0, settings=settings, seed=4) for _ in '12']
    assert torch.equal(runs[0], runs[1])


def test_equal_energies_of_maps_with_updates(fitted, stream) -> None:
    score = RecLag(RecLagSettings(num_updates=2), **dict(fitted['reclag'].state_dict()))
    batch = next(iter(stream))
    as_map = Readings(*(x[:100].T.reshape(1, -1, 10, 10) for x in (batch[1], batch[0])))
    torch.testing.assert_close(
        score.energy(as_map).flatten(), score.energy(batch.readings())[:100], atol=1e-3, rtol=1e-4
    )
