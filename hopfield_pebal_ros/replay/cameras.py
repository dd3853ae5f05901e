"""Which image topics of a bag are the cameras of a run, and what the cameras are called."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from hopfield_pebal_ros.replay.bags import LABEL_TOPIC, Bag, BagError, ImageTopic

ALL: Final = 'all'
_NAME: Final = '[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*'
"""As the node takes it; it becomes part of topics and of file names."""


@dataclass(frozen=True)
class BagCamera:
    """A camera of a run."""

    name: str
    """'' where a run has one camera without a name."""
    topic: ImageTopic


def choose_cameras(
    bag: Bag,
    words: Sequence[str],
    *,
    topic: str | None = None,
    label_topics: Collection[str] = (),
) -> tuple[BagCamera, ...]:
    """Return the cameras that `words` ask for; without any, the only one, which has no name.

    Args:
        bag: open.
        words: each NAME, of the one topic with /NAME/ in it, or NAME:=TOPIC; or only 'all', every
            image topic, named after what tells it from the others.
        topic: of the only camera, where the bag has several image topics.
        label_topics: which are no cameras.

    Raises:
        BagError: names that do not fit, names or topics that come twice, or that are not there.
    """
    if not words:
        return (BagCamera('', bag.image_topic(topic) if topic else bag.camera_topic()),)
    if topic:
        raise BagError('--topic names the only camera, --cameras several: drop one of them')
    if list(words) == [ALL]:
        topics = _candidates(bag, label_topics)
        found = list(zip(names_of([each.name for each in topics]), topics, strict=True))
    else:
        pairs = [word.partition(':=') for word in words]
        for name, _, _ in pairs:
            _check_name(name)
        found = [
            (name, bag.image_topic(of) if of else _topic_called(bag, name, label_topics))
            for name, _, of in pairs
        ]
    if not found:
        bag.camera_topic()  # says what the bag has instead
    given = [f'camera {name}' for name, _ in found] + [f'topic {of.name}' for _, of in found]
    if twice := [each for each, count in Counter(given).items() if count > 1]:
        raise BagError(f'{twice[0]} is named twice')
    return tuple(BagCamera(name, of) for name, of in found)


def names_of(topics: Sequence[str]) -> list[str]:
    """Return a camera name for each topic, made of the parts that not all of them have.

    '/sensing/front/image_raw' and '/sensing/left/image_raw' are 'front' and 'left'.

    Raises:
        BagError: two would have the same name.
    """
    parts = [[re.sub('[^A-Za-z0-9]+', ' ', each) for each in name.split('/')] for name in topics]
    shared = set.intersection(*map(set, parts)) if len(parts) > 1 else set()
    names = []
    for each in parts:
        words = ' '.join(part for part in each if part not in shared).split()
        starts_well = words and words[0][0].isalpha()
        names.append('_'.join(words if starts_well else ['camera', *words]))
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BagError(
            f'topics {", ".join(topics)} would all be called {twice[0]!r}; name the cameras: '
            '--cameras NAME:=TOPIC ...'
        )
    return names


def _check_name(name: str) -> None:
    if not re.fullmatch(_NAME, name) or name == ALL:
        raise BagError(
            f'a camera cannot be called {name!r}: letters, digits and single underscores; '
            '--cameras takes NAME, NAME:=TOPIC, or only the word all'
        )


def _topic_called(bag: Bag, name: str, label_topics: Collection[str]) -> ImageTopic:
    candidates = _candidates(bag, label_topics)
    found = [each for each in candidates if name in each.name.split('/')]
    if len(found) != 1:
        listed = ', '.join(each.name for each in found or candidates) or 'none'
        raise BagError(
            f'{"several" if found else "no"} image topics of {bag.path} have {name} in their '
            f'name: {listed}; say which it is: --cameras {name}:=TOPIC'
        )
    return found[0]


def _candidates(bag: Bag, label_topics: Collection[str]) -> list[ImageTopic]:
    return [
        each
        for each in bag.image_topics
        if each.num_messages
        and each.name not in label_topics
        and not each.name.endswith(LABEL_TOPIC)
    ]
