# -*- coding: utf-8 -*-
"""Builds the 1.x line. A pyproject.toml would make old releases of pip ask the network for tools."""

import io
import os
import re

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def text(*path):
    with io.open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


setup(
    name="growingio_tracker",
    version=re.search('VERSION = "(.+)"', text("src", "growingio_tracker", "version.py")).group(1),
    description="Server-side event SDK for GrowingIO: the line for Python 2.7 and 3.5 to 3.9",
    long_description=text("README.md"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    author="GrowingIO SDK Team",
    author_email="sdk-integration@growingio.com",
    url="https://github.com/growingio/growingio-python-sdk-v3",
    python_requires=">=2.7, !=3.0.*, !=3.1.*, !=3.2.*, !=3.3.*, !=3.4.*, <3.10",
    package_dir={"": "src"},
    packages=find_packages("src"),
    zip_safe=True,
    options={"bdist_wheel": {"python_tag": "py2.py3"}},
    classifiers=["Programming Language :: Python :: 2.7"]
    + ["Programming Language :: Python :: 3.%d" % minor for minor in range(5, 10)],
)
