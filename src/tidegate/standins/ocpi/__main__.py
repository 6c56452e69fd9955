"""`python -m tidegate.standins.ocpi`."""

from tidegate.standins.ocpi.running import main

if __name__ == "__main__":
    raise SystemExit(main())
