"""What a student does in a session; each activity writes its facts with a pen."""
