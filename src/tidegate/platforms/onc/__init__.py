"""Ocean Networks Canada: places, instruments, measurements, archive and products to order."""
