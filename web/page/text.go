package page

import (
	"html"
	"strconv"
	"strings"

	"ingestdoctor/wasm/rules"
)

func itoa(n int) string { return strconv.Itoa(n) }

// firstSentence is a page's description: search engines show about that much.
func firstSentence(text string) string {
	if i := strings.Index(text, ". "); i > 0 {
		return text[:i+1]
	}
	return text
}

// unitWord names the unit of an argument for the table of a rule's page.
func unitWord(u rules.Unit) string {
	switch u {
	case rules.Count:
		return "number"
	case rules.Word:
		return "text"
	case rules.Millis:
		return "milliseconds"
	case rules.At:
		return "a moment, in milliseconds"
	case rules.Bytes:
		return "bytes"
	case rules.AtByte:
		return "byte offset"
	case rules.Kbps:
		return "kbit/s"
	case rules.PerSec:
		return "frames a second"
	case rules.Hertz:
		return "Hz"
	case rules.Percent:
		return "percent"
	case rules.Pixels:
		return "pixels"
	case rules.YesNo:
		return "yes or no"
	}
	return string(u)
}

// messageHTML writes a rule's message with its arguments as slots and its
// optional parts marked.
func messageHTML(r *rules.Rule) string {
	var b strings.Builder
	text := r.Message
	for text != "" {
		i := strings.IndexAny(text, "{[]")
		if i < 0 {
			b.WriteString(html.EscapeString(text))
			break
		}
		b.WriteString(html.EscapeString(text[:i]))
		switch text[i] {
		case '[':
			b.WriteString(`<span class="optional">`)
			text = text[i+1:]
		case ']':
			b.WriteString(`</span>`)
			text = text[i+1:]
		case '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				b.WriteString(html.EscapeString(text[i:]))
				return b.String()
			}
			name := text[i+1 : i+end]
			text = text[i+end+1:]
			if strings.HasSuffix(name, "?") {
				continue // asks for the argument and writes nothing
			}
			b.WriteString(`<span class="slot">` + html.EscapeString(slotWord(name)) + `</span>`)
		}
	}
	return b.String()
}

// slotWord writes an argument's name as words: limit_ms is "limit".
func slotWord(name string) string {
	for _, unit := range []string{"_ms", "_bytes", "_kbps", "_fps", "_hz", "_percent", "_px"} {
		name = strings.TrimSuffix(name, unit)
	}
	return strings.ReplaceAll(name, "_", " ")
}

// hasCode tells a code that a person sees from one made up for a bare message.
func hasCode(c rules.Code) bool { return c.Code != "" && !strings.HasPrefix(c.Code, "log:") }

// platformWord names a platform that has no page of its own yet.
func platformWord(id string) string {
	if name, ok := platforms[id]; ok {
		return name
	}
	return id
}

var platforms = map[string]string{
	"azure-media-services":     "Azure Media Services",
	"tencent-css":              "Tencent Cloud Streaming Services",
	"rtmp-protocol":            "RTMP",
	"obs-studio":               "OBS Studio",
	"ffmpeg":                   "FFmpeg",
	"librtmp-obs":              "OBS Studio, librtmp",
	"nginx-rtmp":               "nginx-rtmp",
	"srs":                      "SRS",
	"mediamtx":                 "MediaMTX",
	"ant-media":                "Ant Media Server",
	"youtube-live":             "YouTube Live",
	"twitch":                   "Twitch",
	"facebook-live":            "Facebook Live",
	"aws-ivs":                  "Amazon IVS",
	"aws-medialive":            "AWS Elemental MediaLive",
	"mux":                      "Mux",
	"cloudflare-stream":        "Cloudflare Stream",
	"alibaba-apsaravideo-live": "Alibaba ApsaraVideo Live",
	"agora-media-push":         "Agora Media Push",
	"agora-media-gateway":      "Agora Media Gateway",
}
