package site

import (
	_ "embed"
	"strings"
)

// The API's description, OpenAPI 3.1. A test holds it against real answers.
//
//go:embed openapi.json
var openAPIDocument string

func openAPI(version string) []byte {
	return []byte(strings.Replace(openAPIDocument, `"version": "dev"`, `"version": "`+strings.NewReplacer(`"`, "", `\`, "").Replace(version)+`"`, 1))
}
