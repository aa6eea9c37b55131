"""Scripts for recordings written by hand: errors that no fault switch can cause."""
