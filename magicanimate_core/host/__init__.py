"""The room that talks to ComfyUI: one seam per file. Nothing outside it, but for `nodes/`, imports comfy."""
