"""Seeded faults against producers, a broker, relays and their server, and the balance afterwards.

The processes that track and the server are those of ``chaos``. ``schedule`` says what happens,
``relays`` and ``course`` let it happen, ``topics`` reads what the broker holds, and ``balance``
tells what became of each event.
"""
