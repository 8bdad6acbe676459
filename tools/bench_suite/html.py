"""The report as one HTML file."""
import html as text

from . import report as tables


def page(report):
    lines = tables.terminal(report) + tables.left_out_lines(report) + report["notes"]
    return f"<!doctype html><meta charset=utf-8><title>hocket bench</title><pre>{text.escape(chr(10).join(lines))}</pre>\n"
