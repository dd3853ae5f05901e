"""Outlier exposure: what is pasted into street frames, how large, where and how blended."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from training.data.outliers.mixture import OutlierSources


@dataclass(frozen=True, kw_only=True)
class OutlierExposure:
    """How many outlier objects are pasted, from where, how large, and how."""

    sources: Annotated[OutlierSources, tyro.conf.arg(name='')] = field(
        default_factory=OutlierSources
    )
    """Where the objects come from."""
    most_objects: int = 4
    """Each exposed sample gets 1 to this many."""

    most_street_objects: int = 0
    """Some samples also get 0 to this many cars, people, signs, ... of other training frames (and
    of --exposure.yolo), pasted alike and labelled as what they are: a paste alone must not
    mean outlier."""
    street_objects_share: float = 0.5
    """Share of exposed samples that may get them."""
    vehicle_share: float = 0.0
    """Share of them that are cars, trucks, buses and trains of --exposure.yolo, if it is given."""
    turned_hue_share: float = 0.0
    """Share of them whose colours are turned: a car may have any."""

    size_by: Literal['side', 'area', 'native'] = 'side'
    """What is drawn, log-uniform: the longer side, or the share of the crop that is covered;
    native: nothing, an object has as many pixels of the camera's frame as on its photograph."""
    smallest_px: float = 5.0
    """Longer side, in pixels of the network input."""
    largest_px: float = 220.0
    smallest_area: float = 0.01
    """Share of the crop, for --exposure.size-by area."""
    largest_area: float = 0.15
    small_share: float = 0.0
    """Share of objects that are drawn small whatever size_by says."""
    small_px: tuple[float, float] = (6.0, 40.0)
    """Their longer side."""

    on_ground_share: float = 0.6
    """Share of objects that stand on road or sidewalk; the others lie anywhere."""
    scene_texture_share: float = 0.4
    """Share of drawn objects clad in a tinted piece of the picture (CutPaste, Li et al. 2021)."""
    color_match_share: float = 0.0
    """Share of objects that take on mean and contrast of each colour channel of their place."""
    feather_px: tuple[float, float] = (0.3, 1.3)
    """Blur (sigma) of each object's border, and of all of a drawn one [px]; 0 0: hard borders."""
    blurred_share: float = 0.3
    """Share of photographed objects whose inside is blurred with the border."""
    any_light_above_px: float = math.inf
    """Objects with a longer side above this get any brightness and saturation; the others take on
    some of the brightness of their place, and its noise [px of the network input]."""
    stays_inside: bool = False
    """Whether objects lie inside the picture as a whole, as far as they fit."""
    enlarges: bool = False
    """Whether photographed objects become larger than they are, and so less sharp than the scene,
    where the drawn size says so; else those are pasted as they are."""
    matches_resolution: bool = True
    """Whether objects get the resolution of their scene. Without it sharp means outlier, and 10
    to 30 points of AP are lost: for comparison only."""

    scene_blur_share: float = 0.0
    """Share of exposed samples whose street is out of focus before objects are pasted."""
    scene_blur_px: tuple[float, float] = (1.0, 4.0)
    """Its blur (sigma), in pixels of the network input."""
    recolored_share: float = 0.0
    """Share of exposed samples that take on some of mean and contrast of the colours of a picture
    of --exposure.yolo, if it is given, objects and street alike (Reinhard et al. 2001)."""
    photographs_share: float = 0.0
    """Share of exposed samples that show a picture of --exposure.yolo, if it is given, instead of
    a street, with its own objects: outliers that were never pasted. The rest is ignored."""
    black_out_share: float = 0.0
    """Share of exposed samples that show the objects alone, on black or the picture's mean colour
    (DenseHybrid, Grcic et al. 2022); what is blacked out is ignored."""
    whole_images: Path | None = None
    """Folder of pictures without streets, which are outliers as a whole (Hopfield Boosting)."""
    whole_images_share: float = 0.2
    """Share of exposed samples that show one of them instead of a street."""

    def __post_init__(self) -> None:
        if self.most_objects < 1:
            raise ValueError(f'most_objects must be at least 1, got {self.most_objects}')
        for name, (low, high) in {
            'smallest_px, largest_px': (self.smallest_px, self.largest_px),
            'smallest_area, largest_area': (self.smallest_area, self.largest_area),
            'small_px': self.small_px,
        }.items():
            if not 0 < low <= high:
                raise ValueError(f'{name} must be 0 < smallest <= largest, got {low} and {high}')
        for name in ('feather_px', 'scene_blur_px'):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f'{name} must be 0 <= smallest <= largest, got {low} and {high}')
        for name in vars(self):
            if name.endswith('_share') and not 0 <= getattr(self, name) <= 1:
                raise ValueError(f'{name} must lie in 0..1, got {getattr(self, name)}')
