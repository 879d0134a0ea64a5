"""The evaluation table: its sets, the methods that are compared on them, the numbers and the page."""
