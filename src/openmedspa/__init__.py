"""OpenMedspa: Good Faith Exams for medspas, and the practice's EMR open to its partners."""

__version__ = "0.1.0"
