"""`python -m zkcore.cli`, where no script is installed."""

from zkcore.cli import main

if __name__ == "__main__":
    main()
