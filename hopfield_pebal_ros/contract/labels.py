"""Class ids, names and colours: the one palette of training, vehicle and reports."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

OUTLIER_ID: Final = 254
"""A pixel annotated or pasted as outlier; never predicted, never a class."""

IGNORE_ID: Final = 255
"""An unlabelled pixel; excluded from every loss and every metric."""

MAX_CLASSES: Final = 254
"""Class ids are 0..253, so that the two reserved ids stay free."""

OUTLIER_COLOR_RGB: Final = (255, 102, 0)
IGNORE_COLOR_RGB: Final = (0, 0, 0)


@dataclass(frozen=True)
class InlierClass:
    """One class the network was taught; its id is its place in the label set."""

    name: str
    color_rgb: tuple[int, int, int]


@dataclass(frozen=True)
class LabelSet:
    """The inlier classes of a network, in the order of their ids."""

    classes: tuple[InlierClass, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.classes) <= MAX_CLASSES:
            raise ValueError(
                f'a label set has 1 to {MAX_CLASSES} classes, got {len(self.classes)}; '
                f'ids {OUTLIER_ID} and {IGNORE_ID} are reserved'
            )
        names = [each.name for each in self.classes]
        if len(set(names)) != len(names):
            raise ValueError(f'class names must differ, got {names}')
        for each in self.classes:
            if len(each.color_rgb) != 3 or not all(0 <= value <= 255 for value in each.color_rgb):
                raise ValueError(
                    f'colour of class {each.name!r} must be three values 0..255, '
                    f'got {each.color_rgb}'
                )

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.classes)

    def id_of(self, name: str) -> int:
        """Return the id of class `name`.

        Raises:
            KeyError: no such class; the message lists those there are.
        """
        if name not in self.names:
            raise KeyError(f'no class {name!r}; this label set has {", ".join(self.names)}')
        return self.names.index(name)

    def palette_rgb(self) -> npt.NDArray[np.uint8]:
        """Return the colour of every uint8 label: (256, 3) uint8 RGB.

        Ids without a class are black; `OUTLIER_ID` has its own colour.
        """
        palette = np.zeros((256, 3), np.uint8)
        palette[: len(self.classes)] = [each.color_rgb for each in self.classes]
        palette[OUTLIER_ID] = OUTLIER_COLOR_RGB
        palette[IGNORE_ID] = IGNORE_COLOR_RGB
        return palette


CITYSCAPES: Final = LabelSet(
    classes=(
        InlierClass('road', (128, 64, 128)),
        InlierClass('sidewalk', (244, 35, 232)),
        InlierClass('building', (70, 70, 70)),
        InlierClass('wall', (102, 102, 156)),
        InlierClass('fence', (190, 153, 153)),
        InlierClass('pole', (153, 153, 153)),
        InlierClass('traffic light', (250, 170, 30)),
        InlierClass('traffic sign', (220, 220, 0)),
        InlierClass('vegetation', (107, 142, 35)),
        InlierClass('terrain', (152, 251, 152)),
        InlierClass('sky', (70, 130, 180)),
        InlierClass('person', (220, 20, 60)),
        InlierClass('rider', (255, 0, 0)),
        InlierClass('car', (0, 0, 142)),
        InlierClass('truck', (0, 0, 70)),
        InlierClass('bus', (0, 60, 100)),
        InlierClass('train', (0, 80, 100)),
        InlierClass('motorcycle', (0, 0, 230)),
        InlierClass('bicycle', (119, 11, 32)),
    )
)
"""The 19 Cityscapes evaluation classes; index = train id."""
