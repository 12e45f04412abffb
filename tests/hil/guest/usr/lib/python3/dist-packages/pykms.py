"""Stands in for the library with which picamera2 draws previews: Debian has none, and a gate draws none."""


class _Formats:
    def __getattr__(self, name: str) -> str:
        return name


PixelFormat = _Formats()
