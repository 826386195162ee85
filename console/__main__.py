"""`python -m console`: the command line, where no script was installed."""

from console.cli import main

if __name__ == "__main__":
    main()
