"""What travels through the flow: frozen values without behaviour of their own and without any I/O.

documents (what the expense side holds) → settled reports → bookings (what we want) → payloads and messages (what we
send) → outcomes and postings (what the ERP says and holds); problems tell people what is wrong at any of these places.
"""
