"""The strength of a bone from its CT: reading, calibration, density laws and voxel finite elements."""
