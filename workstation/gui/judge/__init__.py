"""The Evaluate and Compare pages of the Models workspace: many cases segmented, scored, and set against one another."""
