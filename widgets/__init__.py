"""What an operator sees: dumb, reusable Qt widgets. Setters down, signals up.

May enter: QWidgets on PySide6 and pyqtgraph that show values of ``models``. May not enter: a store, a socket, a thread,
the product's settings. The first ones come with the desk.
"""
