"""`python -m tidegate.standins.onc`."""

from tidegate.standins.onc.running import main

if __name__ == "__main__":
    raise SystemExit(main())
