"""What ``df.write.format("growingio")`` and ``df.writeStream.format("growingio")`` come to."""

from __future__ import annotations

from pyspark.sql.datasource import DataSource
from pyspark.sql.types import MapType, StructType

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.spark.checking import check_write
from pyspark_growingio.writers import BatchWriter, StreamWriter


class DefaultSource(DataSource):
    """The data source ``growingio``: it can be written to in the mode ``append``."""

    @classmethod
    def name(cls) -> str:
        """Return what stands behind ``format``."""
        return "growingio"

    def writer(self, schema: StructType, overwrite: bool) -> BatchWriter:
        """Return what writes a data frame.

        :raises GrowingParamException: when the options or the columns cannot be used.
        """
        return BatchWriter(self._checked(schema, overwrite))

    def streamWriter(self, schema: StructType, overwrite: bool) -> StreamWriter:  # noqa: N802
        """Return what writes a stream.

        :raises GrowingParamException: when the options or the columns cannot be used.
        """
        return StreamWriter(self._checked(schema, overwrite))

    def _checked(self, schema: StructType, overwrite: bool) -> dict[str, str]:
        if overwrite:
            raise GrowingParamException(
                "what was sent cannot be replaced: write with mode('append'), and a stream with "
                "outputMode('append') or outputMode('update')"
            )
        options = dict(self.options)
        columns = {one.name: isinstance(one.dataType, MapType | StructType) for one in schema}
        check_write(options, columns)
        return options
