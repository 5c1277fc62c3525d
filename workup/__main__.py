"""``python -m workup``: the ``veinvasion`` command."""

from workup.command_line import main

if __name__ == "__main__":
    main()
