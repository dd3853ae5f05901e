"""A run on the classes of StreetHazards: from its towns to a deployable file that names them."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from tests.training.data.benchmarks.example_sets import write_image, write_labels
from tests.training.test_train import TINY
from training import export, train
from training.checkpoints import load_checkpoint
from training.data.inlier_sets import InlierSettings
from training.data.label_sets import STREETHAZARDS
from training.data.outlier_exposure import OutlierExposure
from training.data.outliers.mixture import OutlierSources
from training.held_back import calibration_frames, validation_frames
from training.networks import build_network
from training.read_network import read_network
from training.run_data import all_frames
from training.settings import TrainSettings
from training.validation_sets import anomaly_sets

ROAD, BUILDING = 8, 2  # in the files: id plus one


@pytest.fixture
def towns(tmp_path):
    """Two frames to train on, four to validate: grey road below red buildings, 128 x 256."""
    rng = np.random.default_rng(0)
    for split, count in (('training', 2), ('validation', 4)):
        for number in range(count):
            image = np.empty((128, 256, 3), np.uint8)
            labels = np.empty((128, 256), np.uint8)
            image[:70], labels[:70] = (60, 60, 180), BUILDING
            image[70:], labels[70:] = (90, 90, 90), ROAD
            image = np.clip(image + rng.normal(0, 5, image.shape), 0, 255).astype(np.uint8)
            for kind, content in (('images', image), ('annotations', labels)):
                path = tmp_path / 'towns/train' / kind / split / f't{number % 2}/{number}.png'
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), content)
    return tmp_path / 'towns'


def taught(towns, **changes) -> TrainSettings:
    return TrainSettings(
        **{
            'num_drives': 0,
            'network_hw': (128, 256),
            'crop_hw': (128, 128),
            'inliers': InlierSettings(label_set='streethazards', streethazards=towns),
            'exposure': OutlierExposure(on_ground_share=0),
        }
        | changes
    )


def test_from_towns_to_a_file_that_names_their_classes(towns, tmp_path, capsys):
    out, model = tmp_path / 'run', tmp_path / 'model.onnx'
    flags = ['--label-set', 'streethazards', '--streethazards', str(towns), '--num-drives', '0']
    flags += ['--exposure.on-ground-share', '0', '--out', str(out)]
    train.main([*TINY, *flags])
    said = capsys.readouterr().out
    assert 'in no frame looked at: unlabelled, fence, other' in said
    validations = [json.loads(each) for each in (out / 'log.jsonl').read_text().splitlines()]
    assert 0 <= validations[-1]['composites/ap'] <= 1
    best = load_checkpoint(out / 'best.pt')
    assert 'the validation part of streethazards' in best.calibration.fitted_on
    assert 'StreetHazards, training towns' in read_network(out / 'best.pt').provenance.trained_on

    export.main([str(out / 'best.pt'), '--out', str(model)])
    assert read_metadata(model).label_set == STREETHAZARDS


def test_a_network_has_as_many_outputs_as_classes(towns):
    assert build_network(taught(towns)).num_classes == 13


def test_frames_to_measure_and_frames_to_calibrate_differ(towns, tmp_path):
    settings = taught(towns)
    name, measured = validation_frames(settings, tmp_path)
    described, calibrated = calibration_frames(settings, tmp_path)
    assert (name, described) == ('composites', 'the validation part of streethazards')
    assert [each.name for each in measured] == [
        'streethazards/validation/t0/0',
        'streethazards/validation/t1/1',
    ]
    assert [each.name for each in all_frames(calibrated)] == [
        'streethazards/validation/t0/2',
        'streethazards/validation/t1/3',
    ]
    assert all((each.label_map == OUTLIER_ID).any() for each in measured)
    assert not (calibrated[0].label_map == OUTLIER_ID).any()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_drives': 3}, 'leaves out what has the classes of Cityscapes: give --num-drives 0'),
        ({'val_camvid': 'camvid'}, 'give no --val-camvid'),
        (
            {'exposure': OutlierExposure(most_street_objects=1, photographs_share=0.1)},
            'most-street-objects 0, --exposure.photographs-share 0, --exposure.on-ground-share 0',
        ),
    ],
)
def test_what_has_other_classes_is_refused(towns, changes, message):
    with pytest.raises(ValueError, match=message):
        taught(towns, **changes)


def test_objects_that_are_taught_are_no_outliers():
    exposure = OutlierExposure(sources=OutlierSources(yolo='coco128'), on_ground_share=0)
    with pytest.raises(ValueError, match='give no objects of COCO, some of which are taught'):
        TrainSettings(num_drives=0, inliers=InlierSettings(label_set='coco20'), exposure=exposure)


def test_a_run_without_the_set_of_its_classes_says_which_to_give(tmp_path):
    settings = replace(taught(tmp_path), inliers=InlierSettings(label_set='streethazards'))
    with pytest.raises(ValueError, match='give --streethazards DIR'):
        calibration_frames(settings, tmp_path)


def test_a_set_of_other_classes_does_not_choose_the_best(towns):
    write_image(towns / 'test/images/test/t5/1.png')
    write_labels(towns / 'test/annotations/test/t5/1.png', ROAD)
    settings = TrainSettings(val_sets=(f'streethazards={towns}',))
    with pytest.raises(ValueError, match='other classes than --label-set cityscapes'):
        anomaly_sets(settings)
