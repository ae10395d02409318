"""The partner API's contract as checks: a file for each chapter, and what they stand on."""
