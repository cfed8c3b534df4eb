"""What the tests of the delivery half share: servers, a rig without threads, processes, waiting."""
