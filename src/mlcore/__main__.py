"""`python -m mlcore`: the same as the program `mlcore`."""

from mlcore.cli.main import main

if __name__ == "__main__":
    main()
