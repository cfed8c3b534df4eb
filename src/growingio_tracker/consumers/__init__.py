"""Delivery strategies (public name: consumers): when records are sent, and by which thread."""
