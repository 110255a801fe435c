"""Derivatives by a complex variable and by its conjugate.

With z = x + iy, Wirtinger's derivatives are ∂f/∂z = (∂f/∂x − i ∂f/∂y)/2 and
∂f/∂z̄ = (∂f/∂x + i ∂f/∂y)/2. They come out if f is written in z and z̄ as if these were
two variables. A holomorphic f has ∂f/∂z̄ = 0; for a real f the gradient in the plane is
2 ∂f/∂z̄, and along a direction h it grows by 2 Re Σ h ∂f/∂z.

Source: R. Remmert, Theory of Complex Functions (1991), chapter 1.

>>> from indexcalc.complexes import squared_modulus
>>> from indexcalc.index_text import index_text
>>> z = tensor("z", ("n",), "complex")
>>> for slope in wirtinger(squared_modulus(z), z):
...     print(index_text(slope))
δ_ij conj(z_i)
δ_ij z_i
"""

from __future__ import annotations

from .derivative import jacobian
from .errors import UnsupportedError
from .expr import tensor
from .functions import call
from .nodes import Node, Tensor, variables
from .substitute import replace


def wirtinger(root: Node, variable: Tensor) -> tuple[Node, Node]:
    """∂f/∂z and ∂f/∂z̄, each with the value's axes and then the variable's.

    Raises `UnsupportedError` for a variable that is not declared complex.
    """
    if variable.structure != "complex":
        raise UnsupportedError(
            f"{variable.name} is not declared complex",
            hint=f'declare it, as in {variable.name}="n : complex", or use diff',
        )
    barred = call("conj", [variable])
    name = f"{variable.name}bar"
    while name in variables(root):
        name += "_"
    stand_in = tensor(name, variable.shape, "complex")
    open_ = replace(root, {barred: stand_in})
    slopes = (jacobian(open_, variable), jacobian(open_, stand_in))
    by_z, by_conjugate = (replace(slope, {stand_in: barred}) for slope in slopes)
    return by_z, by_conjugate
