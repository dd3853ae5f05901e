"""What stands where: the street's fixed contents, block by block, without end."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.buildings import Building
from hopfield_pebal_ros.scenes.cross_section import CrossSection
from hopfield_pebal_ros.scenes.decals import Decal
from hopfield_pebal_ros.scenes.facades import Facade, random_facade
from hopfield_pebal_ros.scenes.items import VEGETATION_ID, Glow, Item, Panel, Standing, Tree
from hopfield_pebal_ros.scenes.large_vehicles import random_lorry
from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.panels import fence_picture, wall_picture
from hopfield_pebal_ros.scenes.people import random_person
from hopfield_pebal_ros.scenes.quads import Picture
from hopfield_pebal_ros.scenes.road_paint import RoadPaint
from hopfield_pebal_ros.scenes.street_furniture import Lamp, Post, TrafficLight, random_sign
from hopfield_pebal_ros.scenes.textures import ByteImage
from hopfield_pebal_ros.scenes.two_wheelers import random_two_wheeler
from hopfield_pebal_ros.scenes.vegetation import hedge, tree
from hopfield_pebal_ros.scenes.vehicles import random_car

BLOCK_M = 60.0
"""Length of street that is laid out at once."""

_INSTANCES_PER_BLOCK = 100
_TILES = ((128.0, 66.0, 50.0), (92.0, 58.0, 50.0), (70.0, 70.0, 76.0), (58.0, 60.0, 66.0))
_WALL_ID, _FENCE_ID = CITYSCAPES.id_of('wall'), CITYSCAPES.id_of('fence')


@dataclass(frozen=True)
class Block:
    """Fixed contents of 60 m of street; lamps are (s, u) of the pools of light."""

    items: tuple[Item, ...]
    lamps: tuple[tuple[float, float], ...]
    decals: tuple[Decal, ...]


@dataclass
class _Pen:
    """Collects the items of one block and numbers its instances."""

    rng: np.random.Generator
    start_s: float
    next_instance: int
    items: list[Item] = field(default_factory=list)
    lamps: list[tuple[float, float]] = field(default_factory=list)

    def instance(self, count: int = 1) -> int:
        first = self.next_instance
        self.next_instance += count
        return first


class Layout:
    """The street of one seed; blocks are laid out when first asked for."""

    def __init__(self, seed: int, section: CrossSection, light: Light) -> None:
        self._seed = seed
        self._section = section
        self._light = light
        self._blocks: dict[int, Block] = {}
        self._pictures: dict[tuple[str, int], Picture] = {}
        self._facades: dict[int, Facade] = {}
        self._paint = RoadPaint(seed, section)
        rng = np.random.default_rng((seed, 1))
        self._car_share = float(rng.uniform(0.2, 0.95))
        self._tree_gap_m = float(rng.choice([8.0, 12.0, 20.0, 1e9], p=[0.25, 0.25, 0.25, 0.25]))
        self._lamp_gap_m = float(rng.uniform(22, 40))
        self._house_share = {
            'city': 0.97,
            'avenue': 0.85,
            'suburb': 0.8,
            'country': 0.12,
            'works': 0.5,
        }[section.style]
        self._lamp_side = int(rng.choice([-1, 1]))
        self._lamp_height = float(rng.uniform(5, 8.5))

    def block(self, index: int) -> Block:
        """Contents of s = 60 index .. 60 (index + 1) [m]."""
        if index not in self._blocks:
            self._blocks[index] = self._lay_out(index)
        return self._blocks[index]

    def _lay_out(self, index: int) -> Block:
        first_instance = 1 + index % 300 * _INSTANCES_PER_BLOCK
        pen = _Pen(
            np.random.default_rng((self._seed, 2, index + 1000)), index * BLOCK_M, first_instance
        )
        for side in (-1, 1):
            self._houses(pen, side)
            self._greenery(pen, side)
            self._parked(pen, side)
            self._furniture(pen, side)
            self._people(pen, side)
        decals = self._paint.block(index, pen.start_s, BLOCK_M)
        return Block(tuple(pen.items), tuple(pen.lamps), tuple(decals))

    def _edge(self, side: int) -> float:
        return self._section.right_edge if side > 0 else self._section.left_edge

    def _line(self, side: int) -> float:
        return self._section.building_line[1 if side > 0 else 0]

    def _houses(self, pen: _Pen, side: int) -> None:
        """Fronts side by side; gaps show trees, hedges and gable walls."""
        rng, at, style = pen.rng, pen.start_s, self._section.style
        opposite = 11.0 if style in ('city', 'avenue') else 0.0
        spread = 0.4 if style == 'city' else 5.0
        hidden_up_to = 0.0  # height of the neighbour that touches on the near side
        while at < pen.start_s + BLOCK_M - 4:
            if rng.random() < self._house_share:
                facade = self._facade(int(rng.integers(7)))
                is_pitched = facade.height_m < 15 and rng.random() < 0.7
                roof = float(rng.uniform(2, 4.5)) if is_pitched else 0.0
                u = side * (self._line(side) + float(rng.uniform(0, spread)))
                depth, tiles = float(rng.uniform(8, 12)), _TILES[int(rng.integers(len(_TILES)))]
                is_hidden = facade.height_m + roof < hidden_up_to
                house = Building(facade, at, u, depth, roof, tiles, opposite, is_hidden)
                pen.items.append(house)
                at = house.far_s
                hidden_up_to = facade.height_m if spread < 1 else 0.0
            else:
                self._grove(pen, side, start=at, length=10.0)
                at, hidden_up_to = at + 10.0, 0.0
            if style != 'city' or rng.random() < 0.1:
                gap = float(rng.uniform(1, 9))
                self._grove(pen, side, start=at, length=gap)
                at, hidden_up_to = at + gap, 0.0

    def _grove(self, pen: _Pen, side: int, *, start: float, length: float) -> None:
        """Trees at the building line where no house stands."""
        for _ in range(int(pen.rng.poisson(length / 7))):
            s, u = (
                start + pen.rng.uniform(0, length),
                side * (self._line(side) + pen.rng.uniform(0, 9)),
            )
            self._plant(pen, (float(s), float(u)), float(pen.rng.uniform(6, 14)))

    def _plant(self, pen: _Pen, place: tuple[float, float], height: float) -> None:
        picture = self._picture(
            'tree', int(pen.rng.integers(4)), lambda rng: tree(rng, self._light.sun_direction)
        )
        width = height * float(pen.rng.uniform(0.8, 1.05))
        pen.items.append(Tree(picture, *place, width, height))

    def _greenery(self, pen: _Pen, side: int) -> None:
        """Trees along the kerb, hedges, fences and walls in front of gardens."""
        rng, section = pen.rng, self._section
        start, end = section.pavement[1 if side > 0 else 0]
        at = pen.start_s + rng.uniform(0, 6)
        while at < pen.start_s + BLOCK_M:
            if rng.random() < 0.8 and self._tree_gap_m < 1e8:
                place = float(at), self._edge(side) + side * (start + 0.7)
                self._plant(pen, place, float(rng.uniform(5, 10)))
            at += self._tree_gap_m * rng.uniform(0.8, 1.2)
        u = self._edge(side) + side * (end + 0.25)
        if section.style == 'city':
            return
        at = pen.start_s
        while at < pen.start_s + BLOCK_M:
            length = float(rng.uniform(8, 18))
            kind = str(rng.choice(['hedge', 'fence', 'wall', 'none'], p=[0.3, 0.25, 0.2, 0.25]))
            if kind != 'none':
                pen.items.append(self._panel(rng, kind, near_s=at, length=length, u=u))
            at += length + rng.uniform(0, 3)

    def _panel(
        self, rng: np.random.Generator, kind: str, *, near_s: float, length: float, u: float
    ) -> Panel:
        variant = int(rng.integers(2))
        if kind == 'hedge':
            picture = self._picture(
                'hedge', variant, lambda each: hedge(each, is_clipped=variant == 0)
            )
            return Panel(picture, VEGETATION_ID, near_s, length, u, float(rng.uniform(0.8, 2)))
        if kind == 'wall':
            return Panel(
                self._picture('wall', variant, wall_picture),
                _WALL_ID,
                near_s,
                length,
                u,
                float(rng.uniform(0.7, 2.2)),
            )
        picture = self._picture('fence', variant, fence_picture)
        return Panel(
            picture, _FENCE_ID, near_s, length, u, float(rng.uniform(0.9, 1.7)), is_solid=False
        )

    def _parked(self, pen: _Pen, side: int) -> None:
        rng, section = pen.rng, self._section
        if not section.parking[1 if side > 0 else 0]:
            return
        at = pen.start_s + rng.uniform(0, 3)
        while at < pen.start_s + BLOCK_M - 5:
            if rng.random() < self._car_share:
                lorry = rng.random() < 0.04
                model = random_lorry(rng) if lorry else random_car(rng, is_parked=True)
                length, width, _ = model.size_m
                u = self._edge(side) - side * (width / 2 + rng.uniform(0.1, 0.35))
                yaw = rng.normal(0, 0.03) + (np.pi if side < 0 and rng.random() < 0.75 else 0.0)
                pose = Pose(at + length / 2, float(u), float(yaw))
                pen.items.append(Standing(model, pose, model.size_m, pen.instance(), contact=0.85))
                at += length + rng.uniform(0.5, 1.6)
            else:
                at += rng.uniform(4, 9)

    def _furniture(self, pen: _Pen, side: int) -> None:
        rng, edge = pen.rng, self._edge(side)
        kerb = edge + side * 0.55
        if side == self._lamp_side:
            at = np.ceil(pen.start_s / self._lamp_gap_m) * self._lamp_gap_m
            while at < pen.start_s + BLOCK_M:
                lamp = Lamp(self._lamp_height, -side * 1.6)
                glow = Glow((0.0, -side * 1.9, self._lamp_height), 1.6, (255.0, 214.0, 150.0))
                size = 0.25, 0.25, self._lamp_height
                pen.items.append(Standing(lamp, Pose(float(at), kerb), size, glows=(glow,)))
                pen.lamps.append((float(at), kerb - side * 1.8))
                at += self._lamp_gap_m
        for _ in range(int(rng.poisson(1.6))):
            sign = random_sign(rng)
            place = Pose(
                pen.start_s + float(rng.uniform(0, BLOCK_M)),
                kerb + side * float(rng.uniform(0, 0.5)),
            )
            size = 0.1, 0.3, sign.height_m
            pen.items.append(Standing(sign, place, size, contact=0.2, visible_to_m=75))
        if rng.random() < 0.25:
            light = TrafficLight(float(rng.uniform(2.8, 3.6)), int(rng.integers(3)))
            place = Pose(pen.start_s + float(rng.uniform(0, BLOCK_M)), kerb)
            pen.items.append(Standing(light, place, (0.2, 0.3, 3.2), contact=0.2))
        if rng.random() < 0.3:
            start, post = pen.start_s + rng.uniform(0, 30), Post(0.95, 0.06, (60.0, 62.0, 64.0))
            for index in range(int(rng.integers(3, 12))):
                place = Pose(float(start + 1.8 * index), edge + side * 0.4)
                pen.items.append(Standing(post, place, (0.12, 0.12, 0.9), visible_to_m=45))

    def _people(self, pen: _Pen, side: int) -> None:
        """People who stand about, and parked bicycles and motorcycles."""
        rng, section = pen.rng, self._section
        start, end = section.pavement[1 if side > 0 else 0]
        if end - start < 1:
            return
        busy = {'city': 2.2, 'avenue': 1.5, 'suburb': 0.8, 'country': 0.2, 'works': 0.6}[
            section.style
        ]
        for _ in range(int(rng.poisson(busy))):
            person = random_person(rng, is_walking=False)
            size = 0.35, 0.45, person.figure.height_m
            u = self._edge(side) + side * rng.uniform(start + 0.5, end - 0.3)
            pose = Pose(
                pen.start_s + float(rng.uniform(0, BLOCK_M)),
                float(u),
                float(rng.uniform(0, 6.28)),
                1.0,
            )
            pen.items.append(Standing(person, pose, size, pen.instance(), visible_to_m=65))
        for _ in range(int(rng.poisson(0.8 * busy))):
            machine = random_two_wheeler(
                rng, is_motorcycle=bool(rng.random() < 0.4), is_ridden=False
            )
            u = self._edge(side) + side * rng.uniform(start + 0.3, end - 0.2)
            pose = Pose(
                pen.start_s + float(rng.uniform(0, BLOCK_M)),
                float(u),
                float(rng.normal(0, 0.6)),
                1.0,
            )
            pen.items.append(
                Standing(
                    machine, pose, (1.6, 0.3, 0.9), pen.instance(2), contact=0.4, visible_to_m=75
                )
            )

    def _facade(self, index: int) -> Facade:
        if index not in self._facades:
            rng = np.random.default_rng((self._seed, 3, index))
            self._facades[index] = random_facade(
                rng, self._section.style, is_night=self._light.is_night
            )
        return self._facades[index]

    def _picture(
        self, kind: str, variant: int, make: Callable[[np.random.Generator], ByteImage]
    ) -> Picture:
        key = kind, variant
        if key not in self._pictures:
            rng = np.random.default_rng((self._seed, 4, variant, len(kind)))
            self._pictures[key] = Picture(make(rng))
        return self._pictures[key]
