"""Pictures and videos: colours, sizes, reading, writing."""
