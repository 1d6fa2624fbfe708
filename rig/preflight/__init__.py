"""What is looked at before an animal is recorded: one file per check."""
