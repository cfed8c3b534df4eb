"""The protobuf format."""

from growingio_tracker_protobuf.protobuf_parser import ProtobufParser

__all__ = ["ProtobufParser"]
