"""The tool that packs the history of layers."""
