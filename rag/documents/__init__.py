"""Official documents as authorities publish them: read, mended, taken apart, kept, and shelved beside the guides."""
