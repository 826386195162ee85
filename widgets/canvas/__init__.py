"""A picture with boxes over it, to be looked at closely and drawn on.

`marks`, `view`, `snap`, `hit`, `history` and `drawing` are arithmetic without Qt; `picture`, `chips`, `layout` and
`paint` put it on the screen; `canvas` is the widget. All coordinates are float pixels of the source picture, which may
be larger than the picture that is stored of it.
"""

from widgets.canvas.canvas import Canvas
from widgets.canvas.marks import Mark

__all__ = ["Canvas", "Mark"]
