"""What the blocks of a document take as given, for the tests and for the site.

The Python blocks of a document run one after another in one namespace. `GIVEN` is run
before those of a document, or of the section under a heading.
"""

from __future__ import annotations

IMPORTS = "import numpy as np\nimport indexcalc as ic\n"

#: By document, or document and heading.
GIVEN = {
    "README.md": "x, a = np.ones((4, 3)), np.ones((4, 3))",
    "README.md#Ways in": """
import sympy

X, A, B = ic.tensors("X A B", "p p")
x, expression = ic.tensor("x", "p"), sympy.MatrixSymbol("A", 2, 2)
i, j = ic.indices("i j")
""",
    "README.md#Derivatives": """
X, A = ic.tensors("X A", "n p")
B = ic.tensor("B", "p p")
x, v = ic.tensors("x v", "p")
z, u = ic.tensors("z u", "n")
y = (X @ B * A) @ x
f = z @ X @ np.exp(x)
""",
    "README.md#Ways out": """
X, A = ic.tensors("X A", "n p")
y = (X * A) @ ic.ones("p")
J = y.diff("A")
x, a, v = np.ones((4, 3)), np.ones((4, 3)), np.ones((4, 3))
i, j, k = 0, 0, 1
""",
    "README.md#Fast functions": """
rng = np.random.default_rng(0)
data, weights = rng.normal(size=(300, 20)), rng.normal(size=20)
labels = np.sign(rng.normal(size=300))
""",
    "README.md#Structure kept": """
seen, ratings = rng.random((200, 150)), rng.normal(size=(200, 150))
U, V = rng.normal(size=(200, 5)), rng.normal(size=(150, 5))
""",
}
