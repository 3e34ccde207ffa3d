"""A toy model in two forms, for the tests of populations: residents as rows of columns, or as plain Mesa agents."""

from typing import Any

import mesa
import numpy as np

from sim.population import Column, Population, RowAgent, SlotAgent, SlotTable, columns_type, register

RESIDENT = {
    "segment": Column("u1", "code", 0, 3, "Kind of resident"),
    "wealth": Column("f8", "USD", 0, 1e6, "Money owned", default=10),
    "age": Column("i2", "years", 0, 120, "Age", default=30),
    "friends": Column("i4", "row", -1, None, "Three friends, -1 for none", default=-1, shape=(3,)),
    "moved": Column("f4", "day", None, None, "Day of the last move, nan for never", default=float("nan")),
}
ResidentColumns = columns_type("ResidentColumns", RESIDENT, module=__name__)

SHOP = {
    "fee": Column("f4", "share", 0, 0.1, "Fee", default=0.05),
    "open": Column("?", "flag", 0, 1, "Whether it is open", default=1),
}
ShopColumns = columns_type("ShopColumns", SHOP, module=__name__)


class Manners:
    """What residents of both forms do."""

    @property
    def rich(self: Any) -> bool:
        return self.wealth > 100

    def earn(self: Any, amount: float = 1.0) -> float:
        self.wealth = self.wealth + amount
        return self.wealth

    def leave_if_poor(self: Any, least: float) -> None:
        if self.wealth < least:
            self.remove()

    def swap(self: Any) -> None:
        """Do something whose result depends on the order in which residents act."""
        town = self.model
        self.wealth, town.purse = town.purse, self.wealth


class Resident(Manners, RowAgent, schema=RESIDENT):
    """A resident whose state is a row."""


class PlainResident(Manners, mesa.Agent):
    """The same resident as Mesa has it."""

    def __init__(self, model: mesa.Model, segment: int = 0, wealth: float = 10.0, age: int = 30) -> None:
        super().__init__(model)
        self.segment, self.wealth, self.age = segment, wealth, age


class Shop(SlotAgent, schema=SHOP):
    """An ordinary agent with declared attributes in a slot."""


class Town(mesa.Model):
    """A shop, residents, and another shop; every resident earns one dollar a day."""

    def __init__(self, n: int = 10, plain: bool = False, reuse: bool = False, rng: int = 7) -> None:
        super().__init__(rng=rng)
        self.purse = 5.0
        self.kind: Any = PlainResident if plain else Resident
        self.shops = SlotTable(SHOP, ShopColumns, capacity=1)
        Shop(self, self.shops)
        self._residents: Any = None
        if plain:
            for _ in range(n):
                PlainResident(self)
        else:
            self._residents = Population(self, Resident, RESIDENT, ResidentColumns, n, reuse=reuse)
            register(self, self._residents)
        Shop(self, self.shops, fee=0.1)

    @property
    def residents(self) -> Any:
        return self.agents_by_type[self.kind]

    def step(self) -> None:
        if self._residents is None:
            self.residents.do("earn")
        else:
            self._residents.columns.wealth[: self._residents.n] += 1


def ids(agents: Any) -> list[int]:
    """The numbers of agents, in their order."""
    return [agent.unique_id for agent in agents]


def same(values: Any, others: Any) -> bool:
    """Whether two sequences of values are equal, nan being equal to nan."""
    return np.array_equal(np.asarray(values, float), np.asarray(others, float), equal_nan=True)
