"""What a rival is, and the tables that the libraries' modules fill.

A form is a function of a case's arrays, its parameters named as they are:

>>> TABLE = Table("NumPy", on_numpy)
>>> @TABLE.form("S3_comp", "product")
... def product(y, z):
...     return y * z
>>> rival, = TABLE.rivals
>>> data = Data({"y": np.ones(2), "z": np.array([3.0, 4.0])}, {"n": 2})
>>> rival.prepare(data)().tolist()
[3.0, 4.0]
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

Call: TypeAlias = Callable[[], Any]
Form: TypeAlias = Callable[..., Any]
Suits: TypeAlias = Callable[[Mapping[str, int]], bool]


@dataclass(frozen=True)
class Data:
    """A case's arrays and sizes; `device` is "cpu" or "gpu", for libraries with
    several."""

    arrays: Mapping[str, Any]
    sizes: Mapping[str, int]
    device: str = "cpu"

    @property
    def dtype(self) -> Any:
        """The precision of the arrays."""
        return np.result_type(*self.arrays.values())

    def empty(self, *names: str | int) -> Any:
        """A buffer whose axes are sizes, by name or number, its pages touched."""
        shape = [n if isinstance(n, int) else self.sizes[n] for n in names]
        return np.full(shape, 0.5, self.dtype)


Wrap: TypeAlias = Callable[[Form, Data], Call]


@dataclass(frozen=True)
class Rival:
    """One way to compute a case. `prepare` converts inputs and compiles.

    The answer's axes come in the order `axes` of the case's. A rival that is `given` a
    buffer is compared with those only; one that does not `count` is shown, and is never
    the best.
    """

    case: str
    name: str
    column: str
    prepare: Callable[[Data], Call]
    axes: tuple[int, ...] | None = None
    given: bool = False
    counts: bool = True
    suits: Suits = lambda sizes: True


def taken(form: Form, data: Data) -> list[Any]:
    """The arrays that a form's parameters name, in order."""
    return [data.arrays[name] for name in inspect.signature(form).parameters]


def on_numpy(form: Form, data: Data) -> Call:
    """The form on NumPy arrays."""
    return partial(form, *taken(form, data))


@dataclass
class Table:
    """The rivals of one library; `wrap` is how it takes arrays and compiles."""

    column: str
    wrap: Wrap
    rivals: list[Rival] = field(default_factory=list)

    def form(self, case: str, name: str, **more: Any) -> Callable[[Form], Form]:
        """Enters a function of the case's arrays."""

        def enter(form: Form) -> Form:
            self.add(case, name, form, **more)
            return form

        return enter

    def add(self, case: str, name: str, form: Form, **more: Any) -> None:
        """The same without a decorator."""
        self.maker(case, name, **more)(partial(self.wrap, form))

    def maker(self, case: str, name: str, **more: Any) -> Callable[[Form], Form]:
        """Enters a function of `Data` that answers what is called: for rivals with
        buffers of their own."""

        def enter(make: Callable[[Data], Call]) -> Callable[[Data], Call]:
            column = more.pop("column", self.column)
            self.rivals.append(Rival(case, name, column, make, **more))
            return make

        return enter
