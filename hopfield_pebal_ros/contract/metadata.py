"""What a deployable file says of itself: its metadata document, written and validated here."""

import json
import math
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, get_args

from hopfield_pebal_ros.contract.energy import ENERGY_UNITS
from hopfield_pebal_ros.contract.geometry import ALIGNMENT_PX, Geometry, output_stride
from hopfield_pebal_ros.contract.labels import InlierClass, LabelSet

SCHEMA_VERSION: Final = 1

Precision = Literal['fp32', 'fp16', 'int8']
ThresholdKind = Literal['guaranteed', 'quantile']

HOW_TO_MAKE: Final = 'python -m training.export RUN/best.pt --out model.onnx makes a valid one'


class DeploymentError(ValueError):
    """A model file that cannot be deployed; the message says what was found and the remedy."""


@dataclass(frozen=True, kw_only=True)
class EnergyDescription:
    """What the published energy is."""

    kind: str
    """Name of the formula, as in contract/energy.py."""
    unit: str
    components: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Where inlier energies lie and where to cut, in the unit of the energy, at network size."""

    threshold: float
    """Default of the anomaly mask: a pixel above it is anomalous."""
    false_positive_rate: float
    """Largest share of inlier pixels above the threshold, as `threshold_kinds` means it."""
    thresholds_by_false_positive_rate: dict[str, float] = field(default_factory=dict)
    """'0.01' -> threshold, for each target rate that was fitted."""
    threshold_kinds: dict[str, ThresholdKind] = field(default_factory=dict)
    """'0.01' -> 'guaranteed': at most that share is expected in a new image drawn like the
    calibration images; 'quantile': at most that share of their own pixels is above, and there were
    too few images to promise more. Older files do not say it: empty."""
    num_images: int = 0
    """Calibration images that have inlier pixels; older files do not say it: 0."""
    threshold_at_95_true_positives: float | None = None
    """Where labelled outliers were used."""
    inlier_mean: float = 0.0
    inlier_standard_deviation: float = 1.0
    fitted_on: str = ''


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a model comes from; text for people and for audits."""

    trained_on: tuple[str, ...]
    licence: str
    created: str
    """ISO 8601, UTC."""
    git_revision: str
    weights_sha256: str
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Everything the vehicle must know of a model that is not in its graph."""

    name: str
    label_set: LabelSet
    network_hw: tuple[int, int]
    output_hw: tuple[int, int]
    geometry: Geometry
    energy: EnergyDescription
    calibration: Calibration
    provenance: Provenance
    precision: Precision = 'fp32'
    notes: tuple[str, ...] = ()
    """What a user of this file should know, in sentences; older files have none."""

    def __post_init__(self) -> None:
        if any(side < ALIGNMENT_PX or side % ALIGNMENT_PX for side in self.network_hw):
            raise ValueError(
                f'network_hw must be positive multiples of {ALIGNMENT_PX}, got {self.network_hw}'
            )
        output_stride(self.network_hw, self.output_hw)
        if self.energy.unit not in ENERGY_UNITS:
            raise ValueError(
                f'energy.unit must be one of {ENERGY_UNITS}, got {self.energy.unit!r}'
            )
        if self.precision not in get_args(Precision):
            raise ValueError(
                f'precision must be one of {get_args(Precision)}, got {self.precision!r}'
            )
        for name in ('threshold', 'inlier_mean', 'inlier_standard_deviation'):
            value = getattr(self.calibration, name)
            if not math.isfinite(value):
                raise ValueError(f'calibration.{name} must be finite, got {value}')
        if not self.calibration.inlier_standard_deviation > 0:
            raise ValueError(
                'calibration.inlier_standard_deviation must be positive, '
                f'got {self.calibration.inlier_standard_deviation}'
            )
        if not 0 <= self.calibration.false_positive_rate <= 1:
            raise ValueError(
                'calibration.false_positive_rate must be 0..1, '
                f'got {self.calibration.false_positive_rate}'
            )
        for rate, kind in self.calibration.threshold_kinds.items():
            if kind not in get_args(ThresholdKind):
                raise ValueError(
                    f'calibration.threshold_kinds[{rate!r}] must be one of '
                    f'{get_args(ThresholdKind)}, got {kind!r}'
                )
        if not re.fullmatch('[0-9a-f]{64}', self.provenance.weights_sha256):
            raise ValueError(
                'provenance.weights_sha256 must be 64 hexadecimal digits, '
                f'got {self.provenance.weights_sha256!r}'
            )

    def to_json(self) -> str:
        """Return the JSON document that is stored under `METADATA_KEY`."""
        document = {'schema_version': SCHEMA_VERSION, **asdict(self)}
        document['label_set'] = document['label_set']['classes']
        return json.dumps(document, indent=1, sort_keys=True)


def parse_metadata(text: str, *, source: str) -> Metadata:
    """Read and validate a metadata document.

    Args:
        text: JSON, as written by `Metadata.to_json`.
        source: file name for messages.

    Raises:
        DeploymentError: not JSON, of a newer schema, or with missing or wrong entries.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DeploymentError(f'{source}: metadata is not JSON ({error}); {HOW_TO_MAKE}') from None
    if not isinstance(document, dict):
        raise DeploymentError(f'{source}: metadata must be a JSON object; {HOW_TO_MAKE}')
    version = document.pop('schema_version', None)
    if type(version) is not int or version < 1:
        raise DeploymentError(
            f'{source}: metadata needs a schema_version of 1 or more, got {version!r}; '
            f'{HOW_TO_MAKE}'
        )
    if version > SCHEMA_VERSION:
        raise DeploymentError(
            f'{source}: metadata has schema {version}, this package reads up to '
            f'{SCHEMA_VERSION}; install a newer hopfield_pebal_ros or export the model again'
        )
    try:
        return _metadata_from(document)
    except KeyError as error:
        raise DeploymentError(
            f'{source}: metadata lacks {error}; found {sorted(document)}; {HOW_TO_MAKE}'
        ) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise DeploymentError(f'{source}: bad metadata: {error}; {HOW_TO_MAKE}') from None


def _metadata_from(document: dict[str, Any]) -> Metadata:
    calibration = dict(document['calibration'])
    provenance = dict(document['provenance'])
    geometry = dict(document['geometry'])
    energy = dict(document['energy'])
    return Metadata(
        name=str(document['name']),
        label_set=LabelSet(
            tuple(
                InlierClass(str(each['name']), _integers(each['color_rgb'], 3))
                for each in document['label_set']
            )
        ),
        network_hw=_integers(document['network_hw'], 2),
        output_hw=_integers(document['output_hw'], 2),
        geometry=Geometry(
            mode=geometry['mode'],
            interpolation=geometry['interpolation'],
            padding_rgb=_integers(geometry['padding_rgb'], 3),
        ),
        energy=EnergyDescription(
            kind=str(energy['kind']),
            unit=str(energy['unit']),
            components=_strings(energy['components']),
        ),
        calibration=Calibration(
            threshold=float(calibration['threshold']),
            false_positive_rate=float(calibration['false_positive_rate']),
            thresholds_by_false_positive_rate={
                str(rate): float(threshold)
                for rate, threshold in dict(
                    calibration['thresholds_by_false_positive_rate']
                ).items()
            },
            threshold_kinds=dict(calibration.get('threshold_kinds', {})),
            num_images=int(calibration.get('num_images', 0)),
            threshold_at_95_true_positives=(
                None
                if calibration['threshold_at_95_true_positives'] is None
                else float(calibration['threshold_at_95_true_positives'])
            ),
            inlier_mean=float(calibration['inlier_mean']),
            inlier_standard_deviation=float(calibration['inlier_standard_deviation']),
            fitted_on=str(calibration['fitted_on']),
        ),
        provenance=Provenance(
            trained_on=_strings(provenance['trained_on']),
            licence=str(provenance['licence']),
            created=str(provenance['created']),
            git_revision=str(provenance['git_revision']),
            weights_sha256=str(provenance['weights_sha256']),
            versions={str(key): str(value) for key, value in dict(provenance['versions']).items()},
        ),
        precision=document['precision'],
        notes=_strings(document.get('notes', [])),
    )


def _integers(values: Any, count: int) -> Any:
    """Return `count` whole numbers as a tuple."""
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f'expected {count} whole numbers, got {values!r}')
    if not all(type(each) is int for each in values):
        raise ValueError(f'expected {count} whole numbers, got {values!r}')
    return tuple(values)


def _strings(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise ValueError(f'expected a list of texts, got {values!r}')
    return tuple(str(each) for each in values)
