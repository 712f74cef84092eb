"""The command line: one small function per command, each one library call. Heavy imports stand inside them."""


def main() -> None:
    """Run the command line (entry point of the console script)."""
