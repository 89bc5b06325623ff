"""The shapes that leave the sandbox: one function per component of GitHub's published schema."""
