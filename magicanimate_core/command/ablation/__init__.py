"""The paper's ablation (Table 2) on any set: rows that differ in an option, made, measured, and laid out as there.

tables     the paper's tables and rows
config     all that a config file says: in sections, with paths of models and rows
cases      photos, pose videos and true frames as files
making     the videos of a row
measuring  a row against the true frames
layout     what was measured as Markdown, CSV and JSON
"""
