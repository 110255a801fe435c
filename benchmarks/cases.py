"""The 35 cases, in order.

>>> len(CASES), CASES["Q1_hess"].computes
(35, 'its Hessian A+Aᵀ')
"""

from __future__ import annotations

from . import cases_algebra, cases_fitting, cases_networks, cases_worked
from .cases_base import Case

CASES: dict[str, Case] = {
    case.name: case
    for module in (cases_worked, cases_fitting, cases_algebra, cases_networks)
    for case in module.CASES
}
