"""The contract between a gate and its fleet: what is said, as structs; docs/wire.md says when and why.

Pure. Both ends use it, so that neither can drift away from the other. Fields that an end does not know are ignored, so
that the other one may be newer; a version that it does not speak is refused with those that it does.
"""
