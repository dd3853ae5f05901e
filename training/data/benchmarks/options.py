"""What a user may say about a set beside its name."""

from dataclasses import dataclass, fields
from pathlib import Path

from training.data.labelled_set import DatasetError


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions:
    """Where a set lies and which part of it is meant; None where nothing was said."""

    root: Path
    images_root: Path | None = None
    """Where the images lie apart from the labels: Cityscapes or LostAndFound."""
    split: str | None = None
    held_out: str | None = None
    """CamVid class that counts as outlier."""
    anomaly_ids: tuple[int, ...] | None = None
    ignore_ids: tuple[int, ...] | None = None

    def allow_only(self, set_name: str, *names: str) -> None:
        """Refuse an option that this set has no use for.

        Raises:
            DatasetError: one was given.
        """
        for each in fields(self):
            if (
                each.name != 'root'
                and each.name not in names
                and getattr(self, each.name) is not None
            ):
                flag = each.name.replace('_', '-')
                allowed = ', '.join(f'--{name.replace("_", "-")}' for name in names) or 'none'
                raise DatasetError(
                    f'--{flag} means nothing for {set_name}, which takes {allowed}; leave it out'
                )
