"""A pipeline of the same shape without any safety, to compare the response times with."""
