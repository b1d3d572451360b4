// Package profile holds what each platform documents of its ingest.
package profile

// Profile is one platform and mode.
type Profile struct{ ID string }
