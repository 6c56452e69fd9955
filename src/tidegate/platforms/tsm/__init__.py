"""The platform `tsm`: time-series managers that speak the WebTSM API."""
