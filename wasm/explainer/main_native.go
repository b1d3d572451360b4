//go:build !(js && wasm)

package main

import "os"

func main() {
	os.Stderr.WriteString("explainer runs in the browser: build it with GOOS=js GOARCH=wasm\n")
	os.Exit(2)
}
