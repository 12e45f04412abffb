"""What people hear: phrases, the rendered pack, playback."""
