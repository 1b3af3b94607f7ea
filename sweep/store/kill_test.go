package store

func child(dsn string) {}
