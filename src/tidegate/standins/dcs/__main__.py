"""`python -m tidegate.standins.dcs`."""

from tidegate.standins.dcs.running import main

if __name__ == "__main__":
    raise SystemExit(main())
