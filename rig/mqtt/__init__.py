"""What the rig tells the lab's broker, and the few commands that it takes from there."""
