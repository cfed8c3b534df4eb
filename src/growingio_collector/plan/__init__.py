"""Tracking plan in the collector: drafts, reports and the plan in use."""
