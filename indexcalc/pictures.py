"""Diagrams as a user holds them: one call for every format.

`Diagram` is the picture of an expression, `Film` the frames of a derivation, `Strip`
those frames in one still picture, `PlanDiagram` the tree of a plan. A writer answers
its text or bytes, and given a path writes them there too, whole or not at all.
`Pictures` is the part of an expression that draws it.

>>> from indexcalc.from_diagrams import diagram_from
>>> [wire.name for wire in diagram_from("ij,j->i").model.picture.terms[0][1].wires]
['i', 'j']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .files import Where, saved

if TYPE_CHECKING:
    import networkx

    from .diagrams.build import Axes
    from .diagrams.model import Model
    from .drawing.scene import Scene
    from .nodes import Node, Tensor
    from .planning.report import PlanReport
    from .words.shown import MatrixText


class _Drawn:
    """What has a scene: the graphic formats."""

    __slots__ = ()

    def _scene(self, **options: Any) -> Scene:
        """Lines, circles and texts in px, which the graphic formats write."""
        raise NotImplementedError

    def svg(
        self,
        path: Where = None,
        *,
        theme: str = "light",
        background: str | None = None,
        **options: Any,
    ) -> str:
        """SVG that stands alone; `theme` is light, dark, contrast or auto (as the
        reader's system is), `background` a colour instead of none.

        The other options are those of `scene`.
        """
        from .drawing.graphics.svg import svg_text

        return saved(svg_text(self._scene(**options), theme, background), path)

    def png(
        self,
        path: Where = None,
        *,
        theme: str = "light",
        scale: float = 2.0,
        background: str | None = "auto",
        **options: Any,
    ) -> bytes:
        """PNG, `scale` dots a px.

        Raises `UnsupportedError` without the extra `indexcalc[png]`.
        """
        from .drawing.graphics.png import png_bytes

        return saved(png_bytes(self._scene(**options), theme, scale, background), path)

    def tikz(
        self, path: Where = None, *, standalone: bool = False, **options: Any
    ) -> str:
        r"""A `tikzpicture` for LaTeX with `\usepackage{tikz}`, or a whole document."""
        from .drawing.graphics.tikz import tikz_text
        from .drawing.options import switch

        switch("standalone", standalone)
        return saved(tikz_text(self._scene(**options), standalone=standalone), path)

    def _repr_svg_(self) -> str:
        return self.svg(theme="auto", background="auto")


class Diagram(_Drawn):
    """A contraction diagram. `model` is what it consists of; `rule` and `reason` say,
    in a derivation, which step led to it. `kind` makes an expression of a node."""

    __slots__ = ("kind", "model", "reason", "rule")

    def __init__(
        self, model: Model, kind: Callable[..., Any], rule: str = "", reason: str = ""
    ) -> None:
        self.model = model
        self.kind = kind
        self.rule = rule
        self.reason = reason

    def expression(self) -> Any:
        """What the diagram says, read back from its boxes and wires.

        >>> from indexcalc.from_diagrams import diagram_from
        >>> print(diagram_from("ij,jk,ik->").expression().matrix())
        tr(B*C'*A)
        """
        from .diagrams.reading import node_of

        of = [end.of for end in self.model.picture.ends]
        node, by = node_of(self.model), self.model.variables
        found = self.kind(node, value_order=of.count(""), layout=self.model.layout)
        found.by = tuple((name, of.count(name) // by.count(name)) for name in by)
        return found

    def einsum(self, library: str = "numpy") -> str:
        """The einsum program of the diagram."""
        return str(self.expression().einsum(library))

    def matrix(self, style: str = "plain") -> MatrixText:
        """What the diagram says in matrix notation.

        >>> from indexcalc.from_diagrams import diagram_from
        >>> print(diagram_from("ij,ij->i", "A", "B").matrix("paper"))
        (A∘B)𝟏

        Raises `UnsupportedError` with the reason where it has none.
        """
        found: MatrixText = self.expression().matrix(style)
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Diagram) and self.model == other.model

    def __hash__(self) -> int:
        return hash(self.model)

    def __repr__(self) -> str:
        picture = self.model.picture
        ends = " ".join(end.name for end in picture.ends) or "none"
        boxes = sum(len(network.boxes) for _, network in picture.terms)
        terms = len(picture.terms)
        told = f"{terms} term{'s' * (terms != 1)}, {boxes} box{'es' * (boxes != 1)}"
        return f"<Diagram of {told}, free ends {ends}>"

    def __str__(self) -> str:
        return self.text()

    def scene(
        self,
        *,
        width: float = 900.0,
        legend: bool = False,
        labels: str = "dots",
        caption: str = "",
    ) -> Scene:
        """Lines, circles and texts in px. Sums are wrapped at `width`; `legend` adds
        what the marks mean; `labels` names the indices at the free ends and "dots",
        at "all" wires, or at the free ends alone: "none"."""
        from .drawing.layout.placing import placed
        from .drawing.options import positive
        from .drawing.scenes.composed import scene_of

        layout = placed(self.model, width=positive("width", width, 900))
        return scene_of(layout, legend=legend, labels=labels, caption=caption)

    def _scene(self, **options: Any) -> Scene:
        from .drawing.options import only

        only(options, ("width", "legend", "labels", "caption"), "a diagram")
        return self.scene(**options)

    def dot(self, path: Where = None) -> str:
        """Graphviz: the same boxes, ports and wires, laid out by `dot`."""
        from .drawing.outlines.dot import dot_text

        return saved(dot_text(self.model), path)

    def mermaid(self, path: Where = None) -> str:
        """A Mermaid flowchart, for pages that draw those; it loses the ports."""
        from .drawing.outlines.mermaid import mermaid_text

        return saved(mermaid_text(self.model), path)

    def text(
        self, path: Where = None, *, width: int = 100, unicode: bool = True
    ) -> str:
        """The diagram in characters for a terminal of a width; `unicode=False` keeps to
        ASCII."""
        from .drawing.options import switch, whole
        from .drawing.terminal.text import terminal_text

        whole("width", width)
        switch("unicode", unicode)
        return saved(terminal_text(self.model, width=width, unicode=unicode), path)

    def html(self, path: Where = None, *, title: str = "", **options: Any) -> str:
        """A page that stands alone: pointing at an index lights up all its places."""
        from .drawing.graphics.html import page

        return saved(page([(self._scene(**options), self.reason)], title), path)

    def json(self, path: Where = None) -> str:
        """The model itself, versioned; `diagram_from_json` reads it."""
        from .diagrams.documents import to_json

        return saved(to_json(self.model), path)

    def graph(self) -> networkx.MultiGraph[str]:
        """A networkx graph: boxes, dots and ends by name, wires between them."""
        from .diagrams.graph import graph_of

        return graph_of(self.model)


class Film:
    """A derivation in pictures: `frames` are diagrams, each with the value of the
    derivative, each with the rule that led to it."""

    __slots__ = ("frames",)

    def __init__(self, frames: Sequence[Diagram]) -> None:
        self.frames = tuple(frames)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Film) and self.frames == other.frames

    def __hash__(self) -> int:
        return hash(self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        return f"<Film of {len(self)} frames: {', '.join(f.rule for f in self.frames)}>"

    def __getitem__(self, k: int) -> Diagram:
        return self.frames[k]

    def __str__(self) -> str:
        return self.text()

    def text(
        self, path: Where = None, *, width: int = 100, unicode: bool = True
    ) -> str:
        """The frames one under another, each after its rule."""
        shown = [
            f"{_headline(k, frame)}\n\n{frame.text(width=width, unicode=unicode)}"
            for k, frame in enumerate(self.frames, 1)
        ]
        return saved("\n\n".join(shown), path)

    def html(self, path: Where = None, *, title: str = "", **options: Any) -> str:
        """A page with a slider through the frames that stands alone."""
        from .drawing.graphics.html import page

        return saved(page(self._scenes(**options), title), path)

    def svg(
        self,
        path: Where = None,
        *,
        seconds: float = 1.6,
        theme: str = "light",
        background: str | None = None,
        **options: Any,
    ) -> str:
        """An animated SVG: each frame for so many seconds, what stays in its place."""
        from .drawing.graphics.animation import animated_svg

        frames = self._scenes(**options)
        return saved(animated_svg(frames, seconds, theme, background), path)

    def strip(self, **options: Any) -> Strip:
        """The frames as one still picture, one under another, for a page of print."""
        return Strip(self._scenes(**options))

    def json(self, path: Where = None) -> str:
        """The models of all frames with their rules, versioned; `film_from_json` reads
        it."""
        from .diagrams.documents import frames_to_json

        return saved(
            frames_to_json([(f.model, f.rule, f.reason) for f in self.frames]), path
        )

    def _scenes(self, **options: Any) -> list[tuple[Scene, str]]:
        """The scenes, boxes that stay kept where they were, and their captions."""
        from .drawing.scenes.film import film_scenes

        models = [frame.model for frame in self.frames]
        captions = [_headline(k, frame) for k, frame in enumerate(self.frames, 1)]
        return list(zip(film_scenes(models, **options), captions, strict=True))

    def _repr_html_(self) -> str:
        return self.strip()._repr_svg_()


def _headline(k: int, frame: Diagram) -> str:
    """The number of a frame, its rule and the reason."""
    said = f"{frame.rule}: {frame.reason}" if frame.reason else frame.rule
    return f"{k}. {said}"


class Strip(_Drawn):
    """The frames of a film in one still picture."""

    __slots__ = ("_frames",)

    def __init__(self, frames: Sequence[tuple[Scene, str]]) -> None:
        self._frames = tuple(frames)

    def scene(self) -> Scene:
        """The scenes one under another, each below its rule."""
        from .drawing.scenes.film import stacked

        return stacked(self._frames)

    def _scene(self, **options: Any) -> Scene:
        from .drawing.options import only

        only(options, (), "a strip")
        return self.scene()


class PlanDiagram(_Drawn):
    """The tree of a plan: inputs above, each step with its sizes and flops."""

    __slots__ = ("report",)

    def __init__(self, report: PlanReport) -> None:
        self.report = report

    def __str__(self) -> str:
        return self.text()

    def text(self, path: Where = None) -> str:
        """The plan as a table."""
        return saved(str(self.report), path)

    def scene(self) -> Scene:
        """Boxes, curves and texts in px."""
        from .drawing.plans.scene import plan_scene

        return plan_scene(self.report)

    def _scene(self, **options: Any) -> Scene:
        from .drawing.options import only

        only(options, (), "the picture of a plan")
        return self.scene()

    def dot(self, path: Where = None) -> str:
        """Graphviz."""
        from .drawing.plans.graph import plan_dot

        return saved(plan_dot(self.report), path)

    def mermaid(self, path: Where = None) -> str:
        """A Mermaid flowchart."""
        from .drawing.plans.graph import plan_mermaid

        return saved(plan_mermaid(self.report), path)

    def html(self, path: Where = None, *, title: str = "") -> str:
        """A page that stands alone."""
        from .drawing.graphics.html import page

        return saved(page([(self.scene(), "")], title), path)

    def graph(self) -> networkx.DiGraph[str]:
        """A networkx graph of inputs and steps with their sizes and flops."""
        from .drawing.plans.graph import plan_graph

        return plan_graph(self.report)


class Pictures:
    """What draws an expression. The class that inherits it supplies the nodes, which
    axes are the value's, and what it was differentiated by."""

    __slots__ = ()
    written: Node
    value_order: int
    layout: str
    by: tuple[tuple[str, int], ...]

    @property
    def node(self) -> Node:
        """The canonical node."""
        raise NotImplementedError

    def _tensor(self, variable: Any) -> Tensor:
        """The variable itself."""
        raise NotImplementedError

    def diagram(self, by: Any = None, *, fuse: bool = True) -> Diagram:
        """The contraction diagram: `.svg()`, `.png()`, `.tikz()`, `.dot()`,
        `.mermaid()`, `.text()`, `.html()`, `.json()`, `.graph()`.

        With `by`, a variable, it is the derivative before it is worked out: a loop
        round the diagram. `fuse=False` draws the expression as it was written, with
        every copy tensor that the fused diagram has contracted.

        Raises `BudgetError` for an expression too large to draw.
        """
        from .diagrams.build import model_of

        node = self.node if fuse else self.written
        model = model_of(node, self._axes_of(), unfused=not fuse)
        if by is not None:
            from .diagrams.loops import looped

            model = looped(model, self._tensor(by))
        return Diagram(model, type(self))

    def film(self, variable: Any, order: int = 1) -> Film:
        """The derivative in pictures, one frame a step: the loop distributes, the node
        is deleted, the dots fuse. `.html()`, `.svg()`, `.strip()`, `.text()`.

        `order=2` goes on to the second derivative. Raises `BudgetError` where there
        would be too many frames.
        """
        from .diagrams.film import derivation_frames

        leaf, axes = self._tensor(variable), self._axes_of()
        frames = derivation_frames(self.written, leaf, axes, order=order)
        return Film([Diagram(f.model, type(self), f.rule, f.reason) for f in frames])

    def _axes_of(self) -> Axes:
        """Which axes are the value's, and which variable's the others are."""
        from .diagrams.build import Axes

        of = [name for name, count in self.by for _ in range(count)]
        axes = ("",) * (len(self.written.shape) - len(of)) + tuple(of)
        by = tuple(name for name, _ in self.by)
        if self.layout == "variable_first":
            axes = (*axes[self.value_order :], *axes[: self.value_order])
        return Axes(axes, by, self.layout)
