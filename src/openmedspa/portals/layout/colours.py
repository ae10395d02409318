"""A practice's colour, made readable: as text and as a button's ground, by day and by night. Pure."""

import colorsys

from msgspec import Struct

BLACK, WHITE = 0.0, 1.0
READABLE = 4.5  # WCAG AA for text of normal size
BRIGHT = 7  # AAA: on a dark ground, a button that only just reads looks switched off
STEPS = 50
# The grounds of style.css that the accent stands on, as text or under it.
DAY_GROUNDS = ("#ffffff", "#f5f7f6")
NIGHT_GROUNDS = ("#161d1b", "#0f1514")


class Accent(Struct, frozen=True):
    """The same hue twice: dark enough for a light ground, light enough for a dark one."""

    day: str
    night: str


def accent(colour: str) -> Accent:
    """The practice's colour, made darker or lighter only as far as reading needs it."""
    return Accent(
        day=_towards(colour, BLACK, DAY_GROUNDS, READABLE), night=_towards(colour, WHITE, NIGHT_GROUNDS, BRIGHT)
    )


def contrast(one: str, other: str) -> float:
    """WCAG 2: from 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _towards(colour: str, lightness: float, grounds: tuple[str, ...], least: float) -> str:
    """The nearest one in that direction that reads; hue and saturation stay, so that it does not look washed out."""
    hue, start, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    for step in range(STEPS + 1):
        tried = _hex(*colorsys.hls_to_rgb(hue, start + (lightness - start) * step / STEPS, saturation))
        if all(contrast(tried, ground) >= least for ground in grounds):
            return tried
    return _hex(lightness, lightness, lightness)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part) for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _rgb(colour: str) -> tuple[float, float, float]:
    """Each part from 0 to 1."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _hex(red: float, green: float, blue: float) -> str:
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
