"""Where a trained model comes from: data, licence, versions, revision, hash of the weights."""

import hashlib
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.metadata import Provenance
from training.checkpoints import Checkpoint
from training.data.outliers.mixture import OutlierSources
from training.run_data import training_drives
from training.settings import TrainSettings

LICENCE_PROCEDURAL: Final = 'Apache-2.0; trained on procedural drives alone'
LICENCE_RESEARCH: Final = (
    'Not covered by Apache-2.0: trained in part on data or weights of others, published for '
    'research; use these weights for research and evaluation only'
)


def provenance_of(checkpoint: Checkpoint) -> Provenance:
    """Describe the model of a checkpoint."""
    settings = checkpoint.settings
    return Provenance(
        trained_on=trained_on(settings),
        licence=LICENCE_RESEARCH if _has_research_data(settings) else LICENCE_PROCEDURAL,
        created=datetime.now(timezone.utc).isoformat(timespec='seconds'),
        git_revision=git_revision(),
        weights_sha256=weights_sha256(checkpoint.network),
        versions={
            name: _version(name) for name in ('hopfield_pebal_ros', 'torch', 'torchvision', 'onnx')
        },
    )


def trained_on(settings: TrainSettings) -> tuple[str, ...]:
    """Say which data a run with these settings sees."""
    found = []
    if settings.num_drives:
        drives = training_drives(settings)
        last = drives.first_seed + drives.num_drives - 1
        found.append(f'procedural drives {drives.first_seed}..{last}, {len(drives)} frames')
    inliers, sources = settings.inliers, settings.exposure.sources
    for what, is_used in (
        ('CamVid street images, SegNet split, training part', inliers.camvid),
        (f'Cityscapes, {" and ".join(inliers.cityscapes_splits)}', inliers.cityscapes),
        ('StreetHazards, training towns', inliers.streethazards),
        ('COCO 2017, training part, 20 classes', inliers.coco20),
        ('a labelled folder of images', inliers.folder),
        ('weights of an earlier run', settings.start_from),
        (f'published weights {settings.network.weights}', settings.network.weights),
        ('outlier objects cut out of photographs, pasted', _photographed(sources)),
        ('procedural outlier objects, pasted', sources.procedural_share),
        ('pictures without streets as outliers', settings.exposure.whole_images),
    ):
        if is_used:
            found.append(what)
    return tuple(found)


def _has_research_data(settings: TrainSettings) -> bool:
    inliers = settings.inliers
    return any(
        (
            *(inliers.camvid, inliers.cityscapes, inliers.streethazards),
            *(inliers.coco20, inliers.folder),
            *(settings.start_from, settings.network.weights, settings.exposure.whole_images),
            _photographed(settings.exposure.sources),
        )
    )


def _photographed(sources: OutlierSources) -> bool:
    return any((sources.coco, sources.yolo, sources.masks, sources.regions, sources.ade20k))


def weights_sha256(network: Mapping[str, Tensor]) -> str:
    """Return the hash over names, shapes and bytes of all tensors, in order of name."""
    digest = hashlib.sha256()
    for name in sorted(network):
        tensor = network[name].detach().cpu().contiguous()
        digest.update(f'{name} {tuple(tensor.shape)} {tensor.dtype}'.encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def git_revision() -> str:
    """Return the commit of this checkout, or 'unknown' outside one."""
    try:
        found = subprocess.run(
            ['git', 'rev-parse', 'HEAD'],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return found.stdout.strip()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return 'not installed'
