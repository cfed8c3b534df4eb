"""The main job, shown: every strategy and format sends real events to a local collector."""
