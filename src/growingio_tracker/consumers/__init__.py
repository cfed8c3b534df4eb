"""Delivery strategies (public name: consumers): when, and in which thread, records leave."""
