"""Sleep diaries: a row a night, checked, with their endpoints."""
