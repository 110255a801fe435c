"""Writers of scenes: SVG, PNG, HTML, animation, TikZ."""
