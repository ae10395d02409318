"""The pages of calls and of their figures, as operators and partners both have them."""
