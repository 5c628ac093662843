"""How a body looks: skins, cloth and faces on shaded tubes."""
