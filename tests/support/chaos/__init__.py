"""Seeded faults against real processes, and the balance of every event afterwards.

``schedule`` says what happens, ``server`` and ``fleet`` let it happen, ``client`` is what it
happens to, ``course`` runs it all, and ``balance`` tells what became of each event.
"""
