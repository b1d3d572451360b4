package explain

//go:generate go run ingestdoctor/server/internal/messages
