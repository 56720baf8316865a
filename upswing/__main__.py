"""`python -m upswing` is `upswing`."""

from upswing.cli import main

if __name__ == "__main__":
    main()
