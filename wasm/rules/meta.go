package rules

import "ingestdoctor/wasm/diag"

// Meta is what the checks and the profiles need of a rule. The texts stay
// apart, so that the browser's validator, which shows none, does not carry them.
type Meta struct {
	ID       string
	Family   Family
	Title    string
	Severity diag.Severity // default
	Basis    diag.Basis    // on whose word
}

// Metas are all rules in the order of RULES.md: metas.go, made from the rules
// themselves (go generate; a test holds it).
func Metas() []Meta { return metas[:] }

// MetaOf finds a rule's meta; ok is false when there is none of that id.
func MetaOf(id string) (m *Meta, ok bool) {
	for i := range metas {
		if metas[i].ID == id {
			return &metas[i], true
		}
	}
	return nil, false
}
