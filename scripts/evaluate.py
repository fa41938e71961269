#!/usr/bin/env python3
"""Measure a model on labelled records: the same as ``dudao evaluate``."""

import sys

from dudao.cli import main

if __name__ == "__main__":
    main(["evaluate", *sys.argv[1:]])
