"""Which closed-set network a run trains, how large, and what of it is frozen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """The closed-set network; the default has 2.7 million weights, 15 MB hold 3.7 million."""

    kind: Literal['ladder', 'lraspp', 'espnetv2'] = 'ladder'
    """ladder: SwiftNet-like, quick to train. lraspp: MobileNetV3. espnetv2: for its weights."""
    weights: Path | None = None
    """Published file to start from: torchvision's for lraspp, EdgeNets' Cityscapes files for
    espnetv2. A checkpoint of an earlier run goes to --start-from instead."""
    is_frozen: bool = False
    """Whether the network stays as it starts and the anomaly branch alone is trained; class
    predictions are then bit-identical to the ones before."""
    has_frozen_norm: bool = False
    """Whether batch norm keeps and uses its running statistics while weights are trained."""
    widths: tuple[int, ...] = (32, 64, 128, 216)
    """ladder: channels at strides 4, 8, 16, 32."""
    blocks: tuple[int, ...] = (1, 2, 3, 2)
    """ladder: residual blocks at the same strides."""
    decoder_width: int = 64
    """ladder: channels of the decoder."""
    width_factor: float = 2.0
    """espnetv2: s of the paper."""
