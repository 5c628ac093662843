"""The same animation without a host: diffusers' and transformers' own classes around the shared maths."""
