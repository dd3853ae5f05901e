"""The parity check: an exported file must compute what torch computes, as its precision allows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import spearmanr  # type: ignore[import-untyped]
from torch import Tensor

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.engine import RunPrecision, open_engine
from training.export_images import Image, verification_images


class VerificationError(ValueError):
    """The exported file disagrees with torch."""


class Exported(Protocol):
    """What was exported: images (N, H, W, 3) uint8 to label maps and energies (N, h, w)."""

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]: ...


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far a file may be from torch in fp32."""

    largest_error: float
    """Of any energy, in inlier standard deviations of the file's calibration."""
    smallest_rank_correlation: float
    """Spearman's, of all energies."""
    smallest_label_agreement: float
    """Share of pixels."""
    largest_ap_loss: float
    """Of a labelled set, as a fraction."""


_HALF: Final = Tolerance(
    largest_error=float('inf'),
    smallest_rank_correlation=0.999,
    smallest_label_agreement=0.99,
    largest_ap_loss=0.01,
)
TOLERANCES: Final[Mapping[RunPrecision, Tolerance]] = MappingProxyType(
    {
        'fp32': Tolerance(
            largest_error=1e-3,
            # ranks of nearly equal energies are rounding; the limit on errors is the stricter one
            smallest_rank_correlation=-1.0,
            smallest_label_agreement=0.999,
            largest_ap_loss=0.001,
        ),
        'bf16': _HALF,
        'fp16': _HALF,
        'int8': Tolerance(
            largest_error=float('inf'),
            smallest_rank_correlation=0.99,
            smallest_label_agreement=0.95,
            largest_ap_loss=0.01,
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A file against torch in fp32, over all pixels of all images that were compared."""

    num_images: int
    error_p50: float
    """Of energies, in inlier standard deviations of the file's calibration; so the next two."""
    error_p99: float
    error_max: float
    rank_correlation: float
    label_agreement: float
    """Share of pixels."""

    def __str__(self) -> str:
        return (
            f'energies of {self.num_images} images within {self.error_p50:.1e} (median), '
            f'{self.error_p99:.1e} (99 %), {self.error_max:.1e} (worst) inlier standard '
            f'deviations of torch in fp32, rank correlation {self.rank_correlation:.6f}, labels '
            f'agree on {100 * self.label_agreement:.3f} % of pixels'
        )

    def excess(self, precision: RunPrecision) -> list[str]:
        """Return what lies outside the tolerance of a precision, as text; empty is good."""
        allowed = TOLERANCES[precision]
        found = []
        # written so that a NaN is outside too
        if not self.error_max <= allowed.largest_error:
            found.append(f'worst energy error {self.error_max:.1e} > {allowed.largest_error:g}')
        if not self.rank_correlation >= allowed.smallest_rank_correlation:
            found.append(
                f'rank correlation {self.rank_correlation:.6f} < '
                f'{allowed.smallest_rank_correlation:g}'
            )
        if not self.label_agreement >= allowed.smallest_label_agreement:
            found.append(
                f'label agreement {self.label_agreement:.4f} < '
                f'{allowed.smallest_label_agreement:g}'
            )
        return found


def verify_against_torch(
    model: Exported, path: Path, images: Sequence[Image] | None = None
) -> Agreement:
    """Compare a file with torch, as `agreement_with_torch`, and refuse what is outside.

    Raises:
        VerificationError: the file is outside the tolerance of its precision.
    """
    agreement, precision = agreement_with_torch(model, path, images), read_metadata(path).precision
    excess = agreement.excess(precision)
    if excess:
        raise VerificationError(refusal(precision, excess, agreement))
    return agreement


def refusal(precision: RunPrecision, excess: Sequence[str], agreement: Agreement) -> str:
    """Return the message for a file that is outside its tolerance."""
    remedy = {
        'fp32': 'try other versions of torch and onnx',
        'fp16': 'export fp32 and ask the runtime for bf16',
        'int8': 'give --calibration-images of the camera that will be used, or export fp16',
    }
    return (
        f'the {precision} file disagrees with torch: {"; ".join(excess)} ({agreement}); no file '
        f'was written: {remedy.get(precision, "export fp32")}, or take it with --force'
    )


def agreement_with_torch(
    model: Exported, path: Path, images: Sequence[Image] | None = None
) -> Agreement:
    """Run a file on ONNX Runtime, one image and then two at a time, and compare it with torch.

    Args:
        model: in fp32.
        path: a deployable file.
        images: each (H, W, 3) uint8 RGB of network size; some of rendered drives by default.
    """
    metadata = read_metadata(path)
    images = images or verification_images(None, metadata.network_hw)
    return compared(
        of_file(path, metadata, images),
        of_torch(model, images),
        deviation=metadata.calibration.inlier_standard_deviation,
    )


Maps = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]
"""Label maps and energies, both (N, h, w)."""


def compared(found: Maps, expected: Maps, *, deviation: float) -> Agreement:
    """Compare maps of the same images.

    Args:
        found: of the file.
        expected: of torch.
        deviation: inlier standard deviation of the energy.
    """
    errors = np.abs(found[1].astype(np.float64) - expected[1]) / deviation
    p50, p99 = np.quantile(errors, (0.5, 0.99))
    return Agreement(
        num_images=len(found[0]),
        error_p50=float(p50),
        error_p99=float(p99),
        error_max=float(errors.max()),
        rank_correlation=float(spearmanr(found[1], expected[1], axis=None).statistic),
        label_agreement=float((found[0] == expected[0]).mean()),
    )


def of_torch(model: Exported, images: Iterable[Image]) -> Maps:
    """Return the maps of a model in torch, image by image."""
    with torch.inference_mode():
        found = [model(torch.from_numpy(image)[None]) for image in images]
    labels, energies = zip(*found, strict=True)
    return torch.cat(labels).numpy(), torch.cat(energies).numpy()


def of_file(path: Path, metadata: Metadata, images: Sequence[Image]) -> Maps:
    """Return the maps of a deployable file: of the first image, then of two at a time."""
    batches = [images[:1], *(images[start : start + 2] for start in range(1, len(images), 2))]
    engine = open_engine(
        path, metadata, backend='onnxruntime', precision=precision_on_cpu(metadata)
    )
    try:
        found = [engine.infer(np.stack(batch)) for batch in batches]
    finally:
        engine.close()
    return (
        np.concatenate([each.label_maps for each in found]),
        np.concatenate([each.energy_maps for each in found]),
    )


def precision_on_cpu(metadata: Metadata) -> RunPrecision:
    """Return what ONNX Runtime computes a file in: an fp16 file in fp32, rounded where it says."""
    return 'fp32' if metadata.precision == 'fp16' else metadata.precision
