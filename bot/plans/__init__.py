"""What a plan says: text in, a Plan and findings out, and edits that keep every other byte."""
