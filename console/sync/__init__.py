"""Sync: what waits in the outbox goes to its targets, once, and everybody can see how far it is.

May enter: the uploader and its pace, targets behind one Protocol (`targets`), what is asked about them, what clouds
answer (`answers`). May not enter: what is worth sending (the rooms that store it say so, in the same transaction), a
picture that is not `Redacted` or `Sealed` (`console.privacy.stored` opens no other), anything of Qt.
"""
