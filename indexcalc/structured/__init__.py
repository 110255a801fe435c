"""Results whose deltas stay unbuilt: sums of products of arrays, with patterns.

∂(x∘y∘z)/∂x costs n numbers instead of n², H X costs np instead of n²p, and softmax's
Diag(s) − s sᵀ costs n. A `Structured` answers products, diagonals, traces, entries and
linear systems from its factors, and becomes dense only when `toarray` is called.
"""

from .evaluated import evaluate_structured
from .parts import Part
from .result import Structured

__all__ = ["Part", "Structured", "evaluate_structured"]
