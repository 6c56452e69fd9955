"""The platform `dcs`: metering servers of Coherent Research, versions 3 and 4."""
