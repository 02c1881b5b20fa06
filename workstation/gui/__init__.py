"""Windows, views and panels; they hold pixels, read the session and call its verbs."""
