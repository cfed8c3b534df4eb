"""Sessions of the real engine, on this machine alone, and what a server accepted from them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark.sql import DataFrame, SparkSession

import growingio_tracker
from delivering.servers import Received

# Engines live for a minute: compiling their code well takes longer than that saves.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_PACKAGES = str(Path(growingio_tracker.__file__).parents[1])
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.executorEnv.PYTHONPATH": _PACKAGES,
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": _SHORT_LIVED,
    "spark.executor.extraJavaOptions": _SHORT_LIVED,
}
PROJECT = "a-project-nobody-may-see"


@contextmanager
def session(master: str, folder: Path) -> Generator[SparkSession]:
    """Yield a session that leaves nothing behind."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java 17 or newer, and no command java was found")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            patch.delenv(name)
        patch.delenv("SPARK_HOME", raising=False)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", _PACKAGES)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("SPARK_LOCAL_HOSTNAME", "127.0.0.1")
        spark = _start(master, folder)
        try:
            yield spark
        finally:
            work = Path(pyspark.__file__).parent / "work" / spark.sparkContext.applicationId
            spark.stop()
            shutil.rmtree(work, ignore_errors=True)  # what executors of a local-cluster leave


def _start(master: str, folder: Path) -> SparkSession:
    builder = SparkSession.builder.master(master)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    builder = builder.config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    try:
        return builder.getOrCreate()
    except Exception:  # the master of a local-cluster may not listen in time
        return builder.getOrCreate()


def options(url: str, **more: object) -> dict[str, Any]:
    """Return the options of a write to ``url``."""
    return {"product_id": PROJECT, "data_source_id": "d", "server_host": url, **more}


def write(rows: DataFrame, url: str, **more: object) -> None:
    """Write a data frame as a program does."""
    rows.write.format("growingio").options(**options(url, **more)).mode("append").save()


def orders(spark: SparkSession, count: int, partitions: int = 2) -> DataFrame:
    """Return rows that can be written as they are; ``number`` tells them apart."""
    return spark.range(count, numPartitions=partitions).selectExpr(
        "'order_paid' as event_name", "concat('u', id % 10) as login_user_id", "id as number"
    )


def sent(requests: Iterable[Received], attribute: str = "number") -> Counter[Any]:
    """Return how often each value of an attribute is in the bodies of ``requests``."""
    return Counter(
        message["attributes"][attribute]
        for request in requests
        for message in json.loads(request.body)
    )
