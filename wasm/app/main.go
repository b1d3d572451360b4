// Command app is the go-app client: the tool pages in the browser -> app.wasm.
// It links components only; the analyser is the worker's (wasm/validator).
package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/web/ui"
)

func main() {
	ui.Register()
	app.RunWhenOnBrowser()
}
