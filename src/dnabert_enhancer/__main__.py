"""``python -m dnabert_enhancer COMMAND``: the same as the program ``dnabert-enhancer``."""

from dnabert_enhancer.commands.cli import main

if __name__ == "__main__":
    main()
