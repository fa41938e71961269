#!/usr/bin/env python3
"""Train a model version from the corpus: the same as ``dudao train``."""

import sys

from dudao.cli import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
