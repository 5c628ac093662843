"""Bodies and how they move.

skeleton  bones in space from a pose, and the camera
people    a person: proportions, clothes, face
moves     what legs or arms do during one beat
motions   a dance: moves that share a beat, and a turn
"""
