package analyze

import "ingestdoctor/wasm/rules"

// The tests read the reports' texts, as the command line shows them.
func init() { Tell = rules.Tell }
