// Package ui is the pages that analyse in the browser, as go-app components.
// The server draws them once without a browser (what a reader sees before the
// program runs, and search engines see at all); app.wasm runs them. They know
// the reports of wasm/diag and the texts of wasm/rules, and nothing of how a
// recording is analysed: that is a Validator's, the worker's in the browser.
//
// Ids and data-testid for tests, stable:
//
//	#file              the file input            [data-drop]            the drop zone
//	#profile           the profile select        #profile-limits        its limits (details)
//	#sample-<kind>     one of our recordings     #uploaded              "0 bytes uploaded"
//	#jobs              the list of recordings    [data-job=<n>]         one of them; data-state
//	#cancel            stops reading             #progress              role=progressbar
//	#verdict           the answer; data-state = empty, reading, done, cancelled, failed, unreadable, broken
//	                   and data-severity = off, info, warning, error
//	#headline          its sentence              #counts                2 errors, 1 warning
//	[data-finding=<rule>] one finding; data-severity, data-key
//	#show-<key>        shows its place           #place                 the tags around it
//	[data-tag=<offset>] one tag there; data-focus on the finding's own
//	#plot-<id>         a canvas: bitrate, frame-rate, key-frame-interval, audio-minus-video, timestamps
//	#zoom-in #zoom-out #zoom-left #zoom-right #zoom-reset
//	#media             the media table           #checks                checks; [data-check=<rule>] with data-state
//	#copy-ticket       Markdown                  #download              JSON
//	#remux             the ffmpeg line           #status                the polite live region
//
// On /check/url besides #verdict, #headline, #counts, [data-finding], #copy-ticket,
// #download, #profile and #status:
//
//	#url #server #key  the fields                 #url-marks ...          what is underlined in them
//	#one #two          one field or two           #recognised             what it is held against
//	#mended #use       the mended URL, its button #parts [data-part=<n>]  the parts
//	#show-secrets      toggle                     [data-setting=<id>]     what to type into a program
//	#probe             link to the probe          #show-<key>             selects a finding's characters
//	#sign-key #sign-for #sign #made #use-made     signing                 #expiry     how long it runs
//	#video-rate #audio-rate #rates                data rates              #examples   the empty state
//
// On /check/log besides #verdict (data-state also unknown, elsewhere), #headline,
// #counts, [data-finding], #show-<key>, #progress, #cancel, #copy-ticket, #download,
// #profile, #file, #sample-<kind>, [data-drop] and #status:
//
//	#paste #clear      the text area              #sent               "0 bytes sent"
//	#kinds             what was recognised        #parts [data-part=<n>]  files of an archive; data-state
//	#timeline #entries what happened; li with data-level, data-code, data-line
//	#level-<level>     toggles of the filter      #source             its select
//	#lines [data-line=<n>]  the text, drawn by explainer.js; button[data-mark=<key>] leads to a finding
//	#back              back to the finding        [data-setting=<id>] a setting, with data-state
//	#elsewhere         hands it to another page   #meaning            what "nothing found" is worth
//
// On /check/reach besides #verdict (data-state = empty, asking, running, done, cancelled,
// refused, quota, lost), #headline, #counts, [data-finding], #copy-ticket, #download, #profile:
//
//	#target #sent      the field, what leaves the browser   #probe #cancel #again   #enhanced
//	#publish           opens #publish-dialog: #publish-server #publish-key #publish-sure #publish-confirm #publish-cancel
//	#vantage #reused   from where, how old               #next #copy-json
//	#dns [data-ladder=<address>-<port>]  one address and port; data-state; in it [data-stage] with data-state
//	[data-transcript]  what a rung saw                  #scale     the time of the whole width
//	#compare           beside the last time             #repeat #repeat-port #command-<id>
//	#my-address        the visitor's own                #allow #encoder #use-mine #allow-answer [data-answer]
//	#outbound #outbound-start [data-port=<n>] with data-state; #outbound-answer, #outbound-ports with data-check,
//	#outbound-next #outbound-request #outbound-nc #outbound-nc-mac #outbound-tnc #outbound-copy   from your network
//	[data-allow-line=<n>]  one entry; data-severity     #allow-counts
//
// On /live besides #verdict (data-state = empty, off, asking, waiting, publishing,
// between, ended, refused, gone), #headline, #next, #counts, [data-finding], #copy-ticket,
// #download, #profile, #plot-<id>, #media, #checks and #status:
//
//	#behave #make #stop #again #other     what the session is to be, and its ends
//	#push #address #server #key #show-key what an encoder needs   #command-<id>  lines for a terminal
//	#slow #lost                           nothing comes; the page does not hear from the server
//	#now #live-numbers                    data-tick rises with each update   [data-live-text=<id>]  one number
//	#live-plot-<id>                       lag, rate, frames, jitter   #live-minute #live-all #live-table
//	[data-conn=<n>]                       a connection; data-state   [data-changed]  against the one before
//	#live-entries                         li with data-dir, data-level   #share #compare   to /compare
//
//	performance marks  ingest-chosen, ingest-first-summary, ingest-done, ingest-mounted, ingest-log-done, ingest-live-mounted
package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"ingestdoctor/wasm/diag"
)

// FilePath is the page that checks a recording.
const FilePath = "/check/file"

// shipped are the profiles that the server draws the page with; in the browser
// the validator brings them.
var shipped []diag.Profile

// Register routes the tool pages. The server gives its profiles, the first of
// which with the id "generic" is chosen.
func Register(profiles ...diag.Profile) {
	shipped = profiles
	app.Route(FilePath, func() app.Composer { return &checkPage{} })
	app.Route(URLPath, func() app.Composer { return &urlPage{} })
	app.Route(LogPath, func() app.Composer { return &logPage{} })
	app.Route(ReachPath, func() app.Composer { return &reachPage{} })
	app.Route(LivePath, func() app.Composer { return &livePage{} })
}

// fallbackProfile is chosen until the person chooses.
const fallbackProfile = "generic"
