"""How a body looks.

tubes   what a body is painted as: shapes with textures and parts
raster  a tube as shaded pixels and their parts
cloth   textures of cloth and skin
face    textures of the head
skins   the tubes of one person: shapes, textures, parts
figure  the tubes of one pose, far ones first
"""
