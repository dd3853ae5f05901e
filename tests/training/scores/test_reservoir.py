import pytest

torch = pytest.importorskip('torch')

from training.scores.reservoir import Reservoirs


def filled(seed: int, *, count: int = 1000, capacity: int = 100) -> torch.Tensor:
    reservoirs = Reservoirs(2, 1, capacity=capacity, bound_mib=1, seed=seed)
    rows = torch.arange(float(count))[:, None]
    for part in rows.split(64):
        reservoirs.add(part, (part[:, 0] % 2).long())
    return reservoirs.rows(1)[:, 0]


def test_it_keeps_as_many_as_it_may_of_its_own_group() -> None:
    kept = filled(0)
    assert len(kept) == 100
    assert len(kept.unique()) == 100
    assert (kept % 2 == 1).all()


def test_early_and_late_rows_are_kept_alike() -> None:
    """Of 20 samples of 100 the share from the first half is 0.5 with deviation 0.011."""
    early = torch.cat([filled(seed) < 500 for seed in range(20)]).float().mean()
    assert early.item() == pytest.approx(0.5, abs=0.04)


def test_the_same_seed_keeps_the_same_rows() -> None:
    assert torch.equal(filled(3), filled(3))
    assert not torch.equal(filled(3), filled(4))


def test_all_rows_stay_where_there_are_few() -> None:
    assert sorted(filled(0, count=10).tolist()) == [1, 3, 5, 7, 9]


def test_reservoirs_beyond_the_bound_are_refused() -> None:
    with pytest.raises(MemoryError, match='keep fewer patterns'):
        Reservoirs(19, 256, capacity=100_000, bound_mib=512, seed=0)
