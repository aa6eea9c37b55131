"""The local cloud: MiniStack, an AWS emulator in pure Python, with this app deployed on it."""
