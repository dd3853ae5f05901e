import numpy as np
import pytest

from training.data.outliers.mixture import OutlierMixture, OutlierSources
from training.data.outliers.procedural import ProceduralObjects


@pytest.fixture
def yolo(tmp_path, write_image, noisy_picture):
    write_image(tmp_path / 'images' / 'a.png', noisy_picture)
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels' / 'a.txt').write_text('16 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9')
    return tmp_path


def share_drawn(settings, count=300):
    mixture, rng = OutlierMixture(settings), np.random.default_rng(0)
    return np.mean([mixture.draw(rng, 5).is_drawn for _ in range(count)])


def test_shares_are_relative(yolo):
    assert share_drawn(OutlierSources(yolo=yolo, procedural_share=0.5)) == pytest.approx(
        1 / 3, abs=0.1
    )
    assert share_drawn(OutlierSources(yolo=yolo, procedural_share=0)) == 0
    assert share_drawn(OutlierSources(yolo=yolo, yolo_share=0)) == 1


def test_the_default_draws_what_the_procedural_source_draws():
    here = OutlierMixture(OutlierSources()).draw(np.random.default_rng(3), 12)
    there = ProceduralObjects().draw(np.random.default_rng(3), 12)
    assert np.array_equal(here.rgb, there.rgb)


@pytest.mark.parametrize(('asked_px', 'drawn_px'), [(1, 5), (5, 5), (33, 33), (900, 600)])
def test_drawn_objects_have_the_size_asked_for_within_what_can_be_drawn(asked_px, drawn_px):
    found = ProceduralObjects().draw(np.random.default_rng(1), asked_px)
    assert max(found.alpha.shape) == drawn_px


def test_no_source_and_negative_shares_are_refused(tmp_path):
    with pytest.raises(ValueError, match='no outlier source has a share above 0'):
        OutlierMixture(OutlierSources(procedural_share=0))
    with pytest.raises(ValueError, match=r'must not be negative, got -1'):
        OutlierSources(coco_share=-1)
    with pytest.raises(FileNotFoundError, match=r'no picture matches .*images'):
        OutlierMixture(OutlierSources(regions=tmp_path))
