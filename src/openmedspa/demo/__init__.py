"""The demo practice's invented people and data: nobody in here exists."""
