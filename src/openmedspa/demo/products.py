"""The demo's catalogue: invented vendors and what they sell. Pure arithmetic over a small table: no I/O."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

CENT = Decimal("0.01")
LINES = ["Calm", "Clear", "Dew", "Firm", "Glow"]  # each product comes in every line of its vendor
SIZES = ["30 ml", "50 ml", "100 ml"]
PACKS = ["box of 10", "box of 50", "box of 100"]

# Vendor: a word before each name, and (product, price of the smallest) with either lines or sizes or packs.
SKIN_CARE: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "V002": ("Alderbrook", [("Gentle Cleanser", "24.00"), ("Hydrating Toner", "22.50"), ("Night Cream", "58.00"),
                            ("Eye Serum", "64.00"), ("Peptide Serum", "88.00")]),
    "V003": ("Vellanova", [("Mineral Sunscreen SPF 40", "36.00"), ("Tinted Sunscreen SPF 30", "38.00"),
                           ("After-Sun Gel", "19.50"), ("Lip Balm SPF 20", "9.75"), ("Body Lotion", "28.00")]),
    "V004": ("Sorrel & Finch", [("Clay Mask", "32.00"), ("Enzyme Peel Pads", "46.00"), ("Polishing Grains", "29.00"),
                                ("Sheet Mask, five", "25.00"), ("Overnight Mask", "42.00")]),
    "V005": ("Brightwater Labs", [("Vitamin C Serum", "92.00"), ("Retinol Cream", "76.00"),
                                  ("Niacinamide Drops", "34.00"), ("Barrier Cream", "48.00"),
                                  ("Hyaluronic Mist", "27.00")]),
}  # fmt: skip
SUPPLIES: dict[str, tuple[str, list[str], list[tuple[str, str]]]] = {
    "V006": ("Norwell", PACKS, [("Nitrile Gloves S", "8.90"), ("Nitrile Gloves M", "8.90"), ("Nitrile Gloves L", "8.9"),
                                ("Face Masks", "6.50"), ("Bouffant Caps", "5.25"), ("Exam Table Paper", "12.40"),
                                ("Patient Gowns", "21.00"), ("Shoe Covers", "4.80")]),
    "V007": ("Tidewell Medical", PACKS, [("Insulin Syringes 0.3 ml", "11.20"), ("Syringes 1 ml", "9.40"),
                                         ("Syringes 3 ml", "9.90"), ("Needles 30 G", "7.60"), ("Needles 32 G", "8.10"),
                                         ("Blunt Cannulas 25 G", "38.00"), ("Alcohol Pads", "2.95"),
                                         ("Gauze 2 × 2 in", "3.40")]),
    "V008": ("Halcyon Device", SIZES, [("Ultrasound Gel", "6.80"), ("Laser Tip Cleaner", "18.50"),
                                       ("Cooling Gel", "12.00"), ("Conductive Cream", "14.25"),
                                       ("Handpiece Lubricant", "21.90"), ("Lens Cleaner", "7.30")]),
    "V009": ("Greenwell Botanics", SIZES, [("Rosehip Oil", "18.00"), ("Arnica Gel", "14.50"), ("Aloe Gel", "11.00"),
                                           ("Chamomile Water", "9.50"), ("Calendula Balm", "16.75"),
                                           ("Lavender Mist", "12.25"), ("Green Tea Tonic", "13.80")]),
    "V010": ("Ashgrove Wellness", PACKS, [("Collagen Sachets", "19.00"), ("Vitamin D3 Capsules", "8.40"),
                                          ("Zinc Lozenges", "6.20"), ("Electrolyte Sticks", "11.60"),
                                          ("Omega-3 Softgels", "14.90"), ("Biotin Capsules", "9.80"),
                                          ("Magnesium Tablets", "8.95")]),
    "V011": ("Kestrel Paper", PACKS, [("Appointment Cards", "7.50"), ("Aftercare Leaflets", "12.00"),
                                      ("Gift Card Sleeves", "9.20"), ("Chart Labels", "6.10"),
                                      ("Consent Packets", "18.30"), ("Thank-You Cards", "10.50")]),
    "V012": ("Larkin Linens", ["white", "sand", "sage"], [("Bath Towel", "16.00"), ("Hand Towel", "7.50"),
                                                          ("Headband", "4.25"), ("Treatment Robe", "48.00"),
                                                          ("Bolster Cover", "13.00"), ("Blanket", "39.00")]),
}  # fmt: skip
TRAVEL = "V013", "Marrowby Travel", 55


class Product(Struct, frozen=True):
    vendor_code: str
    product_code: str
    name: str
    retail_price: Decimal


def products() -> list[Product]:
    """The documents' example first, then 299 of ours; codes count up within a vendor."""
    return [Product("V001", "P001", "Example Product", Decimal("99.99")), *_skin_care(), *_supplies(), *_travel()]


def _skin_care() -> Iterator[Product]:
    for vendor, (brand, kinds) in SKIN_CARE.items():
        named = [(f"{brand} {line} {kind}", price) for kind, price in kinds for line in LINES]
        yield from _numbered(vendor, [(name, Decimal(price)) for name, price in named])


def _supplies() -> Iterator[Product]:
    """The second size costs a little less than twice the first, the third a little less than three times."""
    for vendor, (brand, sizes, kinds) in SUPPLIES.items():
        factors = [Decimal(1)] * 3 if vendor == "V012" else [Decimal(1), Decimal("1.8"), Decimal("2.9")]
        named = [
            (f"{brand} {kind}, {size}", Decimal(price) * factor)
            for kind, price in kinds
            for size, factor in zip(sizes, factors, strict=True)
        ]
        yield from _numbered(vendor, named)


def _travel() -> Iterator[Product]:
    """Small tubes of what the skin-care vendors make, at a third of the price."""
    vendor, brand, count = TRAVEL
    kinds = [kind for _, kinds in SKIN_CARE.values() for kind in kinds]
    sizes = ["10 ml", "15 ml", "20 ml"]
    named = [(f"{brand} {kind}, {size}", price) for kind, price in kinds for size in sizes]
    smaller = [(name, Decimal(price) / 3 + index % 3) for index, (name, price) in enumerate(named)]
    yield from _numbered(vendor, smaller[:count])


def _numbered(vendor: str, named: list[tuple[str, Decimal]]) -> Iterator[Product]:
    for number, (name, price) in enumerate(named, 1):
        yield Product(vendor, f"{vendor[1:]}-{number:03}", name, price.quantize(CENT))
