"""Which closed-set network a run trains, how large, and what of it is frozen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

WITH_POSTERIOR: Final = frozenset({'deepwv3plus', 'ladder-densenet121'})


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """The closed-set network; the default has 2.7 million weights, 15 MB hold 3.7 million."""

    kind: Literal[
        'ladder',
        'lraspp',
        'espnetv2',
        'deepwv3plus',
        'deeplabv3plus-resnet50',
        'deeplabv3plus-resnet101',
        'ladder-densenet121',
        'segmenter',
    ] = 'ladder'
    """ladder: SwiftNet-like, quick to train. lraspp: MobileNetV3. espnetv2: for its weights.
    deepwv3plus: WideResNet-38 of NVIDIA and PEBAL. ladder-densenet121: DenseHybrid's. segmenter:
    a vision transformer of timm."""
    weights: Path | None = None
    """Published file to start from, as training.convert_checkpoint reads them, or what it wrote;
    for segmenter the state dict of the timm model. A checkpoint of an earlier run goes to
    --start-from instead."""
    has_new_outputs: bool = False
    """Whether the outputs start at random, because the file knows other classes."""
    is_frozen: bool = False
    """Whether the network stays as it starts and the anomaly branch alone is trained; class
    predictions are then bit-identical to the ones before."""
    has_frozen_norm: bool = False
    """Whether batch norm keeps and uses its running statistics while weights are trained."""
    trained_parts: tuple[str, ...] = ()
    """Beginnings of the names of the weights that are trained, as final. for the head of
    deepwv3plus; none: all. Batch norm counts batches everywhere unless has_frozen_norm."""
    slow_parts: tuple[str, ...] = ()
    """Beginnings of the names of weights with a lower learning rate, as backbone. for encoders."""
    slow_rate: float = 0.25
    """Their learning rate, as a share of that of the others."""
    recomputes_activations: bool = False
    """Gradient checkpointing: far less memory for a third more computation, same results; not for
    ladder, lraspp and espnetv2."""
    widths: tuple[int, ...] = (32, 64, 128, 216)
    """ladder: channels at strides 4, 8, 16, 32."""
    blocks: tuple[int, ...] = (1, 2, 3, 2)
    """ladder: residual blocks at the same strides."""
    decoder_width: int = 64
    """ladder: channels of the decoder."""
    width_factor: float = 2.0
    """espnetv2: s of the paper."""
    width: int = 64
    """deepwv3plus: channels of the stem, a multiple of 4; published files have 64."""
    has_abstention: bool = True
    """Whether there is output K + 1; always so for ladder, lraspp and espnetv2."""
    has_posterior: bool = False
    """deepwv3plus, ladder-densenet121: whether DenseHybrid's own head is there."""
    encoder: str = 'vit_small_patch16_224'
    """segmenter: name of a vision transformer of timm."""

    def __post_init__(self) -> None:
        if self.has_posterior and self.kind not in WITH_POSTERIOR:
            raise ValueError(
                f'{self.kind} has no posterior of its own; use --branch.posterior-taps, or one of '
                f'{", ".join(sorted(WITH_POSTERIOR))}'
            )
