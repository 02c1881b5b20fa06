"""The Data workspace: which cases a data set has, what each holds, and how a seed would split them."""
