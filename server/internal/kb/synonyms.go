package kb

import (
	"slices"
	"strconv"
	"strings"
)

// alikeWords are words of the field that people use for one another. They find
// less than the word itself.
var alikeWords = []string{
	"refused rejected denied forbidden declined",
	"disconnected disconnect dropped lost cut interrupted kicked",
	"stops ends terminated closed stopped ended",
	"exceeded exceeds above over high large big higher larger limit maximum",
	"low small lower slow below",
	"payment bill overdue unpaid debt arrears money",
	"blocked blocks firewall antivirus block",
	"disabled off deactivated banned forbidden",
	"missing without no not absent lacks",
	"picture resolution size dimensions",
	"gop idr key",
	"signature sign signed hash txsecret secret",
	"expired expiration expiry old outdated validity txtime",
	"password credentials login authentication auth unauthorized authorization",
	"already taken busy duplicate twice use",
	"replaced replaces took newer takeover kicked second",
	"wrong invalid incorrect bad malformed illegal",
	"characters letters symbols",
	"stutter buffering freeze choppy starved starvation buffer",
	"silent silence idle quiet",
	"crash crashed failure failed fails error",
	"token guid appid key",
	"certificate tls ssl https",
	"cpu overloaded overload processor",
	"backwards back non monotonous monotonic monotonically",
	"gap jump leap leapt discontinuity",
	"maintenance update restart",
	"network internet line",
	"simultaneous once concurrent parallel same",
	"dns resolve resolved host",
	"disk storage space quota",
	"metadata setdataframe onmetadata",
}

// groups are, by stem, the groups that a word is in. A page carries the groups
// of its words as words of their own, so that a query asks for one group and
// not for each of its words.
var groups = func() map[string][]string {
	out := map[string][]string{}
	for i, line := range alikeWords {
		name := "=" + strconv.Itoa(i) // no word looks like this
		for w := range strings.FieldsSeq(line) {
			if s := stem(w); !slices.Contains(out[s], name) {
				out[s] = append(out[s], name)
			}
		}
	}
	return out
}()

// weak are stems that stand on nearly every page.
var weak = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields("stream streams streaming live error code message get gets got say says show shows too very after every problem issue help please cannot could go goes come comes make use using while today now") {
		out[stem(w)] = true
	}
	return out
}()
