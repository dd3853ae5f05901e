import pytest

torch = pytest.importorskip('torch')

from training.scores.class_moments import ClassMoments, whitening
from training.scores.readings import ScoreError


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(2)
    features = torch.randn(90, 5, generator=generator) + 100.0  # far from 0, where digits are lost
    return features, torch.arange(90) % 3


def moments_of(features, labels, *, num_classes: int = 3, parts: int = 4) -> ClassMoments:
    moments = ClassMoments(num_classes, features.shape[1], bound_mib=1)
    for some, ids in zip(features.chunk(parts), labels.chunk(parts), strict=True):
        moments.add(some, ids)
    return moments


def test_means_and_covariance_are_those_of_stacked_features(rows) -> None:
    features, labels = rows
    moments = moments_of(features, labels)
    means = torch.stack([features[labels == each].double().mean(dim=0) for each in range(3)])
    torch.testing.assert_close(moments.means(), means)
    centred = features.double() - means[labels]
    torch.testing.assert_close(moments.shared_covariance(), centred.T @ centred / 90)


def test_parts_and_order_do_not_matter(rows) -> None:
    features, labels = rows
    once = moments_of(features, labels, parts=1).shared_covariance()
    turned = moments_of(features.flip(0), labels.flip(0), parts=6).shared_covariance()
    torch.testing.assert_close(turned, once)


def test_whitened_features_have_unit_covariance(rows) -> None:
    covariance = moments_of(*rows).shared_covariance()
    white, log_determinant = whitening(covariance, shrinkage=0.0)
    torch.testing.assert_close(white @ covariance @ white.T, torch.eye(5).double())
    assert log_determinant == pytest.approx(float(torch.logdet(covariance)))


def test_shrinkage_keeps_the_trace(rows) -> None:
    covariance = moments_of(*rows).shared_covariance()
    white, _ = whitening(covariance, shrinkage=1.0)
    expected = torch.eye(5).double() / covariance.diagonal().mean().sqrt()
    torch.testing.assert_close(white.T @ white, expected @ expected)


def test_a_singular_covariance_says_its_rank_and_the_remedy(rows) -> None:
    features, labels = rows
    doubled = torch.cat([features, features[:, :2]], dim=1)
    covariance = moments_of(doubled, labels).shared_covariance()
    with pytest.raises(ScoreError, match=r'rank 5 of 7; fit on more examples, or raise'):
        whitening(covariance, shrinkage=0.0)
    whitening(covariance, shrinkage=0.01)


def test_an_empty_class_ends_the_fit_or_is_left_out(rows) -> None:
    features, labels = rows
    moments = moments_of(features, labels + 1, num_classes=5)
    with pytest.raises(ScoreError, match=r'class ids 0, 4: .*--leave-out-empty-classes'):
        moments.present(leaves_out_empty=False)
    assert moments.present(leaves_out_empty=True).tolist() == [1, 2, 3]


def test_only_empty_classes_are_never_left_out() -> None:
    moments = ClassMoments(2, 3, bound_mib=1)
    with pytest.raises(ScoreError, match='no correctly classified example'):
        moments.present(leaves_out_empty=True)


def test_memory_beyond_the_bound_is_refused_before_it_is_taken() -> None:
    with pytest.raises(MemoryError, match=r'class moments need 1955\.4 MiB, .* bound is 512'):
        ClassMoments(19, 16_000, bound_mib=512)
    ClassMoments(19, 16_000, bound_mib=512, has_scatter=False)
